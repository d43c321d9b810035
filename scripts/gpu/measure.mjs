/**
 * One measurement of the compiled engine in a process of its own, as `check.mjs` asks for it:
 *
 *   node scripts/gpu/measure.mjs '{"models":"full","precision":"bf16","batch":256,"steps":20,"device":"gpu"}'
 *
 * Random weights and ids, dropout 0.1. Prints one JSON line: seconds of every step but the first, seconds to the first
 * step's end (start and compilation), validation's seconds a batch, what is held after a tenth of the steps and at the
 * end.
 */
import { execFileSync } from 'node:child_process';
import * as tf from '@tensorflow/tfjs-core';
import { compiledEngine } from '#dist/engine/compiled.js';
import { areLarge, layoutFor, loadOptionsFor } from '#dist/engine/step-layout.js';
import { loadBackend } from '#dist/tensorflow/backend.js';
import { randomModel } from '#dist/models/pretrained.js';
import { LENGTH, randomBatch } from '../bench/batch.mjs';
import { modelConfigs } from '../bench/models.mjs';
import { weights } from '../bench/weights.mjs';

/** @import { EngineOptions } from '#dist/distill/engine.js' */
/** @import { Distillation } from '#dist/distill/loss.js' */
/** @import { DeviceChoice } from '#dist/tensorflow/gpu-choice.js' */

/**
 * What is asked for.
 *
 * @typedef {object} Request
 * @property {string} models
 * @property {'fp32' | 'tf32' | 'bf16'} precision
 * @property {number} batch
 * @property {number} steps
 * @property {DeviceChoice} device
 */

/** @typedef {{ tensors: number, resident: number, gpu?: number | undefined }} Held */

/**
 * What is printed.
 *
 * @typedef {object} Measurement
 * @property {string} device
 * @property {number[]} seconds
 * @property {number} toFirstStep
 * @property {number} evaluation
 * @property {Held} early
 * @property {Held} late
 */

const EVALUATIONS = 5;
/** @type {Request} */
const { models, precision, batch, steps, device } = JSON.parse(process.argv[2] ?? '');

const configs = await modelConfigs(models);
const [teacher, student] = [randomModel(configs.teacher, 1), randomModel(configs.student, 2)];
/** @type {Distillation} */
const distillation = { teacher: teacher.encoder, student: student.encoder, loss: 'hidden' };
/** @type {EngineOptions} */
const options = {
  optimizer: 'adamw',
  weightDecay: 1e-4,
  accumulate: 1,
  batchSize: batch,
  dropout: 0.1,
  seed: 1,
  precision: precision === 'tf32' ? 'fp32' : precision,
};

const before = gpuBytes();
const started = performance.now();
const isLarge = areLarge([teacher.encoder, student.encoder]);
const backend = await loadBackend('tensorflow', device, { ...loadOptionsFor(isLarge), tf32: precision === 'tf32' });
const engine = await compiledEngine(
  distillation,
  { teacher: weights(teacher.encoder), student: weights(student.encoder) },
  { ...options, ...layoutFor(isLarge, 'compiled', backend.device) },
  LENGTH,
);
/** @type {number[]} */
const seconds = [];
let toFirstStep = 0;
/** @type {Held | undefined} */
let early;
for (let step = 0; step <= steps; step++) {
  const input = randomBatch(configs, batch, step);
  const start = performance.now();
  await engine.step([input], 5e-5);
  seconds.push((performance.now() - start) / 1000);
  if (step === 0) toFirstStep = (performance.now() - started) / 1000;
  if (step === Math.max(1, Math.floor(steps / 10))) early = held();
}
const late = held();
await engine.evaluate([randomBatch(configs, batch, 0)]);
const start = performance.now();
for (let round = 1; round <= EVALUATIONS; round++) await engine.evaluate([randomBatch(configs, batch, round)]);
const evaluation = (performance.now() - start) / 1000 / EVALUATIONS;
console.log(
  JSON.stringify({
    device: backend.gpu?.name ?? backend.device,
    seconds: seconds.slice(1),
    toFirstStep,
    evaluation,
    early,
    late,
  }),
);

/**
 * Tensors, resident bytes of the process, and bytes of the GPU since before it began.
 *
 * @returns {Held}
 */
function held() {
  const used = gpuBytes();
  return {
    tensors: tf.memory().numTensors,
    resident: process.memoryUsage.rss(),
    gpu: before === undefined || used === undefined ? undefined : used - before,
  };
}

/** Bytes in use on the GPU that CUDA_VISIBLE_DEVICES leaves, by whomever. */
function gpuBytes() {
  try {
    const id = /^\d+$/.test(process.env.CUDA_VISIBLE_DEVICES ?? '')
      ? process.env.CUDA_VISIBLE_DEVICES
      : (/^gpu:(\d+)$/.exec(device)?.[1] ?? '0');
    const answer = execFileSync(
      'nvidia-smi',
      [`--id=${id}`, '--query-gpu=memory.used', '--format=csv,noheader,nounits'],
      { encoding: 'utf8', stdio: 'pipe' },
    );
    return Number(answer) * 2 ** 20;
  } catch {
    return undefined;
  }
}
