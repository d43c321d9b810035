import tf from '../../src/base/tfjs.cjs';
import { beforeAll, expect, it } from 'vitest';
import type { ParameterValues } from '../../src/distill/engine.js';
import { eagerEngine } from '../../src/engine/eager.js';
import { eagerEncoder } from '../../src/engine/encoder.js';
import { loadBackend } from '../../src/tensorflow/backend.js';
import { openRecordedRun } from '../fixtures/training.js';

beforeAll(() => loadBackend('cpu'));

/** The first values, and then an error, as from a damaged file. */
async function* cutShort(values: ParameterValues): ParameterValues {
  let count = 0;
  for await (const each of values) {
    if (++count === 3) throw new Error('cut short');
    yield each;
  }
}

it('an engine and an encoder whose parameters cannot all be read leave no tensors', async () => {
  const run = await openRecordedRun('roberta-hidden', 1);
  const { teacher, student } = await run.parameters();
  const before = tf.memory().numTensors;
  const start = { teacher, student: cutShort(student) };
  await expect(eagerEngine(run.distillation, start, run.options)).rejects.toThrow('cut short');
  const again = await run.parameters();
  await expect(eagerEncoder(run.distillation.student, cutShort(again.student))).rejects.toThrow('cut short');
  expect(tf.memory().numTensors).toBe(before);
});
