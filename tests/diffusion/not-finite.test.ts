/** @file Values that are not finite on the way to a picture: each is refused where it first appears. */
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { noiseFromSeed, readNoise } from '../../src/diffusion/noise.js';
import { openPipeline } from '../../src/diffusion/pipeline.js';
import { readScheduler } from '../../src/diffusion/pipeline-check.js';
import { writeSafetensors } from '../../src/weights/safetensors-writer.js';
import { temporaryFolder } from '../cli.js';
import { SD_TINY } from '../fixtures/index.js';
import { writeLastWeight } from '../fixtures/onnx-values.js';

const TEXT = new Float32Array(77 * 48).fill(0.5);

/** Draws with a weight of a file changed. Returns the steps that were done. */
async function draw(file?: string, value = NaN, guidance = 7.5): Promise<number> {
  const folder = join(temporaryFolder(), 'pipeline');
  cpSync(SD_TINY, folder, { recursive: true });
  if (file !== undefined) await writeLastWeight(join(folder, file), value);
  const pipeline = await openPipeline(folder, await readScheduler(folder, 'unipc'), 'cpu');
  let steps = 0;
  try {
    const latents = await pipeline.denoise({
      ...noiseFromSeed(0, 64, 64),
      prompt: TEXT,
      negative: TEXT.map((x) => -x),
      guidance,
      steps: 3,
      onStep: () => {
        steps++;
      },
    });
    await pipeline.decode(latents, 64, 64);
    return steps;
  } catch (error) {
    expect(steps).toBe(file === 'vae_decoder/model.onnx' ? 3 : 0);
    throw error;
  } finally {
    await pipeline.release();
  }
}

describe('non-finite values', () => {
  it.each([
    ['unet/model.onnx', 'out_sample', NaN],
    ['unet/model.onnx', 'out_sample', Infinity],
    ['vae_decoder/model.onnx', 'sample', NaN],
  ])('in the weights of %s stop the drawing: %s, %d', async (file, output, value) => {
    await expect(draw(file, value)).rejects.toThrow(
      new RegExp(
        `${file}: expected finite numbers as "?${output}"?, got (NaN|-?Infinity): the file is damaged, or a float16 ` +
          'model overflowed; get the file again, or use one in float32$',
      ),
    );
  });

  it('result from a guidance that is too large', async () => {
    await expect(draw(undefined, undefined, 1e39)).rejects.toThrow(
      /^--guidance 1e\+39: expected finite latents, got (NaN|-?Infinity) after step 1 of 3; give a smaller one, or another --scheduler$/,
    );
    expect(await draw()).toBe(3);
  });

  it('are not accepted as noise', async () => {
    const path = join(temporaryFolder(), 'noise.safetensors');
    const values = new Float32Array(4 * 8 * 8).fill(NaN, 7);
    await writeSafetensors(path, [{ name: 'noise', dtype: 'F32', shape: [1, 4, 8, 8], values }]);
    await expect(readNoise(path)).rejects.toThrow(`${path}: expected finite numbers as noise, got NaN; make the file`);
  });
});
