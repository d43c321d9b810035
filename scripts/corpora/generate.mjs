/**
 * @file Writes corpora of any size in the formats of the four AI Hub corpora.
 *
 *     node scripts/corpora/generate.mjs --pairs 100000 --out corpora [--zip] [--faults] [--seed 0]
 *
 * With `--zip` each corpus is an archive, as downloaded, with the same files inside. With `--faults` one row in sixteen
 * is faulty. `planted.json` lists the number of each fault and of clean pairs; a tokenizer with a small vocabulary
 * finds more over-long texts than planted.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import iconv from 'iconv-lite';
import { NON_NEGATIVE, SWITCH, TEXT } from '#dist/base/kinds.js';
import { readArguments, refuse } from '../arguments.mjs';
import { isFromEnglish } from './broadcast.mjs';
import { LAYOUTS } from './layouts.mjs';
import { archiveOutput, folderOutput } from './outputs.mjs';
import { corpusRows, MAX_ROWS, plantedAmong } from './rows.mjs';

/** @import { Kind } from '#dist/base/kinds.js' */
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

/** @type {(from: number, to: number) => Kind<number>} */
const wholeNumber = (from, to) => ({
  ...NON_NEGATIVE,
  expected: `a whole number from ${from} to ${to}`,
  is: /** @type {Kind<number>['is']} */ (
    (value) => Number.isInteger(value) && Number(value) >= from && Number(value) <= to
  ),
});

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

const { flags } = readArguments(import.meta.filename, {
  pairs: { kind: wholeNumber(16, MAX_ROWS), isRequired: true },
  out: { kind: TEXT, isRequired: true },
  seed: { kind: wholeNumber(0, 2 ** 20 - 1), default: 0 },
  zip: { kind: SWITCH, default: false },
  faults: { kind: SWITCH, default: false },
});
try {
  const { rows, clean } = generate(flags);
  console.log(`${rows} rows, ${clean} clean`);
} catch (error) {
  refuse(error instanceof Error ? error.message : String(error));
}
