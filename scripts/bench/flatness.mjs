/**
 * Checks that the compiled engine does not grow in memory: runs many steps of one engine with the shape of the
 * full-size models (their layers, vocabularies and tokens, at a smaller width), then many engines one at a time.
 *
 *   node scripts/bench/flatness.mjs [--models full|tiny] [--steps 500] [--compilations 50] [--batch 4] [--width 96]
 *
 * Prints tensors and resident memory ten times. Exit code 1 if, after the first fifth, the number of tensors has grown,
 * or memory by more than 5%.
 */
import { choice, COUNT } from '#dist/base/kinds.js';
import tf from '#dist/base/tfjs.cjs';
import { compiledEngine } from '#dist/engine/compiled.js';
import { loadBackend } from '#dist/tensorflow/backend.js';
import { randomModel } from '#dist/models/pretrained.js';
import { readArguments } from '../arguments.mjs';
import { LENGTH, randomBatch } from './batch.mjs';
import { modelConfigs, MODELS } from './models.mjs';
import { weights } from './weights.mjs';

/** @import { EngineOptions } from '#dist/engine/engine-options.js' */
/** @import { TextModelConfig } from '#dist/models/config.js' */

const TENTHS = 10;
const { flags } = readArguments(import.meta.filename, {
  models: { kind: choice(MODELS), default: 'full' },
  steps: { kind: COUNT, default: 500 },
  compilations: { kind: COUNT, default: 50 },
  batch: { kind: COUNT, default: 4 },
  width: { kind: COUNT, default: 96 },
});
const size = flags.batch;
/**
 * @param {TextModelConfig} config
 * @returns {TextModelConfig}
 */
const narrow = (config) => ({ ...config, hiddenSize: flags.width, intermediateSize: 4 * flags.width });
const known = await modelConfigs(flags.models);
const configs = { teacher: narrow(known.teacher), student: narrow(known.student) };
const [teacher, student] = [randomModel(configs.teacher, 1).encoder, randomModel(configs.student, 2).encoder];
await loadBackend('tensorflow', 'cpu');

const engine = await openEngine();
const stepsAreFlat = await isFlat('steps', flags.steps, (step) =>
  engine.step([randomBatch(configs, size, step)], 5e-5),
);
engine.dispose();
const compilationsAreFlat = await isFlat('compilations', flags.compilations, async (step) => {
  const another = await openEngine();
  await another.step([randomBatch(configs, size, step)], 5e-5);
  another.dispose();
});
process.exitCode = stepsAreFlat && compilationsAreFlat ? 0 : 1;

function openEngine() {
  /** @type {EngineOptions} */
  const options = {
    optimizer: 'adamw',
    weightDecay: 1e-4,
    accumulate: 1,
    batchSize: size,
    dropout: 0.1,
    seed: 1,
    precision: 'fp32',
    fused: true,
  };
  return compiledEngine(
    { teacher, student, loss: 'hidden' },
    { teacher: weights(teacher), student: weights(student) },
    options,
    LENGTH,
  );
}

/**
 * @param {string} what
 * @param {number} count
 * @param {(number: number) => Promise<unknown>} work
 */
async function isFlat(what, count, work) {
  /** @type {{ tensors: number, resident: number }[]} */
  const held = [];
  for (let done = 1; done <= count; done++) {
    await work(done);
    if (done % Math.max(1, Math.floor(count / TENTHS)) !== 0) continue;
    const now = { tensors: tf.memory().numTensors, resident: process.memoryUsage.rss() };
    held.push(now);
    console.log(`${done} ${what}: ${now.tensors} tensors, ${Math.round(now.resident / 1e6)} MB`);
  }
  const [early, late] = [held[Math.floor(held.length / 5)], held.at(-1)];
  if (early === undefined || late === undefined) return false;
  return late.tensors === early.tensors && late.resident < 1.05 * early.resident;
}
