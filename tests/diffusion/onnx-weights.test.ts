import {
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { InferenceSession } from 'onnxruntime-node';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { loadOnnx } from '../../src/diffusion/onnx.js';
import { checkWeights, moveWeights } from '../../src/diffusion/onnx-weights.js';
import { bytes, integer } from '../../src/base/protobuf.js';
import { GRAPH, MODEL, TENSOR } from '../../src/onnx/format.js';
import { InputError } from '../../src/base/errors.js';
import { temporaryFolder } from '../cli.js';
import { writeFloat16 } from '../fixtures/float16.js';
import { SD_TINY } from '../fixtures/index.js';
import { readOnnx, type Change } from '../fixtures/onnx-rewrite.js';

const UNET = join(SD_TINY, 'unet/model.onnx');

let folder: string;
let model: string;
beforeEach(() => {
  folder = temporaryFolder();
  model = join(folder, 'model.onnx');
});

describe('the weights of an ONNX file', () => {
  it('are found by type and position', async () => {
    expect(await checkWeights(UNET)).toEqual({ hasFloat16: false, hasFilesBeside: false });
    await writeFloat16(UNET, model);
    expect(await checkWeights(model)).toEqual({ hasFloat16: true, hasFilesBeside: false });
    await writeFloat16(UNET, model, 'weights.pb');
    expect(await checkWeights(model)).toEqual({ hasFloat16: true, hasFilesBeside: true });
  });

  it('are moved to a file of their own, each aligned to a page; small ones stay', async () => {
    await writeFloat16(UNET, model);
    const moved = await moveWeights(model, temporaryFolder());
    expect(await checkWeights(moved)).toEqual({ hasFloat16: true, hasFilesBeside: true });
    const weights = readFileSync(join(moved, '../weights.bin'));
    expect(weights).toHaveLength(2 * 4096 + 2 * (4 * 16 * 3 * 3)); // two pages, and the last of the three weights
    expect(readFileSync(moved).length).toBeLessThan(readFileSync(model).length - 3000);
    expect(await answerOf(moved)).toEqual(await answerOf(model));
  });

  it.each([
    ['inside', undefined, ['kd-/model.onnx', 'kd-/optimized.onnx']],
    ['beside', 'weights.pb', ['', 'kd-/optimized.onnx']],
  ])(
    'in float16 %s the file are mapped from temporary files, which are removed once the model is loaded',
    async (_, beside, loads) => {
      await writeFloat16(UNET, model, beside);
      const temporary = temporaryFolder();
      vi.stubEnv('TMPDIR', temporary);
      const create = vi.spyOn(InferenceSession, 'create');
      const loaded = await loadOnnx(model, 'cpu');
      const paths = create.mock.calls.map(([path]) =>
        String(path)
          .replace(model, '')
          .replace(/^.*\/(kd-)[^/]+/, '$1'),
      );
      vi.unstubAllEnvs();
      vi.restoreAllMocks();
      expect(paths).toEqual(loads);
      expect(readdirSync(temporary)).toEqual([]);
      expect(Math.max(...(await loaded.run(INPUTS)).values)).toBeGreaterThan(0.1); // after all the files are gone
      await loaded.release();
    },
  );

  it('may be links, as the hub keeps them', async () => {
    const [blobs, snapshot] = ['blobs', 'snapshot'].map((name) => join(folder, name));
    for (const path of [blobs, snapshot]) mkdirSync(path);
    await writeFloat16(UNET, model, 'weights.pb');
    for (const [i, name] of ['model.onnx', 'weights.pb'].entries()) {
      copyFileSync(join(folder, name), join(blobs, String(i)));
      symlinkSync(join('../blobs', String(i)), join(snapshot, name));
    }
    expect(await answerOf(join(snapshot, 'model.onnx'))).toEqual(await answerOf(model));
  });

  it('are reported in one line if missing or cut short', async () => {
    await writeFloat16(UNET, model, 'weights.pb');
    const beside = join(folder, 'weights.pb');
    truncateSync(beside, 2000);
    await expect(checkWeights(model)).rejects.toThrow(`${beside}: expected weights of `);
    rmSync(beside);
    await expect(checkWeights(model)).rejects.toThrow(
      `${beside}: expected weights of ${model}, found no such file; get it, and put it there`,
    );
  });

  /** Writes a model with a field of its weights changed. */
  async function writeWeights(from: string, number: number, change: (content: Buffer) => Buffer): Promise<void> {
    const { file, changed, within } = readOnnx(from);
    const part: Change = ({ number: found, content, end }) =>
      found === number ? change(file.subarray(content, end)) : undefined;
    const whole = within(MODEL.graph, within(GRAPH.initializer, part));
    writeFileSync(model, await changed({ content: 0, end: file.length }, whole));
  }
  const raw = (content: Uint8Array): Buffer => bytes(TENSOR.rawData, content);

  it.each<[string, number, (content: Buffer) => Buffer, string]>([
    ['fewer', TENSOR.rawData, (it) => raw(it.subarray(8)), 'expected 2304 bytes for W [16, 4, 3, 3], got 2296'],
    ['more', TENSOR.rawData, (it) => raw(Buffer.concat([it, it])), 'expected 2304 bytes for W [16, 4, 3, 3], got 4608'],
    ['none', TENSOR.rawData, () => Buffer.alloc(0), 'expected 2304 bytes for W [16, 4, 3, 3], got 0'],
    [
      'fewer, as floats',
      TENSOR.rawData,
      (it) => bytes(TENSOR.floats, it.subarray(4)),
      'expected 2304 bytes for W [16, 4, 3, 3], got 2300',
    ],
    ['below zero', TENSOR.dims, () => integer(TENSOR.dims, -1), 'expected sizes of 0 or more for W [-1, -1, -1, -1]'],
  ])('are checked before loading if values and shape differ: %s', async (_, number, change, message) => {
    await writeWeights(UNET, number, change);
    await expect(checkWeights(model)).rejects.toThrow(`${model}: ${message.replace('W', 'the weight w1 of float32')}`);
    await expect(checkWeights(model)).rejects.toThrow(/; get the file again$/);
  });

  it('may be lists of floats', async () => {
    await writeWeights(UNET, TENSOR.rawData, (it) => (it.length > 16 ? bytes(TENSOR.floats, it) : raw(it)));
    await checkWeights(model);
    await (await loadOnnx(model, 'cpu')).release();
  });

  it.each([
    ['length', '8', 'expected 1152 bytes in weights.pb for W, got 8'],
    ['length', '4000', 'expected 1152 bytes in weights.pb for W, got 4000'],
    ['offset', '-8', 'expected whole numbers as the place in weights.pb for W, got offset -8, length 1152'],
    ['offset', '0x10', 'expected whole numbers as the place in weights.pb for W, got offset 0x10, length 1152'],
    ['location', '../weights.pb', 'expected a file in the same folder for W, got ../weights.pb'],
    ['location', '/weights.pb', 'expected a file in the same folder for W, got /weights.pb'],
    ['location', '', 'expected the name of a file for W, got none'],
  ])(
    'are checked before loading if their position in an external file is wrong: %s %s',
    async (key, value, message) => {
      await writeFloat16(UNET, model, 'weights.pb');
      await writeWeights(model, TENSOR.externalData, (it) =>
        bytes(TENSOR.externalData, it.includes(key) ? [bytes(1, key), bytes(2, value)] : it),
      );
      await expect(checkWeights(model)).rejects.toThrow(
        `${model}: ${message.replace('W', 'the weight w1 of float16 [16, 4, 3, 3]')}; get the file again`,
      );
    },
  );

  it('of a file that is cut short anywhere are reported in one line', async () => {
    const whole = readFileSync(UNET);
    for (let length = 0; length < whole.length; length += 97) {
      writeFileSync(model, whole.subarray(0, length));
      const error = await loadOnnx(model, 'cpu').catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(InputError);
      expect((error as Error).message).toMatch(/^\S+model\.onnx: expected [^\n]+; get [^\n]+ again$/);
    }
  });
});

const wave = (...shape: number[]) => ({
  values: Float32Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => Math.sin(i)),
  shape,
});
const INPUTS = {
  sample: wave(2, 4, 8, 8),
  timestep: { values: Float32Array.of(500), shape: [1] },
  encoder_hidden_states: wave(2, 77, 48),
};

/** A model's output for the inputs. */
async function answerOf(path: string): Promise<Float32Array> {
  const loaded = await loadOnnx(path, 'cpu');
  const { values } = await loaded.run(INPUTS);
  await loaded.release();
  return values;
}
