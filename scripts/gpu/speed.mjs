/** @file Measures the speed and memory of training, each in a process of its own. */
import { availableParallelism } from 'node:os';
import { median } from '#dist/base/median.js';
import { bfloat16Blocker } from '#dist/tensorflow/hardware.js';
import { projection } from '../bench/project.mjs';
import { inProject } from '../kd.mjs';
import { complaint, lastLine, rate, run, tell } from './lines.mjs';

/** @import { Measurement, Request } from './measure.mjs' */

/**
 * What to measure, from the command line.
 *
 * @typedef {object} Measured
 * @property {string} device
 * @property {string} models
 * @property {number} steps
 * @property {string} python
 */

/**
 * Pairs a second at a batch size.
 *
 * @typedef {{ batch: number, train: number, validate: number }} Rates
 */

const THEIRS = ['compile-bf16', 'eager-bf16'];
/** The most growth that counts as flat: additional tensors, and the share of additional bytes. */
const FLAT = { tensors: 0, share: 0.02 };
/** Ways to train on real texts; the first is the original's. */
const REAL = /** @type {const} */ ([
  { name: 'dropout', dropout: 0.1, padding: 'each', grouped: false },
  { name: 'shared', dropout: 0.1, padding: 'shared', grouped: false },
  { name: 'shared, grouped', dropout: 0.1, padding: 'shared', grouped: true },
  { name: 'no dropout', dropout: 0, padding: 'each', grouped: false },
  { name: 'cached', dropout: 0, padding: 'each', grouped: false, cached: true },
]);

/**
 * Every batch size, in kd and PyTorch in turn.
 *
 * @param {Measured} measured
 * @param {readonly number[]} batches
 * @returns {Rates | undefined} the best of our rates
 */
export function checkSpeed(measured, batches) {
  const isFull = measured.models === 'full';
  const hasRival =
    isFull && run(measured.python, ['-c', 'import torch, transformers; assert torch.cuda.is_available()']).status === 0;
  /** @type {Rates[]} */
  const results = [];
  for (const batch of batches) {
    const result = measure(measured, { batch });
    if (typeof result === 'string') {
      tell(undefined, `batch ${batch}`, result);
      continue;
    }
    const rates = { batch, train: rateOf(result, batch), validate: batch / result.evaluation };
    results.push(rates);
    tell(
      true,
      `batch ${batch}`,
      `${rate(rates.train)} pairs/s trained, ${rate(rates.validate)} validated, ${memoryOf(result)}, ` +
        `first step after ${result.toFirstStep.toFixed(0)} s, on ${result.device}`,
    );
    if (hasRival) for (const mode of THEIRS) compareSpeed(measured, mode, batch, rates.train);
  }
  if (!hasRival)
    tell(undefined, 'against PyTorch', 'not seen: no PyTorch for this GPU (--python names one), or tiny models');
  if (results.length === 0) {
    tell(false, 'speed', 'no batch size ran');
    return undefined;
  }
  const best = results.reduce((a, b) => (b.train > a.train ? b : a));
  tell(true, 'best', `batch ${best.batch}: ${rate(best.train)} pairs/s`);
  if (isFull)
    tell(true, 'projection', projection({ train: Math.round(best.train), validate: Math.round(best.validate) }));
  return best;
}

/**
 * Texts as short as real ones, in each way to train on them, with the compile time of each text length.
 *
 * @param {Measured} measured
 * @param {number} batch
 */
export function checkRealTexts(measured, batch) {
  /** @type {number | undefined} */
  let first;
  for (const { name, ...way } of REAL) {
    const result = measure(measured, { batch, texts: 'real', ...way });
    if (typeof result === 'string') {
      tell(undefined, `real: ${name}`, result);
      continue;
    }
    const ours = rateOf(result, batch);
    first ??= ours;
    const compiled = Object.entries(result.firstUses).map(([layout, seconds]) => `${layout}: ${seconds.toFixed(1)} s`);
    tell(
      true,
      `real: ${name}`,
      `texts of 8 to 40 tokens: ${rate(ours)} pairs/s, ${(ours / first).toFixed(2)} × the first; ` +
        `${memoryOf(result)}; first steps by layout: ${compiled.join(', ')}`,
    );
  }
}

/**
 * The gain from compiling the step as a whole, and the compile time.
 *
 * @param {Measured} measured
 * @param {Rates} apart without that
 */
export function checkWhole(measured, { batch, train: before }) {
  const whole = measure(measured, { batch, jitCompile: true });
  if (typeof whole === 'string') return tell(undefined, '--jit-compile', whole);
  const after = rateOf(whole, batch);
  return tell(
    true,
    '--jit-compile',
    `${rate(after)} pairs/s, ${(after / before).toFixed(2)} × ${rate(before)} without; ${memoryOf(whole)}; ` +
      `first step after ${whole.toFirstStep.toFixed(0)} s`,
  );
}

/**
 * The speed-up of several devices, each with the whole batch.
 *
 * @param {Measured} measured
 * @param {Rates} one of one device
 * @param {string} all
 * @param {number} count
 */
export function checkScaling(measured, { batch, train: single }, all, count) {
  const many = measure({ ...measured, device: all }, { batch, devices: count });
  if (typeof many === 'string') return tell(false, 'several devices', many);
  const together = rateOf(many, batch * count);
  return tell(
    true,
    'several devices',
    `${rate(together)} pairs/s on ${count}, ${(together / single).toFixed(2)} × one's ${rate(single)}`,
  );
}

/**
 * Whether memory at the end equals that after a tenth of the steps.
 *
 * @param {Measured} measured
 * @param {number} batch
 */
export function checkFlatness(measured, batch) {
  const result = measure(measured, { batch });
  if (typeof result === 'string') return tell(false, 'memory', result);
  const { early, late } = result;
  /** @param {'resident' | 'gpu'} key */
  const grown = (key) => {
    const [from, to] = [early[key], late[key]];
    return from === undefined || to === undefined || from === to ? 0 : (to - from) / from;
  };
  const isFlat =
    late.tensors - early.tensors <= FLAT.tensors && grown('resident') <= FLAT.share && grown('gpu') <= FLAT.share;
  const shares = /** @type {const} */ (['resident', 'gpu'])
    .filter((key) => early[key] !== undefined)
    .map((key) => `${key} ${(100 * grown(key)).toFixed(1)}%`);
  return tell(
    isFlat,
    'memory',
    `${measured.steps} steps: ${late.tensors - early.tensors} tensors more at the end than after a tenth; ` +
      `${shares.join(', ')} (${100 * FLAT.share}% allowed)`,
  );
}

/**
 * @param {Measured} measured
 * @param {string} mode
 * @param {number} batch
 * @param {number} ours
 */
function compareSpeed({ python, steps }, mode, batch, ours) {
  const args = { mode, batch, dropout: 0.1, steps, threads: availableParallelism() };
  const { status, stdout, stderr } = run(python, [inProject('scripts/bench/step.py'), JSON.stringify(args)]);
  if (status !== 0) return tell(undefined, `PyTorch ${mode}`, complaint(stderr));
  const theirs = batch / median(JSON.parse(lastLine(stdout)).seconds);
  return tell(
    ours >= theirs,
    `PyTorch ${mode}`,
    `batch ${batch}: ${rate(theirs)} pairs/s; ours is ${(ours / theirs).toFixed(2)} × that`,
  );
}

/**
 * Pairs a second: a mean over the texts' layouts, weighted by their time; a median if all are the same.
 *
 * @param {Measurement} measurement
 * @param {number} pairs in a step
 */
function rateOf({ seconds, firstUses }, pairs) {
  const isMixed = Object.keys(firstUses).length > 1;
  return pairs / (isMixed ? seconds.reduce((sum, each) => sum + each, 0) / seconds.length : median(seconds));
}

/** @param {Measurement} measurement */
function memoryOf({ late, estimated }) {
  const taken =
    late.gpu === undefined
      ? `${(late.resident / 1e9).toFixed(1)} GB resident`
      : `${(late.gpu / 1e9).toFixed(1)} GB of the GPU`;
  return estimated === undefined ? taken : `${taken} (${(estimated / 1e9).toFixed(1)} GB estimated)`;
}

/**
 * The output of measure.mjs, or how it failed.
 *
 * @param {Measured} measured
 * @param {Partial<Request> & { batch: number }} options
 * @returns {Measurement | string}
 */
function measure({ models, device, steps }, options) {
  const isKept = device.startsWith('cpu') && bfloat16Blocker() !== undefined;
  const precision = models === 'full' && !isKept ? 'bf16' : 'fp32';
  const args = { models, precision, device, steps, ...options };
  const { status, stdout, stderr } = run(process.execPath, [
    inProject('scripts/gpu/measure.mjs'),
    JSON.stringify(args),
  ]);
  return status === 0 ? JSON.parse(lastLine(stdout)) : complaint(stderr);
}
