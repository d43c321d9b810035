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
import { InputError } from '../../src/base/errors.js';
import { temporaryFolder } from '../cli.js';
import { writeFloat16 } from '../fixtures/float16.js';
import { SD_TINY } from '../fixtures/index.js';

const UNET = join(SD_TINY, 'unet/model.onnx');

let folder: string;
let model: string;
beforeEach(() => {
  folder = temporaryFolder();
  model = join(folder, 'model.onnx');
});

describe('the weights of an ONNX file', () => {
  it('are found by type and place', async () => {
    expect(await checkWeights(UNET)).toEqual({ hasFloat16: false, hasFilesBeside: false });
    await writeFloat16(UNET, model);
    expect(await checkWeights(model)).toEqual({ hasFloat16: true, hasFilesBeside: false });
    await writeFloat16(UNET, model, 'weights.pb');
    expect(await checkWeights(model)).toEqual({ hasFloat16: true, hasFilesBeside: true });
  });

  it('are moved to a file of their own, each from a page on; small ones stay', async () => {
    await writeFloat16(UNET, model);
    const moved = await moveWeights(model, temporaryFolder());
    expect(await checkWeights(moved)).toEqual({ hasFloat16: true, hasFilesBeside: true });
    const weights = readFileSync(join(moved, '../weights.bin'));
    expect(weights).toHaveLength(2 * 4096 + 2 * (4 * 16 * 3 * 3)); // of three weights, the last as long
    expect(readFileSync(moved).length).toBeLessThan(readFileSync(model).length - 3000);
    expect(await answerOf(moved)).toEqual(await answerOf(model));
  });

  it.each([
    ['inside', undefined, ['kd-/model.onnx', 'kd-/optimized.onnx']],
    ['beside', 'weights.pb', ['', 'kd-/optimized.onnx']],
  ])(
    'in float16 %s the file are mapped from temporary files, which are gone once the model is loaded',
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

  it('are missing or cut short in one line', async () => {
    await writeFloat16(UNET, model, 'weights.pb');
    const beside = join(folder, 'weights.pb');
    truncateSync(beside, 2000);
    await expect(checkWeights(model)).rejects.toThrow(`${beside}: expected weights of `);
    rmSync(beside);
    await expect(checkWeights(model)).rejects.toThrow(
      `${beside}: expected weights of ${model}, found no such file; get it, and put it there`,
    );
  });

  it('make one line of a file that is cut short anywhere', async () => {
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

/** What a model makes of the inputs. */
async function answerOf(path: string): Promise<Float32Array> {
  const loaded = await loadOnnx(path, 'cpu');
  const { values } = await loaded.run(INPUTS);
  await loaded.release();
  return values;
}
