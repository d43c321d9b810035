/**
 * @file Writes corpora of any size in the formats of the four AI Hub corpora.
 *
 *     node scripts/corpora/generate.mjs --pairs 100000 --out corpora --faults
 *
 * With `--zip` each corpus is an archive, as downloaded, with the same files inside. With `--faults` one row in sixteen
 * is faulty. `planted.json` lists the number of each fault and of clean pairs; a tokenizer with a small vocabulary
 * finds more over-long texts than planted.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import iconv from 'iconv-lite';
import { isFromEnglish } from './broadcast.mjs';
import { LAYOUTS } from './layouts.mjs';
import { archiveOutput, folderOutput } from './outputs.mjs';
import { corpusRows, MAX_ROWS, plantedAmong } from './rows.mjs';

/** @typedef {{ pairs: number, out: string, seed: number, zip: boolean, faults: boolean }} Choice */

/**
 * The contents of `planted.json`: rows, clean rows, the number of each planted fault, and the same by corpus.
 *
 * @typedef {object} Summary
 * @property {number} rows
 * @property {number} clean
 * @property {number} seed
 * @property {Record<string, number>} planted
 * @property {Record<string, { rows: number, planted: Record<string, number>, fromEnglish?: number }>} corpora
 */

const USAGE =
  'usage: node scripts/corpora/generate.mjs --pairs <rows> --out <folder> [--zip] [--faults] [--seed <number>]';

/** @returns {Choice} */
function readArguments() {
  const { values } = parseArgs({
    options: {
      pairs: { type: 'string' },
      out: { type: 'string' },
      seed: { type: 'string', default: '0' },
      zip: { type: 'boolean', default: false },
      faults: { type: 'boolean', default: false },
    },
  });
  const [pairs, seed] = [Number(values.pairs), Number(values.seed)];
  if (!(Number.isInteger(pairs) && pairs >= 16 && pairs <= MAX_ROWS))
    throw new Error(`--pairs: expected a whole number from 16 to ${MAX_ROWS}, got ${values.pairs}`);
  if (!(Number.isInteger(seed) && seed >= 0 && seed < 2 ** 20))
    throw new Error(`--seed: expected a whole number from 0 to ${2 ** 20 - 1}, got ${values.seed}`);
  if (values.out === undefined) throw new Error('--out: expected a folder, got nothing');
  return { ...values, out: values.out, pairs, seed };
}

/**
 * The rows of each corpus, in the proportions of the originals.
 *
 * @param {number} rows
 */
function corpusRanges(rows) {
  const layouts = Object.entries(LAYOUTS);
  const total = layouts.reduce((sum, [, { pairs }]) => sum + pairs, 0);
  let [before, from] = [0, 0];
  return layouts.map(([corpus, layout]) => {
    before += layout.pairs;
    const range = { corpus, layout, from, to: Math.round((rows * before) / total) };
    from = range.to;
    return range;
  });
}

/**
 * @param {string} corpus
 * @param {string} folder
 * @param {{ name: string }} layout
 * @param {boolean} zip
 */
function outputFor(corpus, folder, { name }, zip) {
  const isBroadcast = corpus === 'broadcast'; // its names are encoded as by Korean Windows or macOS
  if (!zip) return folderOutput(path.join(folder, name), { decomposed: isBroadcast });
  return archiveOutput(
    path.join(folder, `${name}.zip`),
    isBroadcast ? { encodeName: (member) => iconv.encode(member, 'cp949') } : {},
  );
}

/**
 * @param {number} from
 * @param {number} to
 */
function countFromEnglish(from, to) {
  let count = 0;
  for (let row = from; row < to; row++) if (isFromEnglish(row)) count++;
  return count;
}

/**
 * @param {Choice} choice
 * @returns {Summary}
 */
function generate({ pairs, out, seed, zip, faults }) {
  mkdirSync(out, { recursive: true });
  const rowAt = corpusRows(pairs, { seed, faults });
  /** @type {Summary['corpora']} */
  const corpora = {};
  for (const { corpus, layout, from, to } of corpusRanges(pairs)) {
    const output = outputFor(corpus, out, layout, zip);
    layout.write(output, rowAt, from, to);
    output.close();
    corpora[corpus] = {
      rows: to - from,
      planted: faults ? plantedAmong(from, to, pairs) : {},
      ...(corpus === 'broadcast' && { fromEnglish: countFromEnglish(from, to) }),
    };
  }
  const planted = faults ? plantedAmong(0, pairs, pairs) : {};
  const clean = pairs - Object.values(planted).reduce((sum, count) => sum + count, 0);
  const summary = { rows: pairs, clean, seed, planted, corpora };
  writeFileSync(path.join(out, 'planted.json'), `${JSON.stringify(summary, undefined, 2)}\n`);
  return summary;
}

try {
  const { rows, clean } = generate(readArguments());
  console.log(`${rows} rows, ${clean} clean`);
} catch (error) {
  console.error(`${error instanceof Error ? error.message : error}\n${USAGE}`);
  process.exitCode = 1;
}
