/** @file Checks losses against PyTorch's recorded ones, a CPU's, and those of a single GPU. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { flagsOf, inProject, KD } from '../kd.mjs';
import { complaint, run, tell } from './lines.mjs';

/**
 * A recorded PyTorch run.
 *
 * @typedef {object} Recording
 * @property {string[][]} pairs
 * @property {number} batch_size
 * @property {number} learning_rate
 * @property {number} weight_decay
 * @property {number} warmup_ratio
 * @property {{ loss_en: number, loss_ko: number }[]} log
 */

const PARITY = inProject('tests/fixtures/parity');
const RUNS = { 'roberta-hidden': 'student', 'roberta-pooler': 'student', 'clip-hidden': 'teacher' };

/** The run that is compared between devices. */
const COMPARED = 'roberta-hidden';

/** TensorFlow groups even a single op, and on a CPU too. */
const GROUPS = '--tf_xla_auto_jit=2 --tf_xla_cpu_global_jit --tf_xla_min_cluster_size=1';

/** Smaller losses are compared as if they were this large. */
const SMALLEST_LOSS = 0.01;

/**
 * Trains the recorded runs with the `kd` command, and compares every loss with PyTorch's.
 *
 * @param {string} device
 * @param {'fp32' | 'bf16'} precision
 * @param {number} tolerance
 */
export function checkParity(device, precision, tolerance) {
  for (const name of /** @type {(keyof typeof RUNS)[]} */ (Object.keys(RUNS)))
    compareWithPytorch(`parity ${precision}`, name, ['--device', device, '--precision', precision], tolerance);
}

/**
 * Compares a recorded run with PyTorch's once more, with XLA, which large models use: its ops grouped by TensorFlow, or
 * compiled as a whole. The recorded models are too small for kd to ask for groups by itself.
 *
 * @param {string} device
 * @param {'fp32' | 'bf16'} precision
 * @param {number} tolerance
 * @param {'groups' | 'whole'} way
 */
export function checkXla(device, precision, tolerance, way) {
  const flags = ['--device', device, '--precision', precision];
  if (way === 'whole') compareWithPytorch('parity --jit-compile', COMPARED, [...flags, '--jit-compile'], tolerance);
  else
    compareWithPytorch(`parity XLA ${precision}`, COMPARED, flags, tolerance, { ...process.env, TF_XLA_FLAGS: GROUPS });
}

/**
 * Repeats a recorded run, and compares every loss with PyTorch's.
 *
 * @param {string} check
 * @param {keyof typeof RUNS} name
 * @param {readonly string[]} flags
 * @param {number} tolerance
 * @param {NodeJS.ProcessEnv} [env]
 */
function compareWithPytorch(check, name, flags, tolerance, env) {
  const recording = recordingOf(name);
  const losses = train(recording, name, RUNS[name], ['--dropout', '0', ...flags], env);
  const theirs = recording.log.map(({ loss_en: en, loss_ko: ko }) => en + ko);
  tellDifference(check, name, losses, theirs, tolerance);
}

/**
 * Compares the device with a CPU, with dropout whose padding shares its masks, and with steps grouped by length.
 *
 * @param {string} device
 * @param {number} tolerance
 */
export function checkShared(device, tolerance) {
  const flags = ['--padding', 'shared', '--group-by-length'];
  compareDevices('shared padding', [device, 'cpu'], recordingOf(COMPARED), flags, tolerance);
}

/**
 * Compares a run on several devices with one on the first of them.
 *
 * @param {string} all
 * @param {string} first
 * @param {number} count
 * @param {number} tolerance
 */
export function checkDevices(all, first, count, tolerance) {
  const recording = { ...recordingOf(COMPARED), batch_size: 2 };
  compareDevices('several devices', [all, first], recording, ['--accumulate', String(count)], tolerance);
}

/**
 * Compares a run with dropout, in float32, on two devices.
 *
 * @param {string} check
 * @param {readonly [string, string]} devices
 * @param {Recording} recording
 * @param {readonly string[]} flags
 * @param {number} tolerance
 */
function compareDevices(check, [device, other], recording, flags, tolerance) {
  /** @param {string} each */
  const lossesOn = (each) => {
    const more = ['--dropout', '0.1', '--precision', 'fp32', '--device', each, ...flags];
    return train(recording, COMPARED, RUNS[COMPARED], more);
  };
  tellDifference(check, `${device} beside ${other}`, lossesOn(device), lossesOn(other), tolerance);
}

/**
 * @param {string} name
 * @returns {Recording}
 */
function recordingOf(name) {
  return JSON.parse(readFileSync(join(PARITY, `train/${name}.json`), 'utf8'));
}

/**
 * Every loss of a run over a recording's pairs, or a message that says how it failed.
 *
 * @param {Recording} recording
 * @param {string} name
 * @param {string} student
 * @param {string[]} more
 * @param {NodeJS.ProcessEnv} [env]
 */
function train(recording, name, student, more, env = process.env) {
  const folder = mkdtempSync(join(tmpdir(), 'kd-gpu-'));
  try {
    writeFileSync(join(folder, 'pairs.csv'), ['ko,en', ...recording.pairs.map((pair) => pair.join())].join('\n'));
    const args = [KD, ...trainArguments(recording, name, student), ...more];
    const { status, stderr } = run(process.execPath, args, folder, env);
    return status === 0 ? readLosses(join(folder, 'checkpoints/parity/loss.csv')) : complaint(stderr);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * @param {Recording} recording
 * @param {string} name
 * @param {string} student
 */
function trainArguments(recording, name, student) {
  const settings = {
    data: 'pairs.csv',
    teacher: join(PARITY, 'teacher'),
    student: join(PARITY, student),
    'valid-fraction': 0,
    epochs: 1,
    'batch-size': recording.batch_size,
    'learning-rate': recording.learning_rate,
    'weight-decay': recording.weight_decay,
    'warmup-ratio': recording.warmup_ratio,
    loss: name.endsWith('pooler') ? 'pooler' : 'hidden',
    'log-every': 1,
    run: 'parity',
  };
  return ['train', ...flagsOf(settings), '--no-shuffle', '--quiet'];
}

/**
 * @param {string} check
 * @param {string} name
 * @param {number[] | string} ours
 * @param {number[] | string} theirs
 * @param {number} tolerance
 */
function tellDifference(check, name, ours, theirs, tolerance) {
  const failed = [ours, theirs].find((losses) => typeof losses === 'string');
  if (failed !== undefined || typeof ours === 'string' || typeof theirs === 'string')
    return tell(false, check, `${name}: ${failed}`);
  const differences = theirs.map((loss, i) => Math.abs((ours[i] ?? NaN) - loss) / Math.max(loss, SMALLEST_LOSS));
  const worst = Math.max(...differences);
  return tell(
    ours.length === theirs.length && ours.length > 0 && worst <= tolerance,
    check,
    `${name}: ${theirs.length} steps, largest relative difference ${worst.toExponential(1)} (${tolerance} allowed)`,
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
