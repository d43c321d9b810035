/**
 * Whether training on this GPU is right, fast and steady: to be run once on a machine with an NVIDIA GPU.
 *
 *   npm run check:gpu -- [--device gpu] [--models full|tiny] [--batches 32,64,128,256,512] [--steps 20] [--long 500]
 *                        [--python python3]
 *
 * Prints a line a check, `✓`, `✗`, or `–` for what could not be looked at: the doctor's findings; the losses of
 * recorded PyTorch runs in float32 without TF32 (1e-4) and in bfloat16 (2 %); pairs a second at every batch size,
 * beside PyTorch's where there is one for the GPU; the GPU's memory, the time to the first step; whether memory stays
 * flat over 500 steps; and the original's final run projected from the best rates. With `--device cpu --models tiny` it
 * is a test of itself. Exit status 1 where a check fails.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { projection } from '../bench/project.mjs';

/** @import { Measurement } from './measure.mjs' */

/**
 * A recorded run of PyTorch's.
 *
 * @typedef {object} Recording
 * @property {string[][]} pairs
 * @property {number} batch_size
 * @property {number} learning_rate
 * @property {number} weight_decay
 * @property {number} warmup_ratio
 * @property {{ loss_en: number, loss_ko: number }[]} log
 */

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const PARITY = join(ROOT, 'tests/fixtures/parity');
const RUNS = { 'roberta-hidden': 'student', 'roberta-pooler': 'student', 'clip-hidden': 'teacher' };
const THEIRS = ['compile-bf16', 'eager-bf16'];
/** What still counts as flat: tensors more, and growth of bytes as a share. */
const FLAT = { tensors: 0, share: 0.02 };

const { values: flags } = parseArgs({
  options: {
    device: { type: 'string', default: 'gpu' },
    models: { type: 'string', default: 'full' },
    batches: { type: 'string', default: '32,64,128,256,512' },
    steps: { type: 'string', default: '20' },
    long: { type: 'string', default: '500' },
    python: { type: 'string', default: 'python3' },
  },
});
let failures = 0;

examine();
checkParity('fp32', 1e-4);
checkParity('bf16', 0.02);
const best = checkSpeed();
if (best !== undefined) checkFlatness(best.batch);
process.exitCode = failures === 0 ? 0 : 1;

/**
 * @param {boolean | undefined} ok undefined: not seen
 * @param {string} name
 * @param {string} found
 */
function tell(ok, name, found) {
  if (ok === false) failures++;
  console.log(`${ok === undefined ? '–' : ok ? '✓' : '✗'} ${name.padEnd(24)}${found}`);
}

/** The doctor's findings, told again. */
function examine() {
  const { status, stdout, stderr } = run(process.execPath, [
    join(ROOT, 'bin/kd.js'),
    'doctor',
    '--device',
    flags.device,
    '--json',
  ]);
  if (status !== 0) return tell(false, 'doctor', complaint(stderr));
  for (const line of stdout.trim().split('\n')) {
    /** @type {{ name: string, ok: boolean, found: string, remedy?: string }} */
    const { name, ok, found, remedy } = JSON.parse(line);
    tell(
      name === 'network' && !ok ? undefined : ok,
      `doctor: ${name}`,
      remedy === undefined ? found : `${found}; ${remedy}`,
    );
  }
}

/**
 * Trains the recorded runs by the very command, and compares every loss with PyTorch's.
 *
 * @param {'fp32' | 'bf16'} precision
 * @param {number} tolerance
 */
function checkParity(precision, tolerance) {
  for (const [name, student] of Object.entries(RUNS)) {
    /** @type {Recording} */
    const recording = JSON.parse(readFileSync(join(PARITY, `train/${name}.json`), 'utf8'));
    const folder = mkdtempSync(join(tmpdir(), 'kd-gpu-'));
    try {
      writeFileSync(join(folder, 'pairs.csv'), ['ko,en', ...recording.pairs.map((pair) => pair.join())].join('\n'));
      const { status, stderr } = run(
        process.execPath,
        [join(ROOT, 'bin/kd.js'), ...trainArguments(recording, name, student), '--precision', precision],
        folder,
      );
      if (status !== 0) tell(false, `parity ${precision}`, `${name}: ${complaint(stderr)}`);
      else
        compare(
          `parity ${precision}`,
          name,
          readLosses(join(folder, 'checkpoints/parity/loss.csv')),
          recording.log,
          tolerance,
        );
    } finally {
      rmSync(folder, { recursive: true });
    }
  }
}

/**
 * @param {Recording} recording
 * @param {string} name
 * @param {string} student
 */
function trainArguments(recording, name, student) {
  return [
    'train',
    '--data',
    'pairs.csv',
    '--teacher',
    join(PARITY, 'teacher'),
    '--student',
    join(PARITY, student),
    '--device',
    flags.device,
    '--no-shuffle',
    '--valid-fraction',
    '0',
    '--dropout',
    '0',
    '--epochs',
    '1',
    '--batch-size',
    String(recording.batch_size),
    '--learning-rate',
    String(recording.learning_rate),
    '--weight-decay',
    String(recording.weight_decay),
    '--warmup-ratio',
    String(recording.warmup_ratio),
    '--loss',
    name.endsWith('pooler') ? 'pooler' : 'hidden',
    '--log-every',
    '1',
    '--run',
    'parity',
    '--quiet',
  ];
}

/**
 * @param {string} check
 * @param {string} name
 * @param {number[]} losses
 * @param {Recording['log']} log
 * @param {number} tolerance
 */
function compare(check, name, losses, log, tolerance) {
  const differences = log.map(({ loss_en: en, loss_ko: ko }, i) => {
    const [ours, theirs] = [losses[i] ?? NaN, en + ko];
    return Math.abs(ours - theirs) / Math.max(theirs, 0.01);
  });
  const worst = Math.max(...differences);
  tell(
    losses.length === log.length && worst <= tolerance,
    check,
    `${name}: ${log.length} steps, largest relative difference ${worst.toExponential(1)} (${tolerance} allowed)`,
  );
}

/** @param {string} path */
function readLosses(path) {
  const [header = [], ...rows] = readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .map((line) => line.split(','));
  return rows.map((row) => Number(row[header.indexOf('loss')]));
}

/** Every batch size, ours and PyTorch's in turn; the best of ours. */
function checkSpeed() {
  const hasRival =
    flags.models === 'full' &&
    run(flags.python, ['-c', 'import torch, transformers; assert torch.cuda.is_available()']).status === 0;
  /** @type {{ batch: number, train: number, validate: number }[]} */
  const results = [];
  for (const batch of flags.batches.split(',').map(Number)) {
    const result = measure({ batch, steps: Number(flags.steps) });
    if (typeof result === 'string') {
      tell(undefined, `batch ${batch}`, result);
      continue;
    }
    const { device, seconds, toFirstStep, evaluation, late } = result;
    const rates = { batch, train: batch / median(seconds), validate: batch / evaluation };
    results.push(rates);
    const memory =
      late.gpu === undefined
        ? `${(late.resident / 1e9).toFixed(1)} GB resident`
        : `${(late.gpu / 1e9).toFixed(1)} GB of the GPU`;
    tell(
      true,
      `batch ${batch}`,
      `${rate(rates.train)} pairs/s trained, ${rate(rates.validate)} validated, ${memory}, ` +
        `first step after ${toFirstStep.toFixed(0)} s, on ${device}`,
    );
    if (hasRival) for (const mode of THEIRS) compareSpeed(mode, batch, rates.train);
  }
  if (!hasRival)
    tell(undefined, 'against PyTorch', 'not seen: no PyTorch for this GPU (--python names one), or tiny models');
  if (results.length === 0) {
    tell(false, 'speed', 'no batch size ran');
    return undefined;
  }
  const best = results.reduce((a, b) => (b.train > a.train ? b : a));
  tell(true, 'best', `batch ${best.batch}: ${rate(best.train)} pairs/s`);
  if (flags.models === 'full')
    tell(true, 'projection', projection({ train: Math.round(best.train), validate: Math.round(best.validate) }));
  return best;
}

/**
 * @param {string} mode
 * @param {number} batch
 * @param {number} ours
 */
function compareSpeed(mode, batch, ours) {
  const args = { mode, batch, dropout: 0.1, steps: Number(flags.steps), threads: availableParallelism() };
  const { status, stdout, stderr } = run(flags.python, [join(ROOT, 'scripts/bench/step.py'), JSON.stringify(args)]);
  if (status !== 0) return tell(undefined, `PyTorch ${mode}`, complaint(stderr));
  const theirs = batch / median(JSON.parse(lastLine(stdout)).seconds);
  return tell(
    ours >= theirs,
    `PyTorch ${mode}`,
    `batch ${batch}: ${rate(theirs)} pairs/s; ours is ${(ours / theirs).toFixed(2)} × that`,
  );
}

/**
 * Whether what is held after a tenth of the steps is what is held at the end.
 *
 * @param {number} batch
 */
function checkFlatness(batch) {
  const result = measure({ batch, steps: Number(flags.long) });
  if (typeof result === 'string') return tell(false, 'memory', result);
  const { early, late } = result;
  /** @param {'resident' | 'gpu'} key */
  const grown = (key) => {
    const [from, to] = [early[key], late[key]];
    return from === undefined || to === undefined ? 0 : (to - from) / from;
  };
  const isFlat =
    late.tensors - early.tensors <= FLAT.tensors && grown('resident') <= FLAT.share && grown('gpu') <= FLAT.share;
  const shares = /** @type {const} */ (['resident', 'gpu'])
    .filter((key) => early[key] !== undefined)
    .map((key) => `${key} ${(100 * grown(key)).toFixed(1)} %`);
  return tell(
    isFlat,
    'memory',
    `${flags.long} steps: ${late.tensors - early.tensors} tensors more at the end than after a tenth; ` +
      `${shares.join(', ')} (${100 * FLAT.share} % allowed)`,
  );
}

/**
 * What measure.mjs says, or how it failed.
 *
 * @param {{ batch: number, steps: number }} options
 * @returns {Measurement | string}
 */
function measure(options) {
  const precision = flags.models === 'full' ? 'bf16' : 'fp32';
  const args = { models: flags.models, precision, device: flags.device, ...options };
  const { status, stdout, stderr } = run(process.execPath, [
    join(ROOT, 'scripts/gpu/measure.mjs'),
    JSON.stringify(args),
  ]);
  return status === 0 ? JSON.parse(lastLine(stdout)) : complaint(stderr);
}

/**
 * @param {string} command
 * @param {string[]} args
 * @param {string} [cwd]
 */
function run(command, args, cwd = process.cwd()) {
  return spawnSync(command, args, { cwd, encoding: 'utf8', maxBuffer: 2 ** 26 });
}

/** @param {string | null} text */
function lastLine(text) {
  return (text ?? '').trim().split('\n').at(-1) ?? '';
}

/**
 * What a process that failed said: its error, else its last line.
 *
 * @param {string} stderr
 */
function complaint(stderr) {
  return (
    (/^\w*Error: (.+)$/m.exec(stderr)?.[1] ?? lastLine(stderr)).slice(0, 300) ||
    'ended without a word: killed, for memory perhaps'
  );
}

/** @param {readonly number[]} values */
function median(values) {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? NaN;
}

/** @param {number} value */
function rate(value) {
  return value >= 100 ? Math.round(value).toLocaleString('en-US') : value.toFixed(1);
}
