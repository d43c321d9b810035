import { statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { writeOnnx } from '../../src/export/onnx/model-file.js';
import { encodeWithOnnxRuntime } from '../../src/export/onnx/runtime.js';
import { openPretrained } from '../../src/models/pretrained.js';
import { countParameters } from '../../src/models/text-encoder.js';
import { temporaryFolder } from '../cli.js';
import { STUDENT } from '../commands/tiny.js';

it('weights too large for a protobuf message are stored beside it, and give the same outputs', async () => {
  const folder = temporaryFolder();
  const model = await openPretrained(STUDENT, 0);
  const [inside, beside] = [join(folder, 'inside.onnx'), join(folder, 'beside.onnx')];
  await writeOnnx(inside, model);
  await writeOnnx(beside, model, 1000);
  const bytes = 4 * countParameters(model.encoder.shapes);
  expect(statSync(`${beside}_data`).size).toBe(bytes);
  expect(statSync(inside).size).toBeGreaterThan(bytes);
  expect(statSync(beside).size).toBeLessThan(0.1 * bytes);
  const ids = Int32Array.from({ length: 2 * 77 }, (_, i) => 3 + ((i * 7) % 600));
  const expected = await encodeWithOnnxRuntime(inside, ids, 2);
  expect(expected.lastHiddenState.some((value) => value !== 0)).toBe(true);
  expect(await encodeWithOnnxRuntime(beside, ids, 2)).toEqual(expected);
});
