/**
 * How fast `kd prepare` is, compared with the same job in Python, on generated pairs with planted faults.
 *
 *   node scripts/bench/prepare.mjs [--rows 5000000] [--work <folder>] [--python python3] [--theirs-rows <rows>]
 *                                  [--batches 500]
 *
 * Generates CSV files and tokenizers with as many ids as the real ones into `--work`, once; then prepares them with two
 * worker threads, reads batches of 32 back as training does, and runs `prepare.py` (which needs `tokenizers` and
 * `pyarrow`) on the same files, or with `--theirs-rows` on fewer. Prints Markdown tables: wall time, pairs/s, peak of
 * resident memory; and the time that a step of 2.5 s waits for its batch. Needs 1.2 kB of disk a row.
 */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { COUNT, TEXT } from '#dist/base/kinds.js';
import { batchesOf } from '#dist/data/batches.js';
import { inStoreOrder } from '#dist/data/row-order.js';
import { openStore } from '#dist/data/store/token-store.js';
import { readArguments } from '../arguments.mjs';
import { flagsOf, inProject, KD, passOnSignals } from '../kd.mjs';
import { loaderWait } from './loader-wait.mjs';
import { machine, run } from './measure.mjs';
import { memoryOf } from './process-memory.mjs';

const { flags } = readArguments(import.meta.filename, {
  rows: { kind: COUNT, default: 5_000_000 },
  work: { kind: TEXT, default: 'bench-prepare' },
  python: { kind: TEXT, default: 'python3' },
  'theirs-rows': { kind: COUNT },
  batches: { kind: COUNT, default: 500 },
});

const BATCH_SIZE = 32;
const STEP_SECONDS = 2.5;

const { rows } = flags;
const tokenizers = join(flags.work, 'tokenizers');
const [ourCsv, theirCsv] = [csvOf(rows), csvOf(flags['theirs-rows'] ?? rows)];
if (!existsSync(tokenizers))
  run(flags.python, [inProject('scripts/bench/stand_in_tokenizers.py'), tokenizers, join(ourCsv, 'pairs-0.csv')]);

console.log(`Machine: ${machine()}; Node ${process.versions.node}\n`);
console.log('| | rows read | pairs kept | wall time | rows/s | peak memory |\n| --- | --- | --- | --- | --- | --- |');
const store = join(flags.work, 'store');
/** @typedef {{ seconds: number, peakBytes: number, lastLine: string }} Measurement */

const ours = await measure(process.execPath, [
  KD,
  'prepare',
  ...flagsOf({
    data: ourCsv,
    out: store,
    'teacher-tokenizer': join(tokenizers, 'teacher'),
    'student-tokenizer': join(tokenizers, 'student'),
    threads: 2,
  }),
  '--json',
]);
/** @type {{ total: { read: number, training: number, validation: number } }} */
const { total } = JSON.parse(ours.lastLine);
printRow('`kd prepare`', total.read, total.training + total.validation, ours);
await printLoader();
rmSync(store, { recursive: true });

const arrow = join(flags.work, 'theirs.arrow');
const theirs = await measure(flags.python, [
  inProject('scripts/bench/prepare.py'),
  join(tokenizers, 'teacher'),
  join(tokenizers, 'student'),
  arrow,
  ...filesOf(theirCsv),
]);
/** @type {{ kept: number, dropped: Record<string, number>, seconds: object }} */
const { kept, dropped, seconds } = JSON.parse(theirs.lastLine);
printRow('Python', kept + Object.values(dropped).reduce((sum, count) => sum + count, 0), kept, theirs);
console.log(`\nPython's stages, in seconds: ${JSON.stringify(seconds)}`);
rmSync(arrow);

/**
 * The folder with generated CSV files of `count` rows, written if it does not exist.
 *
 * @param {number} count
 */
function csvOf(count) {
  const folder = join(flags.work, `csv-${count}`);
  if (!existsSync(folder)) run(process.execPath, [inProject('scripts/bench/pairs-csv.mjs'), String(count), folder]);
  return folder;
}

/** @param {string} folder */
function filesOf(folder) {
  return readdirSync(folder)
    .sort()
    .map((name) => join(folder, name));
}

/**
 * Runs a process; returns its wall time, peak resident memory (on Linux only) and last line.
 *
 * @param {string} command
 * @param {string[]} args
 * @returns {Promise<Measurement>}
 */
async function measure(command, args) {
  const started = performance.now();
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  passOnSignals(child);
  let [output, peakBytes] = ['', NaN];
  child.stdout.on('data', (text) => {
    output += text;
  });
  const timer = setInterval(() => {
    peakBytes = memoryOf(child.pid)?.peak ?? peakBytes;
  }, 200);
  const code = await new Promise((resolve) => {
    child.on('close', resolve);
  });
  clearInterval(timer);
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code}`);
  const lastLine = output.trim().split('\n').at(-1) ?? '';
  return { seconds: (performance.now() - started) / 1000, peakBytes, lastLine };
}

/**
 * @param {string} name
 * @param {number} read
 * @param {number} kept
 * @param {Measurement} measurement
 */
function printRow(name, read, kept, { seconds: wall, peakBytes }) {
  console.log(
    `| ${name} | ${count(read)} | ${count(kept)} | ${wall.toFixed(0)} s | ${count(Math.round(read / wall))} | ` +
      `${(peakBytes / 1e6).toFixed(0)} MB |`,
  );
}

/** @param {number} number */
function count(number) {
  return number.toLocaleString('en-US');
}

/**
 * Reads batches of training pairs as the training loop does, starting in the middle of the store, and reports the time
 * spent waiting for them.
 */
async function printLoader() {
  const { training, manifest, close } = await openStore(store);
  const {
    max_length: length,
    tokenizers: { teacher, student },
  } = manifest;
  const batches = batchesOf(inStoreOrder(training), BATCH_SIZE, {
    length,
    teacher: teacher.pad_id,
    student: student.pad_id,
  });
  const { seek, mean, most, count: later } = await loaderWait(batches, flags.batches);
  await close();
  process.on('exit', () => {
    console.log(
      `\nWaiting for a batch of ${BATCH_SIZE}: ${mean.toFixed(2)} ms on average, ` +
        `${most.toFixed(1)} ms at most, over ${later} batches; ` +
        `the first one, in the middle of the store, ${seek.toFixed(0)} ms. ` +
        `Of a step of ${STEP_SECONDS} s that is ${((100 * mean) / (1000 * STEP_SECONDS)).toFixed(3)}%.`,
    );
  });
}
