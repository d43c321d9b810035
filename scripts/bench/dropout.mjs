/**
 * The cost and benefit of dropout, its masks over padding, and grouping texts by length: trains the same way with each,
 * from several seeds, one at a time.
 *
 *   node scripts/bench/dropout.mjs [--seeds 1,2,3,4,5] [--ways each,shared,none,none-grouped] [-- flags of kd train]
 *
 * Prints a Markdown table: for each way, the mean and range over seeds of the lowest validation loss; the seconds of a
 * whole run, and their ratio to those of the first way, as medians over seeds.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { choice, SEED, severalOf } from '#dist/base/kinds.js';
import { median } from '#dist/base/median.js';
import { readArguments } from '../arguments.mjs';
import { KD } from '../kd.mjs';
import { markdownTable } from './measure.mjs';

/** @typedef {{ loss: number, seconds: number }} Trained the lowest validation loss of a run, and how long it took */

const RATE = '0.1';

/** @type {Record<string, readonly string[]>} */
const WAYS = {
  each: ['--dropout', RATE],
  shared: ['--dropout', RATE, '--padding', 'shared'],
  none: ['--dropout', '0'],
  'each-grouped': ['--dropout', RATE, '--group-by-length'],
  'shared-grouped': ['--dropout', RATE, '--padding', 'shared', '--group-by-length'],
  'none-grouped': ['--dropout', '0', '--group-by-length'],
};

const { flags, others } = readArguments(
  import.meta.filename,
  {
    seeds: { kind: severalOf(SEED), default: [1, 2, 3, 4, 5] },
    ways: { kind: severalOf(choice(Object.keys(WAYS))), default: ['each', 'shared', 'none', 'none-grouped'] },
  },
  'flags of kd train',
);
const { seeds, ways } = flags;

/** @type {Map<string, Trained[]>} */
const results = new Map(ways.map((way) => [way, []]));
for (const seed of seeds) {
  for (const way of ways) {
    const trained = train([...(WAYS[way] ?? []), '--seed', String(seed)]);
    results.get(way)?.push(trained);
    console.error(`seed ${seed}, ${way}: ${trained.loss.toFixed(4)} in ${trained.seconds.toFixed(1)} s`);
  }
}
printTable();

/**
 * Trains once, in a folder of its own.
 *
 * @param {readonly string[]} own
 * @returns {Trained}
 */
function train(own) {
  const runs = mkdtempSync(join(tmpdir(), 'kd-dropout-'));
  try {
    const began = performance.now();
    const given = others.map((word) => (existsSync(word) ? resolve(word) : word)); // runs in another folder
    const args = ['train', '--json', '--run', 'study', ...given, ...own];
    const { status, stdout, stderr } = spawnSync(process.execPath, [KD, ...args], {
      cwd: runs,
      encoding: 'utf8',
      maxBuffer: 1e9,
    });
    const seconds = (performance.now() - began) / 1000;
    if (status !== 0) throw new Error(`kd ${args.join(' ')}: exit code ${status}\n${stderr}`);
    /** @type {{ event: string, best?: { loss: number } }[]} */
    const events = stdout
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line));
    const best = events.find(({ event }) => event === 'done')?.best;
    if (best === undefined) throw new Error(`kd ${args.join(' ')}: expected a validation, found none`);
    return { loss: best.loss, seconds };
  } finally {
    rmSync(runs, { recursive: true });
  }
}

function printTable() {
  const first = results.get(ways[0] ?? '') ?? [];
  const rows = [...results].map(([way, trained]) => {
    const losses = trained.map(({ loss }) => loss);
    const mean = losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
    const ratios = trained.map(({ seconds }, i) => seconds / (first[i]?.seconds ?? NaN));
    return [
      way,
      mean.toFixed(4),
      `${Math.min(...losses).toFixed(4)} – ${Math.max(...losses).toFixed(4)}`,
      median(trained.map(({ seconds }) => seconds)).toFixed(1),
      median(ratios).toFixed(2),
    ];
  });
  console.log(markdownTable(['way', 'validation loss', 'over the seeds', 's a run', 'of the first'], rows));
}
