/**
 * Times the distillation step (random weights; random ids, or those of a token store) in a process of its own.
 *
 *   node scripts/bench/step.mjs \
 *     '{"models":"full","engine":"compiled","precision":"bf16","batch":32,"dropout":0.1,"steps":5}'
 *
 * Prints one JSON line: seconds per step (all but the first; with a store, all but the first of each text length), CPU
 * seconds, seconds to the end of the first step, peak memory.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { targetShape } from '#dist/distill/loss.js';
import { compiledEngine } from '#dist/engine/compiled.js';
import { eagerEngine } from '#dist/engine/eager.js';
import { arrangeTexts, layoutName, layoutsOf } from '#dist/engine/text-layouts.js';
import { hasLargeModel, layoutFor, loadOptionsFor } from '#dist/engine/step-layout.js';
import { openTeacherCache } from '#dist/training/teacher-cache/cache.js';
import { loadBackend } from '#dist/tensorflow/backend.js';
import { bfloat16Blocker } from '#dist/tensorflow/hardware.js';
import { randomModel } from '#dist/models/pretrained.js';
import { sizeOf } from '#dist/base/shape.js';
import { LENGTH, randomBatch } from './batch.mjs';
import { modelConfigs } from './models.mjs';
import { openRealBatches } from './real-pairs.mjs';
import { noiseOf, weights } from './weights.mjs';

/** @import { Batch, Batches } from '#dist/data/batches.js' */
/** @import { EngineOptions } from '#dist/engine/engine-options.js' */
/** @import { Precision } from '#dist/engine/precision-choice.js' */
/** @import { Distillation } from '#dist/distill/loss.js' */
/** @import { Dataset } from '#dist/training/dataset.js' */

/**
 * The request.
 *
 * @typedef {object} Request
 * @property {string} [models]
 * @property {'compiled' | 'eager'} engine
 * @property {Precision} precision
 * @property {number} batch
 * @property {number} dropout
 * @property {boolean} [jitCompile] whether XLA compiles the step as a whole
 * @property {number} steps
 * @property {string} [store] of pairs, in place of random ids
 * @property {boolean} [grouped] whether pairs of like length make a step
 * @property {boolean} [cached] whether the teacher's outputs are given; for a store they are read from disk meanwhile
 */

/**
 * What is printed.
 *
 * @typedef {object} StepTimes
 * @property {number[]} seconds
 * @property {number[]} cpuSeconds
 * @property {number} toFirstStep
 * @property {number} peakBytes
 */

/** @typedef {() => Promise<Batch>} Input */

/** @type {Request} */
const request = JSON.parse(process.argv[2] ?? '');
const { models = 'full', engine: name, precision, batch, dropout, steps } = request;

const configs = await modelConfigs(models);
const [teacher, student] = [randomModel(configs.teacher, 1).encoder, randomModel(configs.student, 2).encoder];
/** @type {Distillation} */
const distillation = { teacher, student, loss: 'hidden' };
/** @type {EngineOptions} */
const options = {
  ...{ optimizer: 'adamw', weightDecay: 1e-4, accumulate: 1, batchSize: batch, dropout, seed: 1, precision },
  jitCompile: request.jitCompile,
  targets: request.cached ? 'given' : 'computed',
};

const started = performance.now();
const isCompiled = name === 'compiled';
const isLarge = hasLargeModel([teacher, student]);
const { device } = await loadBackend('tensorflow', 'auto', isCompiled ? loadOptionsFor(isLarge) : {});
const layout = layoutFor(isLarge, isCompiled ? 'compiled' : 'eager', device);
const obstacle = device === 'cpu' && precision === 'bf16' ? bfloat16Blocker() : undefined;
if (obstacle !== undefined) throw new Error(`bfloat16: oneDNN is kept from it by ${obstacle}; unset that variable`);
const parameters = { teacher: request.cached ? undefined : weights(teacher), student: weights(student) };
const engine = await (isCompiled
  ? compiledEngine(distillation, parameters, { ...options, ...layout }, LENGTH)
  : eagerEngine(distillation, parameters, options));
const { first, measured } = await inputs();
/** @type {number[]} */
const seconds = [];
/** @type {number[]} */
const cpuSeconds = [];
/** @type {number | undefined} */
let firstStepDone;
for (const input of [...first, ...measured]) {
  const [start, cpuStart] = [performance.now(), process.cpuUsage()];
  await engine.step([await input()], 5e-5);
  seconds.push((performance.now() - start) / 1000);
  const { user, system } = process.cpuUsage(cpuStart);
  cpuSeconds.push((user + system) / 1e6);
  firstStepDone ??= (performance.now() - started) / 1000;
}
console.log(
  JSON.stringify({
    seconds: seconds.slice(first.length),
    cpuSeconds: cpuSeconds.slice(first.length),
    toFirstStep: firstStepDone,
    peakBytes: process.resourceUsage().maxRSS * 1024,
  }),
);

/**
 * The batches that are the first of their layout of texts, and those that are measured.
 *
 * @returns {Promise<{ first: Input[], measured: Input[] }>}
 */
async function inputs() {
  if (request.store === undefined) {
    const target = request.cached ? noiseOf(sizeOf(targetShape(distillation, batch, LENGTH))) : undefined;
    const [first, ...measured] = Array.from({ length: steps + 1 }, (_, step) =>
      ready({ ...randomBatch(configs, batch, step), target }),
    );
    return { first: first === undefined ? [] : [first], measured };
  }
  const { training, inStoreOrder } = await openRealBatches(request.store, batch, request.grouped ?? false);
  const taken = await Promise.all(Array.from({ length: steps }, (_, index) => training.at(index)));
  const cached = request.cached ? await openRandomTargets(inStoreOrder, training) : undefined;
  const inputOf = (/** @type {Batch} */ each, /** @type {number} */ index) =>
    cached === undefined ? ready(each) : () => cached.at(index);
  const measured = taken.map(inputOf);
  const { step: layouts } = layoutsOf(student, LENGTH, { ...options, ...layout });
  /** @type {Map<string, Input>} */
  const first = new Map();
  for (const [index, each] of taken.entries())
    first.set(layoutName(arrangeTexts(each, layouts).layout), inputOf(each, index));
  return { first: [...first.values()], measured };
}

/**
 * A teacher cache filled with noise: only the cost of reading it matters.
 *
 * @param {Dataset['inStoreOrder']} data
 * @param {Batches} batches
 * @returns {Promise<Batches>}
 */
async function openRandomTargets(data, batches) {
  const folder = mkdtempSync(join(tmpdir(), 'kd-bench-cache-'));
  process.once('exit', () => {
    rmSync(folder, { recursive: true });
  });
  const shape = targetShape(distillation, 1, LENGTH).slice(1);
  const key = { teacher: 'noise', tokenizer: '', data: '', loss: distillation.loss, precision };
  const cache = await openTeacherCache(folder, key, data, shape);
  await cache.fill(
    ({ size }) => Promise.resolve(noiseOf(sizeOf([size, ...shape]))),
    () => undefined,
  );
  return (await openTeacherCache(folder, key, data, shape)).withTargets('training', batches);
}

/** @param {Batch} batch */
function ready(batch) {
  return () => Promise.resolve(batch);
}
