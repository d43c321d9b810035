/**
 * How far bfloat16 training deviates from float32 training: compares the losses of two engines at every step, which
 * learn the same batches from the same start, in fused loops like the full-size models.
 *
 *   node scripts/bench/precision.mjs [--steps 200] [--data data/sample] [--models data/tiny] [--learning-rate 1e-3]
 *                                    [--batch 32]
 *
 * Prints the largest relative difference and its step; exit code 1 if it is over 2%.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { COUNT, POSITIVE, TEXT } from '#dist/base/kinds.js';
import { batchesOf } from '#dist/data/batches.js';
import { inStoreOrder } from '#dist/data/row-order.js';
import { openStore } from '#dist/data/store/token-store.js';
import { compiledEngine } from '#dist/engine/compiled.js';
import { loadBackend } from '#dist/tensorflow/backend.js';
import { bfloat16Blocker } from '#dist/tensorflow/hardware.js';
import { openPretrained } from '#dist/models/pretrained.js';
import { readArguments, refuse } from '../arguments.mjs';
import { flagsOf, inProject, KD } from '../kd.mjs';
import { LENGTH } from './batch.mjs';

/** @import { TokenStore } from '#dist/data/store/token-store.js' */
/** @import { Engine } from '#dist/distill/engine.js' */
/** @import { EngineOptions } from '#dist/engine/engine-options.js' */
/** @import { Precision } from '#dist/engine/precision-choice.js' */
/** @import { Distillation } from '#dist/distill/loss.js' */

const LIMIT = 0.02;
const { flags } = readArguments(import.meta.filename, {
  steps: { kind: COUNT, default: 200 },
  data: { kind: TEXT, default: inProject('data/sample') },
  models: { kind: TEXT, default: inProject('data/tiny') },
  'learning-rate': { kind: POSITIVE, default: 1e-3 },
  batch: { kind: COUNT, default: 32 },
});
const obstacle = bfloat16Blocker();
if (obstacle !== undefined)
  refuse(`bfloat16: expected oneDNN to be allowed bfloat16, but ${obstacle} forbids it; unset that variable`);
const folders = { teacher: join(flags.models, 'teacher'), student: join(flags.models, 'student') };
const batchSize = flags.batch;

const out = mkdtempSync(join(tmpdir(), 'kd-precision-'));
try {
  const settings = { data: flags.data, ...folders, out: join(out, 'store') };
  execFileSync(process.execPath, [KD, 'prepare', '--quiet', ...flagsOf(settings)], { stdio: 'inherit' });
  await loadBackend('tensorflow', 'cpu');
  await compare(await openStore(join(out, 'store')));
} finally {
  rmSync(out, { recursive: true, force: true });
}

/** @param {TokenStore} store */
async function compare(store) {
  const { teacher, student } = store.manifest.tokenizers;
  const batches = batchesOf(inStoreOrder(store.training), batchSize, {
    length: LENGTH,
    teacher: teacher.pad_id,
    student: student.pad_id,
  });
  const [exact, rounded] = [await openEngine('fp32'), await openEngine('bf16')];
  const largest = { difference: 0, step: 0 };
  /**
   * @param {Engine} engine
   * @param {number} step
   */
  const lossOf = async (engine, step) => {
    const batch = await batches.at((step - 1) % batches.count);
    const { lossEn, lossKo } = await engine.step([batch], flags['learning-rate']);
    return lossEn + lossKo;
  };
  for (let step = 1; step <= flags.steps; step++) {
    const [fp32, bf16] = [await lossOf(exact, step), await lossOf(rounded, step)];
    const difference = Math.abs(bf16 / fp32 - 1);
    if (!(difference <= largest.difference)) Object.assign(largest, { difference, step });
    if (step % 20 === 0) console.log(`step ${step}: fp32 ${fp32.toFixed(5)}, bf16 ${bf16.toFixed(5)}`);
  }
  for (const engine of [exact, rounded]) engine.dispose();
  await store.close();
  console.log(
    `largest relative difference of ${flags.steps} steps: ` +
      `${(100 * largest.difference).toFixed(3)}%, in step ${largest.step}`,
  );
  process.exitCode = largest.difference <= LIMIT ? 0 : 1;
}

/** @param {Precision} precision */
async function openEngine(precision) {
  const [teacher, student] = [await openPretrained(folders.teacher, 0), await openPretrained(folders.student, 0)];
  /** @type {Distillation} */
  const distillation = { teacher: teacher.encoder, student: student.encoder, loss: 'hidden' };
  /** @type {EngineOptions} */
  const options = { optimizer: 'adamw', weightDecay: 1e-4, accumulate: 1, batchSize, seed: 1, precision, fused: true };
  return compiledEngine(
    distillation,
    { teacher: teacher.parameters(), student: student.parameters() },
    options,
    LENGTH,
  );
}
