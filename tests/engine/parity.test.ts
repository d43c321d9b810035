import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Engine } from '../../src/distill/engine.js';
import { learningRateAt } from '../../src/distill/schedule.js';
import { compiledEngine } from '../../src/engine/compiled.js';
import { eagerEngine } from '../../src/engine/eager.js';
import { loadBackend } from '../../src/engine/tensorflow.js';
import { openSafetensors } from '../../src/weights/safetensors.js';
import { BACKENDS_UNDER_TEST } from '../backends.js';
import { largestDifference, PARITY } from '../fixtures/index.js';
import { isKeyBias, openRecordedRun, RECORDED_RUNS, type RecordedRun } from '../fixtures/training.js';

type Run = Awaited<ReturnType<typeof openRecordedRun>>;

const LENGTH = 77;
const LOSS_TOLERANCE = 1e-5; // of max(loss, 0.01)
const WEIGHT_TOLERANCE = 1e-5;

const ENGINES: readonly [name: string, backend: 'tensorflow' | 'cpu', open: (run: Run) => Promise<Engine>][] = [
  ...BACKENDS_UNDER_TEST.map((backend): (typeof ENGINES)[number] =>
    [`eager on ${backend}`, backend, (run) => eagerEngine(run.distillation, run.parameters(), run.options)]),
  ['compiled', 'tensorflow', (run) => compiledEngine(run.distillation, run.parameters(), run.options, LENGTH)],
];

describe.each(ENGINES)('%s', (_, backend, open) => {
  beforeAll(() => loadBackend(backend));

  it.each(RECORDED_RUNS)('%s ends where PyTorch ends, by the same losses', async (name) => {
    const run = await openRecordedRun(name, 4);
    const { recording } = run;
    const engine = await open(run);
    const tensors: number[] = [];
    for (const { step, loss_en, loss_ko, grad_norm } of recording.log) {
      const learningRate = learningRateAt({ peak: recording.learning_rate, totalSteps: recording.steps, warmupRatio: recording.warmup_ratio }, step);
      const result = await engine.step([run.batch(step - 1)], learningRate);
      expect(Math.abs(result.lossEn - loss_en)).toBeLessThan(LOSS_TOLERANCE * Math.max(loss_en, 0.01));
      expect(Math.abs(result.lossKo - loss_ko)).toBeLessThan(LOSS_TOLERANCE * Math.max(loss_ko, 0.01));
      expect(Math.abs(result.gradNorm - grad_norm)).toBeLessThan(LOSS_TOLERANCE * grad_norm);
      tensors.push(tf.memory().numTensors);
    }
    expect(tensors[23]).toBe(tensors[2]);
    await expectFinalWeights(engine, name);
    engine.dispose();
  }, 120_000);
});

async function expectFinalWeights(engine: Engine, name: RecordedRun): Promise<void> {
  const final = await openSafetensors(join(PARITY, `train/${name}.final.safetensors`));
  const seen: string[] = [];
  for await (const { name: parameter, values } of engine.studentParameters()) {
    const recorded = parameter.replace(/^text_model\./, '');
    seen.push(recorded);
    if (isKeyBias(recorded)) continue;
    expect(largestDifference(values, await final.read(recorded)), recorded).toBeLessThan(WEIGHT_TOLERANCE);
  }
  expect(seen.sort()).toEqual([...final.tensors.keys()].sort());
  await final.close();
}
