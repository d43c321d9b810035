/** What must be equal in two runs with the same settings. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** @typedef {Record<string, string> & { best: string, last: string }} Contents what must be alike, by name */

/** Columns that always differ between runs. */
const TIMES = new Set(['pairs_per_second']);

/**
 * Everything that must be equal in two runs, by name.
 *
 * @param {string} run
 * @returns {Contents}
 */
export function contentsOf(run) {
  /** @param {string} name */
  const read = (name) => readFileSync(join(run, name), 'utf8');
  /** @type {Contents} */
  const contents = { best: read('best'), last: read('last') };
  for (const name of readdirSync(run).filter((file) => file.startsWith('step-'))) {
    const { files } = JSON.parse(read(join(name, 'manifest.json'))); // checksums of all files
    delete files['trainer.json']; // contains the run's name
    contents[name] = JSON.stringify(files);
    contents[`${name}/trainer.json`] = read(join(name, 'trainer.json')).replace(/^ *"run": .*$/m, '');
  }
  for (const name of ['loss.csv', 'validation.csv', 'outputs.csv']) {
    const rows = read(name)
      .split('\n')
      .map((line) => line.split(','));
    const [header = []] = rows;
    contents[name] = rows.map((row) => row.filter((_, i) => !TIMES.has(header[i] ?? '')).join()).join('\n');
  }
  contents['loss.jsonl'] = read('loss.jsonl').replace(/,"pairs_per_second":[^}]*/g, '');
  contents.events = eventsOf(run).join('\n');
  return contents;
}

/**
 * Step, tag and value of every scalar in the run's event files.
 *
 * @param {string} run
 */
function eventsOf(run) {
  /** @type {string[]} */
  const scalars = [];
  for (const name of readdirSync(run)
    .filter((file) => file.startsWith('events.'))
    .sort()) {
    const file = readFileSync(join(run, name));
    for (let at = 0; at < file.length;) {
      const length = Number(file.readBigUInt64LE(at));
      if (at + 16 + length > file.length) throw new Error(`${name}: a torn event`);
      const message = file.subarray(at + 12, at + 12 + length);
      for (const { index, 0: tag } of message.toString('latin1').matchAll(/(train|validation|outputs)\/[a-z_]+/g)) {
        const step = message.subarray(9, message.indexOf(0x2a, 9)).toString('hex');
        if (!TIMES.has(tag.split('/')[1] ?? ''))
          scalars.push(`${step} ${tag} ${message.readFloatLE(index + tag.length + 1)}`);
      }
      at += 16 + length;
    }
  }
  return scalars.sort();
}
