/**
 * @file Steps whose ops TensorFlow groups for XLA by itself. kd lets it do so on GPUs; on a CPU, which is asked for
 * here, the groups are the same except for those products that oneDNN takes.
 */
import tf from '../../src/base/tfjs.cjs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { randomUniform } from '../../src/base/philox.js';
import type { EngineOptions } from '../../src/engine/engine-options.js';
import { compiledEngine } from '../../src/engine/compiled.js';
import { Graph } from '../../src/engine/graph/graph.js';
import { record } from '../../src/engine/graph/recorder.js';
import { openSession } from '../../src/engine/graph/session.js';
import { placeholder } from '../../src/engine/graph/variables.js';
import { statelessUniform } from '../../src/models/dropout.js';
import { loadBackend } from '../../src/tensorflow/backend.js';
import { BACKENDS_UNDER_TEST } from '../backends.js';
import { largestDifference } from '../fixtures/index.js';
import { openRecordedRun, readRecording } from '../fixtures/training.js';

describe.runIf(BACKENDS_UNDER_TEST.includes('tensorflow'))('a step grouped by TensorFlow for XLA', () => {
  beforeAll(async () => {
    vi.stubEnv('TF_XLA_FLAGS', '--tf_xla_auto_jit=2 --tf_xla_cpu_global_jit --tf_xla_min_cluster_size=1');
    await loadBackend('tensorflow', 'cpu');
  });
  afterAll(() => {
    vi.unstubAllEnvs();
  });

  it('draws the same random numbers as every backend', async () => {
    const graph = new Graph();
    const seed = placeholder(graph, 'seed', [2], 'int32');
    const output = record(graph, ({ tensor, value }) =>
      value(tf.add(tf.sqrt(statelessUniform([50, 20], tensor(seed))), 1)),
    );
    const session = openSession(graph.nodes);
    const [drawn] = await session.run([[seed, Int32Array.of(7, -3)]], [output]);
    session.close();
    const expected = randomUniform(1000, [7, -3]).map((x) => Math.fround(Math.sqrt(x)) + 1);
    expect(largestDifference(drawn.data, expected)).toBeLessThan(2 ** -22);
  });

  it("gives PyTorch's values at every step", async () => {
    const { batch_size: size, log } = readRecording('roberta-pooler');
    const run = await openRecordedRun('roberta-pooler', size);
    const options: EngineOptions = { ...run.options, fused: false, teacherParts: 1 }; // as on a GPU
    const engine = await compiledEngine(run.distillation, await run.parameters(), options, 77);
    for (const [i, expected] of log.entries()) {
      const { lossEn, lossKo, gradNorm } = await engine.step([run.batch(i)], expected.lr);
      expect(Math.abs(lossEn / expected.loss_en - 1)).toBeLessThan(1e-5);
      expect(Math.abs(lossKo / expected.loss_ko - 1)).toBeLessThan(1e-5);
      expect(Math.abs(gradNorm / expected.grad_norm - 1)).toBeLessThan(1e-4);
    }
    engine.dispose();
  });
});
