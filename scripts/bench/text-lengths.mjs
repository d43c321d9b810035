/**
 * Which lengths texts should be cut to: computes the share of a student's positions that is computed in training on the
 * generated corpora, with the lengths used for a CPU and a GPU, and with the best one, two and three lengths besides
 * 77. Only counts positions, without training.
 *
 *   node scripts/bench/text-lengths.mjs [--python python3] [--batch 32,256] [--scale 0.6]
 *
 * Python needs `tokenizers`. `--scale` multiplies the tokens per text, as larger vocabularies need fewer. Prints a
 * Markdown table.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { textLengths, lengthFor } from '#dist/engine/text-lengths.js';
import { layoutFor } from '#dist/engine/step-layout.js';
import { randomModel } from '#dist/models/pretrained.js';
import { markdownTable } from './measure.mjs';
import { modelConfigs } from './models.mjs';
import { makeRealStore, openRealBatches } from './real-pairs.mjs';

const { values: flags } = parseArgs({
  options: {
    python: { type: 'string', default: 'python3' },
    batch: { type: 'string', default: '32,256' },
    scale: { type: 'string', default: '1' },
  },
});
const PAIRS = 25_600;
/** Candidate lengths. */
const CANDIDATES = [16, 24, 32, 40, 48, 56, 64, 72];
const KINDS = /** @type {const} */ (['CPU', 'GPU']);
const DEVICES = /** @type {const} */ ({ CPU: 'cpu', GPU: 'gpu' });

const folder = mkdtempSync(join(tmpdir(), 'kd-bench-lengths-'));
try {
  const store = makeRealStore(folder, 'full', PAIRS, flags.python);
  const { encoder } = randomModel((await modelConfigs('full')).student, 1);
  const whole = textLengths(encoder, 77);
  /** @type {(string | number)[][]} */
  const rows = [];
  /** @type {number[][]} */
  const all = [];
  for (const batch of flags.batch.split(',').map(Number))
    for (const isGrouped of [false, true]) {
      const { training: batches, close } = await openRealBatches(store, batch, isGrouped);
      /** @type {number[]} for each batch, the least length that holds its texts */
      const needed = [];
      const exact = { ...whole, lengths: Array.from({ length: 77 }, (_, i) => i + 1) };
      for (let index = 0; index < batches.count; index++) {
        const { studentTokens } = await batches.at(index);
        needed.push(Math.ceil(Number(flags.scale) * lengthFor(exact, studentTokens)));
      }
      await close();
      all.push(needed);
      rows.push([batch, isGrouped ? 'by length' : 'as they come', ...cells([needed])]);
    }
  rows.push(['all', 'alike', ...cells(all)]);
  const header = ['batch', 'pairs', ...KINDS.map((kind) => `a ${kind}'s`), 'one and 77', 'two and 77', 'three and 77'];
  console.log(markdownTable(header, rows));
} finally {
  rmSync(folder, { recursive: true });
}

/**
 * The shares with the lengths in use, and with the best ones.
 *
 * @param {readonly (readonly number[])[]} orders in each, what every batch needs; all count alike
 */
function cells(orders) {
  return [
    ...KINDS.map((kind) => share(orders, layoutFor(true, 'compiled', DEVICES[kind]).textLengths)),
    ...[1, 2, 3].map((count) => share(orders, best(orders, count))),
  ];
}

/**
 * The lengths with which the fewest positions are computed.
 *
 * @param {readonly (readonly number[])[]} orders
 * @param {number} count
 */
function best(orders, count) {
  const sets = subsets(CANDIDATES, count).map((lengths) => [...lengths, 77]);
  return sets.reduce((a, b) => (places(orders, b) < places(orders, a) ? b : a));
}

/**
 * @param {readonly number[]} values ascending
 * @param {number} count
 * @returns {number[][]}
 */
function subsets(values, count) {
  if (count === 0) return [[]];
  return values.flatMap((value, i) => subsets(values.slice(i + 1), count - 1).map((rest) => [value, ...rest]));
}

/**
 * The mean number of computed positions per text, out of 77.
 *
 * @param {readonly (readonly number[])[]} orders
 * @param {readonly number[]} lengths ascending
 */
function places(orders, lengths) {
  /** @param {number} least */
  const taken = (least) => lengths.find((length) => length >= least) ?? 77;
  const means = orders.map((needed) => needed.reduce((sum, least) => sum + taken(least), 0) / needed.length);
  return means.reduce((sum, mean) => sum + mean, 0) / means.length;
}

/**
 * @param {readonly (readonly number[])[]} orders
 * @param {readonly number[]} lengths
 */
function share(orders, lengths) {
  return `${((100 * places(orders, lengths)) / 77).toFixed(0)}% with ${lengths.join(', ')}`;
}
