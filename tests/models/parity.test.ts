import { join } from 'node:path';
import tf from '../../src/base/tfjs.cjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encoderEngine } from '../../src/engine/encoder.js';
import { type EncoderEngine } from '../../src/engine/encoder-engine.js';
import { loadBackend } from '../../src/tensorflow/backend.js';
import { openPretrained } from '../../src/models/pretrained.js';
import { MAX_LENGTH } from '../../src/text/max-length.js';
import { openSafetensors } from '../../src/weights/safetensors.js';
import type { TensorSource } from '../../src/weights/tensor-source.js';
import { BACKENDS_UNDER_TEST } from '../backends.js';
import { largestDifference, PARITY } from '../fixtures/index.js';
import { encoderBounds } from '../float64/bounds.js';

/** How far apart float32 outputs of one text may be: two implementations, each off by what rounding explains. */
type Bounds = Awaited<ReturnType<typeof encoderBounds>>;

/** The bounds of a model's outputs for the first text of a file. */
async function boundsOf(folder: string, file: TensorSource, idsName: string): Promise<Bounds> {
  const { encoder, ...model } = await openPretrained(join(PARITY, folder), 0);
  const text = tf.tensor2d((await file.readInt32(idsName)).slice(0, MAX_LENGTH), [1, MAX_LENGTH], 'int32');
  const { lastHiddenState, poolerOutput } = await encoderBounds(encoder, model.parameters(), text);
  return { lastHiddenState: 2 * lastHiddenState, poolerOutput: 2 * poolerOutput };
}

/**
 * What rounding the weights themselves costs: 1% of the largest hidden value, 3.43. (In float64, with bfloat16's
 * weights, the largest difference is 0.0299.)
 */
const HALF = 1e-2 * 3.43;

/** Without a tolerance: what float32 explains. */
const TEACHERS: readonly [folder: string, tolerance?: number][] = [
  ['teacher'],
  ['variants/teacher-v5-names'],
  ['variants/teacher-inside-full-clip'],
  ['variants/teacher-bin'],
  ['variants/teacher-fp16', HALF],
  ['variants/teacher-bf16', HALF],
];
const STUDENTS = ['student', 'variants/student-sharded'];

let expected: TensorSource;
let bert: TensorSource;
let float32: Readonly<Record<'teacher' | 'student' | 'bert', Bounds>>;
beforeAll(async () => {
  expected = await openSafetensors(join(PARITY, 'forward.safetensors'));
  bert = await openSafetensors(join(PARITY, 'variants/student-bert/forward.safetensors'));
  await loadBackend(BACKENDS_UNDER_TEST[0]);
  float32 = {
    teacher: await boundsOf('teacher', expected, 'teacher_ids_en'),
    student: await boundsOf('student', expected, 'student_ids_ko'),
    bert: await boundsOf('variants/student-bert', bert, 'input_ids'),
  };
});
afterAll(async () => {
  await expected.close();
  await bert.close();
});

async function openEngine(folder: string, masked = false): Promise<EncoderEngine> {
  const model = await openPretrained(join(PARITY, folder), 0);
  return encoderEngine(model.encoder, model.parameters(), { masked });
}

async function encodeFixture(engine: EncoderEngine, idsName: string, maskedPadId?: number) {
  const ids = await expected.readInt32(idsName);
  const mask = maskedPadId === undefined ? undefined : Float32Array.from(ids, (id) => (id === maskedPadId ? 0 : 1));
  const output = await engine.encode(ids, 6, mask);
  engine.dispose();
  return output;
}

describe.each(BACKENDS_UNDER_TEST)('on %s', (backend) => {
  beforeAll(() => loadBackend(backend));

  it.each(TEACHERS)("%s gives PyTorch's hidden states and pooled outputs", async (folder, tolerance) => {
    const { lastHiddenState, poolerOutput } = await encodeFixture(await openEngine(folder), 'teacher_ids_en');
    const bounds = float32.teacher;
    expect(largestDifference(lastHiddenState, await expected.read('teacher_last_hidden_state'))).toBeLessThan(
      tolerance ?? bounds.lastHiddenState,
    );
    expect(largestDifference(poolerOutput, await expected.read('teacher_pooler_output'))).toBeLessThan(
      tolerance ?? bounds.poolerOutput,
    );
  });

  it.each(
    STUDENTS.flatMap((folder) => [
      [folder, 'en'],
      [folder, 'ko'],
    ]),
  )("%s gives PyTorch's outputs for %s", async (folder, language) => {
    const { lastHiddenState, poolerOutput } = await encodeFixture(await openEngine(folder), `student_ids_${language}`);
    expect(
      largestDifference(lastHiddenState, await expected.read(`student_last_hidden_state_${language}`)),
    ).toBeLessThan(float32.student.lastHiddenState);
    expect(largestDifference(poolerOutput, await expected.read(`student_pooler_output_${language}`))).toBeLessThan(
      float32.student.poolerOutput,
    );
  });

  it("variants/student-bert gives PyTorch's outputs", async () => {
    const engine = await openEngine('variants/student-bert');
    const { lastHiddenState, poolerOutput } = await engine.encode(await bert.readInt32('input_ids'), 2);
    engine.dispose();
    expect(largestDifference(lastHiddenState, await bert.read('last_hidden_state'))).toBeLessThan(
      float32.bert.lastHiddenState,
    );
    expect(largestDifference(poolerOutput, await bert.read('pooler_output'))).toBeLessThan(float32.bert.poolerOutput);
  });

  it("a student with an attention mask gives PyTorch's outputs with it", async () => {
    const { lastHiddenState } = await encodeFixture(await openEngine('student', true), 'student_ids_ko', 1);
    expect(largestDifference(lastHiddenState, await expected.read('student_last_hidden_state_ko_masked'))).toBeLessThan(
      float32.student.lastHiddenState,
    );
    expect(largestDifference(lastHiddenState, await expected.read('student_last_hidden_state_ko'))).toBeGreaterThan(
      0.01,
    );
  });

  it('a file without a pooler gives the same hidden states, and a new pooler', async () => {
    const model = await openPretrained(join(PARITY, 'variants/student-masked-lm-bin'), 7);
    expect(model.fresh).toEqual(['pooler.dense.weight', 'pooler.dense.bias']);
    const { lastHiddenState, poolerOutput } = await encodeFixture(
      await encoderEngine(model.encoder, model.parameters()),
      'student_ids_ko',
    );
    expect(largestDifference(lastHiddenState, await expected.read('student_last_hidden_state_ko'))).toBeLessThan(
      float32.student.lastHiddenState,
    );
    expect(largestDifference(poolerOutput, await expected.read('student_pooler_output_ko'))).toBeGreaterThan(0.01);
  });
});
