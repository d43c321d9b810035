/**
 * Times the distillation step (random weights, random ids) in a process of its own.
 *
 *   node scripts/bench/step.mjs \
 *     '{"models":"full","engine":"compiled","precision":"bf16","batch":32,"dropout":0.1,"steps":5}'
 *
 * Prints one JSON line: seconds a step (every one but the first), the processors' seconds, seconds to the first step's
 * end, peak memory.
 */
import { compiledEngine } from '#dist/engine/compiled.js';
import { eagerEngine } from '#dist/engine/eager.js';
import { areLarge, layoutFor, loadOptionsFor } from '#dist/engine/step-layout.js';
import { loadBackend } from '#dist/tensorflow/backend.js';
import { randomModel } from '#dist/models/pretrained.js';
import { LENGTH, randomBatch } from './batch.mjs';
import { modelConfigs } from './models.mjs';
import { weights } from './weights.mjs';

/** @import { EngineOptions, Precision } from '#dist/distill/engine.js' */
/** @import { Distillation } from '#dist/distill/loss.js' */

/**
 * What is asked for.
 *
 * @typedef {object} Request
 * @property {string} [models]
 * @property {'compiled' | 'eager'} engine
 * @property {Precision} precision
 * @property {number} batch
 * @property {number} dropout
 * @property {number} steps
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

/** @type {Request} */
const { models = 'full', engine: name, precision, batch, dropout, steps } = JSON.parse(process.argv[2] ?? '');

const configs = await modelConfigs(models);
const [teacher, student] = [randomModel(configs.teacher, 1).encoder, randomModel(configs.student, 2).encoder];
/** @type {Distillation} */
const distillation = { teacher, student, loss: 'hidden' };
/** @type {EngineOptions} */
const options = { optimizer: 'adamw', weightDecay: 1e-4, accumulate: 1, batchSize: batch, dropout, seed: 1, precision };

const started = performance.now();
const isCompiled = name === 'compiled';
const isLarge = areLarge([teacher, student]);
const { device } = await loadBackend('tensorflow', 'auto', isCompiled ? loadOptionsFor(isLarge) : {});
const parameters = { teacher: weights(teacher), student: weights(student) };
const engine = await (isCompiled
  ? compiledEngine(distillation, parameters, { ...options, ...layoutFor(isLarge, name, device) }, LENGTH)
  : eagerEngine(distillation, parameters, options));
/** @type {number[]} */
const seconds = [];
/** @type {number[]} */
const cpuSeconds = [];
/** @type {number | undefined} */
let firstStepDone;
for (let step = 0; step <= steps; step++) {
  const input = randomBatch(configs, batch, step);
  const [start, cpuStart] = [performance.now(), process.cpuUsage()];
  await engine.step([input], 5e-5);
  seconds.push((performance.now() - start) / 1000);
  const { user, system } = process.cpuUsage(cpuStart);
  cpuSeconds.push((user + system) / 1e6);
  firstStepDone ??= (performance.now() - started) / 1000;
}
console.log(
  JSON.stringify({
    seconds: seconds.slice(1),
    cpuSeconds: cpuSeconds.slice(1),
    toFirstStep: firstStepDone,
    peakBytes: process.resourceUsage().maxRSS * 1024,
  }),
);
