/**
 * Whether training slows down with more data, on generated pairs with the tiny models, whose steps are so short that
 * reading time shows.
 *
 *   node scripts/bench/growth.mjs [--pairs 10000,100000,1000000] [--batch 32] [--steps 300] [--rounds 3]
 *
 * Prepares each size once, then trains on all of them in turn, in random order and with `--group-by-length`, in
 * separate processes. Prints a Markdown table: the median of the logged pairs/s, and the milliseconds spent waiting for
 * a batch in the middle of the data. Needs 1.2 kB of disk a pair.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { COUNT, severalOf } from '#dist/base/kinds.js';
import { median } from '#dist/base/median.js';
import { readArguments } from '../arguments.mjs';
import { flagsOf, inProject, KD } from '../kd.mjs';
import { loaderWait } from './loader-wait.mjs';
import { machine, markdownTable, measureInTurn, run } from './measure.mjs';
import { openRealBatches } from './real-pairs.mjs';

/** @typedef {{ name: string, store: string, grouped: boolean, results: number[] }} Way results in pairs/s */

const { flags } = readArguments(import.meta.filename, {
  pairs: { kind: severalOf(COUNT), default: [10_000, 100_000, 1_000_000] },
  batch: { kind: COUNT, default: 32 },
  steps: { kind: COUNT, default: 300 },
  rounds: { kind: COUNT, default: 3 },
});
const { batch } = flags;
/** How many batches to wait for. */
const BATCHES = 200;
const [TEACHER, STUDENT] = [inProject('data/tiny/teacher'), inProject('data/tiny/student')];

const folder = mkdtempSync(join(tmpdir(), 'kd-bench-growth-'));
try {
  /** @type {Way[]} */
  const ways = flags.pairs.flatMap((pairs) => {
    const store = prepare(pairs);
    return [false, true].map((grouped) => ({ name: nameOf(pairs, grouped), store, grouped, results: [] }));
  });
  await measureInTurn(ways, flags.rounds, train, (rate) => `${rate.toFixed(0)} pairs/s`);
  console.log(`Machine: ${machine()}; batches of ${batch}\n`);
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
  const files = flagsOf({ data: csv, out: store, 'teacher-tokenizer': TEACHER, 'student-tokenizer': STUDENT });
  run(process.execPath, [KD, 'prepare', ...files, '--quiet']);
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
  const settings = {
    run: 'bench',
    data: store,
    teacher: TEACHER,
    student: STUDENT,
    'batch-size': batch,
    'max-steps': flags.steps,
    'log-every': 20,
    'valid-pairs': 32,
    keep: 1,
  };
  const way = grouped ? ['--group-by-length'] : [];
  const rates = run(process.execPath, [KD, 'train', ...flagsOf(settings), ...way, '--json', '--quiet'], folder)
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
    .filter(({ event }) => event === 'step')
    .map(({ pairs_per_second: rate }) => Number(rate));
  return median(rates.slice(1));
}

/**
 * @param {number} pairs
 * @param {boolean} grouped
 */
function nameOf(pairs, grouped) {
  return `${pairs.toLocaleString('en-US')} rows${grouped ? ', grouped' : ''}`;
}

/** @param {Way} way */
async function rowOf({ name, store, grouped, results }) {
  const { training: batches, close } = await openRealBatches(store, batch, grouped);
  const { seek, mean, most } = await loaderWait(batches, BATCHES);
  await close();
  const range = `${Math.min(...results).toFixed(0)} to ${Math.max(...results).toFixed(0)}`;
  return [name, median(results).toFixed(0), range, mean.toFixed(2), most.toFixed(1), seek.toFixed(0)];
}
