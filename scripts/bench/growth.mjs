/**
 * Whether training slows down as the data grow: the tiny models, whose steps are so short that reading shows, on
 * generated pairs.
 *
 *   node scripts/bench/growth.mjs [--pairs 10000,100000,1000000] [--batch 32] [--steps 300] [--rounds 3]
 *
 * Prepares each size once; then trains on all of them, as they come and with `--group-by-length`, in turn, in processes
 * of their own. Prints a Markdown table: the median of the logged pairs/s, and the milliseconds that are waited for a
 * batch from the middle of the data on. Needs 1.2 kB of disk a pair.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { loaderWait } from './loader-wait.mjs';
import { markdownTable, median, run } from './measure.mjs';
import { openRealBatches } from './real-pairs.mjs';

/** @typedef {{ pairs: number, store: string, grouped: boolean, rates: number[] }} Way */

const { values: flags } = parseArgs({
  options: {
    pairs: { type: 'string', default: '10000,100000,1000000' },
    batch: { type: 'string', default: '32' },
    steps: { type: 'string', default: '300' },
    rounds: { type: 'string', default: '3' },
  },
});
const batch = Number(flags.batch);
/** Batches that are waited for. */
const BATCHES = 200;
/** @param {string} path from the project's root */
const inProject = (path) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const KD = inProject('bin/kd.js');

const folder = mkdtempSync(join(tmpdir(), 'kd-bench-growth-'));
try {
  /** @type {Way[]} */
  const ways = flags.pairs
    .split(',')
    .map(Number)
    .flatMap((pairs) => {
      const store = prepare(pairs);
      return [false, true].map((grouped) => ({ pairs, store, grouped, rates: [] }));
    });
  for (let round = 1; round <= Number(flags.rounds); round++)
    for (const way of ways) {
      way.rates.push(train(way));
      process.stderr.write(`round ${round}/${flags.rounds}: ${nameOf(way)}: ${way.rates.at(-1)?.toFixed(0)} pairs/s\n`);
    }
  console.log(`Machine: ${availableParallelism()} cores, ${cpus()[0]?.model ?? 'unknown'}; batches of ${batch}\n`);
  const rows = [];
  for (const way of ways) rows.push(await rowOf(way));
  console.log(markdownTable(['', 'pairs/s', 'over the rounds', 'ms waited, mean', 'at most', 'the first'], rows));
} finally {
  rmSync(folder, { recursive: true });
}

/**
 * Makes a token store of so many generated pairs.
 *
 * @param {number} pairs
 */
function prepare(pairs) {
  const [csv, store] = [join(folder, `csv-${pairs}`), join(folder, `store-${pairs}`)];
  run(process.execPath, [inProject('scripts/bench/pairs-csv.mjs'), String(pairs), csv]);
  const tokenizers = ['teacher', 'student'].flatMap((role) => [
    `--${role}-tokenizer`,
    inProject(join('data/tiny', role)),
  ]);
  run(process.execPath, [KD, 'prepare', '--data', csv, '--out', store, ...tokenizers, '--quiet']);
  rmSync(csv, { recursive: true });
  return store;
}

/**
 * Trains for the steps that are asked for.
 *
 * @param {Way} way
 * @returns {number} the median of the logged pairs/s, without the first, which holds the compilation
 */
function train({ store, grouped }) {
  rmSync(join(folder, 'checkpoints'), { recursive: true, force: true });
  const models = ['teacher', 'student'].flatMap((role) => [`--${role}`, inProject(join('data/tiny', role))]);
  const settings = { 'batch-size': batch, 'max-steps': flags.steps, 'log-every': 20, 'valid-pairs': 32, keep: 1 };
  const given = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const way = grouped ? ['--group-by-length'] : [];
  const args = [KD, 'train', '--run', 'bench', '--data', store, ...models, ...given, ...way, '--json', '--quiet'];
  const rates = run(process.execPath, args, folder)
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
    .filter(({ event }) => event === 'step')
    .map(({ pairs_per_second: rate }) => Number(rate));
  return median(rates.slice(1));
}

/** @param {Way} way */
function nameOf({ pairs, grouped }) {
  return `${pairs.toLocaleString('en-US')} rows${grouped ? ', grouped' : ''}`;
}

/** @param {Way} way */
async function rowOf(way) {
  const { batches, close } = await openRealBatches(way.store, batch, way.grouped);
  const { seek, mean, most } = await loaderWait(batches, BATCHES);
  await close();
  const range = `${Math.min(...way.rates).toFixed(0)} to ${Math.max(...way.rates).toFixed(0)}`;
  return [nameOf(way), median(way.rates).toFixed(0), range, mean.toFixed(2), most.toFixed(1), seek.toFixed(0)];
}
