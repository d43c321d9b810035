/**
 * The speed-up of several ranks: compares a run on one rank, pinned to one core, with the same run on several, each
 * pinned to a core of its own (taskset). Random weights, the sample corpus.
 *
 *   node scripts/bench/ranks.mjs [--models full|tiny] [--ranks 2] [--batch 16] [--steps 4] [--rounds 2]
 *                                [--precision fp32,bf16] [-- flags of kd train …]
 *
 * A step has a micro-batch for each rank. Two more runs show where the rest goes: one rank with only its share, one
 * micro-batch and the update; and as many of these as there are ranks, side by side but independent. The extra time of
 * the latter is what cores lose to each other; the extra time of ranks beyond that is all-reduce and waiting. All run
 * in turn, `--rounds` times; the first two steps of each are ignored: one compiles, and in the next, memory is still
 * being mapped. Prints a Markdown table, with the speed-up in pairs/s over one rank.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { choice, COUNT, severalOf } from '#dist/base/kinds.js';
import { median } from '#dist/base/median.js';
import { freePort } from '#dist/cluster/network.js';
import { readArguments, refuse } from '../arguments.mjs';
import { flagsOf, inProject, KD, passOnSignals } from '../kd.mjs';
import { machine, markdownTable, measureInTurn } from './measure.mjs';
import { writeModelFolders } from './model-folders.mjs';
import { MODELS } from './models.mjs';

/** @typedef {{ seconds: number[], cpuSeconds: number[] }} Steps of one rank: the clock, and its CPU's time */
/**
 * @typedef {object} Way
 * @property {string} name
 * @property {number} processes
 * @property {boolean} together whether these are the ranks of one run
 * @property {number} accumulate
 * @property {Steps[]} results
 */

const { flags, others: more } = readArguments(
  import.meta.filename,
  {
    models: { kind: choice(MODELS), default: 'full' },
    ranks: { kind: COUNT, default: 2 },
    batch: { kind: COUNT, default: 16 },
    steps: { kind: COUNT, default: 4 },
    rounds: { kind: COUNT, default: 2 },
    precision: { kind: severalOf(choice(['fp32', 'bf16'])), default: ['fp32'] },
  },
  'flags of kd train',
);
const { ranks, batch, steps } = flags;
/** The first steps, which are ignored. */
const WARM_UP = 2;
/** Clock ticks a second in /proc (`getconf CLK_TCK`): 100 on all 64-bit Linux. */
const TICKS = 100;

if (ranks > availableParallelism())
  refuse(`--ranks: expected a core for each, at most ${availableParallelism()}, got ${ranks}`);
const folder = mkdtempSync(join(tmpdir(), 'kd-bench-ranks-'));
try {
  if (flags.models === 'full') writeModelFolders(folder);
  console.log(`Machine: ${machine()}; ${batch} pairs a micro-batch`);
  for (const precision of flags.precision) await compare(precision);
} finally {
  rmSync(folder, { recursive: true });
}

/**
 * Measures all variants in turn in a precision, and prints a table.
 *
 * @param {string} precision
 */
async function compare(precision) {
  const all = `${ranks} ranks, a core each`;
  /** @type {Way[]} */
  const ways = [
    { name: 'one rank on one core', processes: 1, together: true, accumulate: ranks, results: [] },
    { name: all, processes: ranks, together: true, accumulate: ranks, results: [] },
    { name: 'one rank, its share', processes: 1, together: true, accumulate: 1, results: [] },
    { name: `${ranks} runs of that beside each other`, processes: ranks, together: false, accumulate: 1, results: [] },
  ];
  await measureInTurn(
    ways,
    flags.rounds,
    (way) => train(way, precision),
    ({ seconds }) => `${median(seconds).toPrecision(3)} s a step in ${precision}, load ${loadavg()[0]?.toFixed(1)}`,
  );
  const rows = ways.map(({ name, processes, together, accumulate, results }) => {
    const seconds = median(results.flatMap((result) => result.seconds));
    const cpuSeconds = median(results.flatMap((result) => result.cpuSeconds));
    const pairs = batch * accumulate * (together ? 1 : processes);
    return { name, seconds, cpuSeconds, pairsPerSecond: pairs / seconds };
  });
  const cells = rows.map(({ name, seconds, cpuSeconds, pairsPerSecond }) => [
    name,
    seconds.toPrecision(3),
    cpuSeconds.toPrecision(3),
    pairsPerSecond.toPrecision(3),
  ]);
  console.log(`\n${markdownTable([precision, 's a step', 'CPU s a rank', 'pairs/s'], cells)}`);
  const [one, several, share, beside] = rows;
  if (one === undefined || several === undefined || share === undefined || beside === undefined) return;
  /** @param {number} seconds */
  const said = (seconds) => `${seconds.toFixed(2)} s`;
  console.log(
    `\n${all}: ${(several.pairsPerSecond / one.pairsPerSecond).toFixed(2)} × the pairs/s of one. Of a step, ` +
      `${said((ranks * share.seconds - one.seconds) / (ranks - 1))} are the update, which each does; ` +
      `${said(beside.seconds - share.seconds)} cores lose to each other; ` +
      `${said(several.seconds - beside.seconds)} are sums and waiting`,
  );
}

/**
 * Trains, and returns the times of rank 0's steps.
 *
 * @param {Way} way
 * @param {string} precision
 * @returns {Promise<Steps>}
 */
async function train(way, precision) {
  rmSync(join(folder, 'checkpoints'), { recursive: true, force: true });
  const isCluster = way.together && way.processes > 1;
  const ports = isCluster ? await Promise.all(Array.from({ length: way.processes }, freePort)) : [];
  const hosts = ports.map((port) => `127.0.0.1:${port}`);
  const running = Array.from({ length: way.processes }, (_, number) => {
    const cluster = isCluster ? ['--hosts', hosts.join(), '--rank', String(number)] : [];
    const run = ['--run', way.together ? 'bench' : `bench-${number}`];
    return stepsOf(number, [...trainFlags(way, precision), ...run, ...cluster, ...more]);
  });
  const [first] = await Promise.all(running);
  if (first === undefined || first.seconds.length === 0) throw new Error(`--steps: expected more than ${WARM_UP}`);
  return first;
}

/**
 * @param {Way} way
 * @param {string} precision
 */
function trainFlags({ accumulate }, precision) {
  const place = flags.models === 'full' ? folder : inProject('data/tiny');
  const settings = {
    data: inProject('data/sample'),
    teacher: join(place, 'teacher'),
    student: join(place, 'student'),
    'batch-size': batch,
    accumulate,
    'max-steps': steps,
    epochs: 100,
    'valid-fraction': 0,
    'log-every': 1,
    keep: 1,
    device: 'cpu',
    precision,
  };
  return ['train', '--json', '--quiet', '--random-weights', ...flagsOf(settings)];
}

/**
 * Runs `kd` on one core.
 *
 * @param {number} core
 * @param {string[]} args
 * @returns {Promise<Steps>} of the steps that count
 */
function stepsOf(core, args) {
  const child = spawn('taskset', ['-c', String(core), process.execPath, KD, ...args], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  passOnSignals(child);
  let said = '';
  child.stderr.on('data', (/** @type {Buffer} */ chunk) => (said += chunk.toString()));
  /** @type {{ at: number, cpu: number }[]} */
  const ends = [];
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (JSON.parse(line).event === 'step') ends.push({ at: performance.now() / 1000, cpu: cpuSecondsOf(child.pid) });
  });
  return new Promise((done, fail) => {
    child.on('error', fail);
    child.on('close', (code) => {
      if (code !== 0) fail(new Error(`kd ${args.join(' ')} failed:\n${said}`));
      /** @param {'at' | 'cpu'} what */
      const gaps = (what) => ends.slice(WARM_UP).map((end, i) => end[what] - (ends[WARM_UP - 1 + i]?.[what] ?? NaN));
      done({ seconds: gaps('at'), cpuSeconds: gaps('cpu') });
    });
  });
}

/**
 * The CPU time of a process so far (proc(5): the 14th and 15th fields of `stat`, user and system time).
 *
 * @param {number | undefined} pid
 */
function cpuSecondsOf(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' '); // from the third on: the name may contain spaces
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
}
