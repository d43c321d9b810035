/**
 * Takes one measurement of the compiled engine in a process of its own, for `check.mjs`:
 *
 *   node scripts/gpu/measure.mjs '{"models":"full","precision":"bf16","batch":256,"steps":20,"device":"gpu"}'
 *
 * Random weights and ids; dropout 0.1 by default. Prints one JSON line: seconds of every step except the first at its
 * text length, the seconds of those, seconds to the end of the first step (start-up and compilation), seconds per
 * validation batch, memory after a tenth of the steps and at the end, and the memory that was estimated.
 */
import { execFileSync } from 'node:child_process';
import tf from '#dist/base/tfjs.cjs';
import { targetShape } from '#dist/distill/loss.js';
import { compiledEngine } from '#dist/engine/compiled.js';
import { arrangeTexts, layoutName, layoutsOf } from '#dist/engine/text-layouts.js';
import { memoryNeed } from '#dist/engine/memory.js';
import { hasLargeModel, layoutFor, loadOptionsFor } from '#dist/engine/step-layout.js';
import { loadBackend } from '#dist/tensorflow/backend.js';
import { keptBytes } from '#dist/tensorflow/gpu-memory.js';
import { randomModel } from '#dist/models/pretrained.js';
import { sizeOf } from '#dist/base/shape.js';
import { LENGTH, randomBatch, shortTextBatch } from '../bench/batch.mjs';
import { modelConfigs } from '../bench/models.mjs';
import { noiseOf, weights } from '../bench/weights.mjs';

/** @import { EngineOptions } from '#dist/engine/engine-options.js' */
/** @import { Distillation } from '#dist/distill/loss.js' */
/** @import { DeviceChoice } from '#dist/tensorflow/device-choice.js' */

/**
 * The request.
 *
 * @typedef {object} Request
 * @property {string} models
 * @property {'fp32' | 'tf32' | 'bf16'} precision
 * @property {number} batch
 * @property {number} steps
 * @property {DeviceChoice} device
 * @property {number} [devices] of that kind, each with a batch of its own
 * @property {'whole' | 'real'} [texts] 77 tokens of everything, or the few of real sentences
 * @property {number} [dropout]
 * @property {'each' | 'shared'} [padding]
 * @property {boolean} [jitCompile] whether XLA compiles the step as a whole
 * @property {boolean} [grouped] whether texts of like length are together
 * @property {boolean} [cached] whether the teacher's outputs are given, as `--cache-teacher` reads them
 */

/** @typedef {{ tensors: number, resident: number, gpu?: number | undefined }} Held */

/**
 * The printed result.
 *
 * @typedef {object} Measurement
 * @property {string} device
 * @property {number[]} seconds
 * @property {Record<string, number>} firstUses seconds of the first step in each layout of the texts (rows × positions)
 * @property {number} toFirstStep
 * @property {number} evaluation
 * @property {Held} early
 * @property {Held} late
 * @property {number} [estimated] bytes that kd expects the steps to take, for one device whose teacher computes
 */

const EVALUATIONS = 5;
/** @type {Request} */
const request = JSON.parse(process.argv[2] ?? '');
const {
  models,
  precision,
  batch,
  steps,
  device,
  devices = 1,
  texts = 'whole',
  dropout = 0.1,
  padding,
  grouped = false,
  jitCompile = false,
  cached = false,
} = request;

const configs = await modelConfigs(models);
const [teacher, student] = [randomModel(configs.teacher, 1), randomModel(configs.student, 2)];
/** @type {Distillation} */
const distillation = { teacher: teacher.encoder, student: student.encoder, loss: 'hidden' };
/** @type {EngineOptions} */
const options = {
  optimizer: 'adamw',
  weightDecay: 1e-4,
  accumulate: devices,
  batchSize: batch,
  dropout,
  padding,
  seed: 1,
  precision: precision === 'tf32' ? 'fp32' : precision,
  jitCompile,
  targets: cached ? 'given' : 'computed',
};

const before = gpuBytes();
const started = performance.now();
const isLarge = hasLargeModel([teacher.encoder, student.encoder]);
const backend = await loadBackend('tensorflow', device, {
  ...loadOptionsFor(isLarge, jitCompile),
  tf32: precision === 'tf32',
});
const layout = layoutFor(isLarge, 'compiled', backend.device);
const engine = await compiledEngine(
  distillation,
  { teacher: cached ? undefined : weights(teacher.encoder), student: weights(student.encoder) },
  { ...options, ...layout },
  LENGTH,
);
const target = cached ? noiseOf(sizeOf(targetShape(distillation, batch, LENGTH))) : undefined;
const { step: layouts } = layoutsOf(student.encoder, LENGTH, { ...options, ...layout });
/** @type {number[]} */
const seconds = [];
/** @type {Record<string, number>} */
const firstUses = {};
let toFirstStep = 0;
/** @type {Held | undefined} */
let early;
for (let step = 0; seconds.length < steps; step++) {
  const inputs = Array.from({ length: devices }, (_, i) => ({ ...batchOf(step * devices + i), target }));
  const used = inputs.map((each) => layoutName(arrangeTexts(each, layouts).layout));
  const isFirst = used.some((name) => firstUses[name] === undefined);
  const start = performance.now();
  await engine.step(inputs, 5e-5);
  const taken = (performance.now() - start) / 1000;
  if (!isFirst) seconds.push(taken);
  for (const name of used) firstUses[name] ??= taken;
  if (step === 0) toFirstStep = (performance.now() - started) / 1000;
  if (seconds.length === Math.max(1, Math.floor(steps / 10))) early ??= held();
}
const late = held();
await engine.evaluate([{ ...randomBatch(configs, batch, 0), target }]);
const start = performance.now();
for (let round = 1; round <= EVALUATIONS; round++)
  await engine.evaluate([{ ...randomBatch(configs, batch, round), target }]);
const evaluation = (performance.now() - start) / 1000 / EVALUATIONS;
console.log(
  JSON.stringify({
    device: backend.gpu?.name ?? backend.device,
    seconds,
    firstUses,
    toFirstStep,
    evaluation,
    early,
    late,
    estimated: cached || devices > 1 ? undefined : estimatedBytes(),
  }),
);

/** What the memory estimate says, without the part of a GPU that nobody takes. */
function estimatedBytes() {
  const { device: kind, gpu } = backend;
  const need = memoryNeed(
    {
      distillation,
      options: { ...options, ...layout },
      engine: 'compiled',
      device: kind,
      gpu,
      cachesTeacher: false,
    },
    LENGTH,
  );
  const bytes = need(batch);
  return kind === 'gpu' ? bytes - keptBytes(gpu?.freeBytes ?? Infinity, gpu?.capability) : bytes;
}

/** @param {number} step */
function batchOf(step) {
  return texts === 'whole'
    ? randomBatch(configs, batch, step)
    : shortTextBatch(configs, batch, step, { padding: student.encoder.sharedPadding() ?? 0, grouped });
}

/**
 * Tensors, resident bytes of the process, and bytes of the GPU allocated since it began.
 *
 * @returns {Held}
 */
function held() {
  const uuid = backend.gpu?.uuid ?? '';
  const [began, used] = [before.get(uuid), gpuBytes().get(uuid)];
  return {
    tensors: tf.memory().numTensors,
    resident: process.memoryUsage.rss(),
    gpu: began === undefined || used === undefined ? undefined : used - began,
  };
}

/**
 * Bytes in use on every GPU, by all processes, as far as the driver says.
 *
 * @returns {Map<string, number>} by the GPU's UUID
 */
function gpuBytes() {
  try {
    const query = ['--query-gpu=uuid,memory.used', '--format=csv,noheader,nounits'];
    const answer = execFileSync('nvidia-smi', query, { encoding: 'utf8', stdio: 'pipe' });
    const used = [...answer.matchAll(/^(GPU-\S+), (\d+)$/gm)];
    return new Map(used.map(([, uuid = '', mebibytes]) => [uuid, Number(mebibytes) * 2 ** 20]));
  } catch {
    return new Map();
  }
}
