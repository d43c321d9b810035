import { cpSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkLoads, type PicturesToRun } from '../../src/diffusion/onnx-check.js';
import { outlineOf } from '../../src/diffusion/onnx-outline.js';
import { loadOnnx } from '../../src/diffusion/onnx.js';
import { moveWeights } from '../../src/diffusion/onnx-weights.js';
import { readSignature } from '../../src/diffusion/onnx-signature.js';
import { unetSignature } from '../../src/diffusion/unet.js';
import { temporaryFolder } from '../cli.js';
import { SD_TINY } from '../fixtures/index.js';
import { writeHalvingUnet } from '../fixtures/onnx-halving.js';
import { setOpset, writeIrVersion, writeOperator, writePorts } from '../fixtures/onnx-ports.js';

const UNET = join(SD_TINY, 'unet/model.onnx');
const changedUnet = (): string => join(temporaryFolder(), 'model.onnx');

const picture = (width = 64, height = 64): PicturesToRun => ({
  latents: { name: 'sample', type: 'float32', shape: ['batch', 4, 'height', 'width'] },
  height,
  width,
});

describe('a model', () => {
  it('is checked without its weights', async () => {
    const moved = await moveWeights(UNET, temporaryFolder());
    rmSync(join(moved, '../weights.bin'));
    await checkLoads(moved, picture(), false);
    const outline = (await outlineOf(UNET))!;
    expect(outline.length).toBeLessThan(statSync(UNET).size / 2);
  });

  it('of a future version is refused, for any device', async () => {
    const [opset, ir] = [changedUnet(), changedUnet()];
    cpSync(UNET, opset);
    setOpset(opset, 99);
    await writeIrVersion(UNET, ir, 99);
    for (const isForGpu of [false, true]) {
      await expect(checkLoads(opset, picture(), isForGpu)).rejects.toThrow(
        /^\S+: expected an ONNX opset up to \d+, which ONNX Runtime knows, got 99; export the model with an older one$/,
      );
      await expect(checkLoads(ir, picture(), isForGpu)).rejects.toThrow(
        /^\S+: expected an ONNX IR version up to \d+, which ONNX Runtime knows, got 99; export the model with an older/,
      );
    }
  });

  it('with an operator that a CPU lacks is refused, unless it may be for a GPU', async () => {
    const path = changedUnet();
    await writeOperator(UNET, path, 'Conv', 'Convolve');
    await expect(checkLoads(path, picture(), false)).rejects.toThrow(
      /^\S+: expected an ONNX model that ONNX Runtime can load, got ".*Convolve/,
    );
    await checkLoads(path, picture(), true);
  });

  it('is refused for picture sizes that do not fit its layers, on any device', async () => {
    const path = changedUnet();
    writeHalvingUnet(path);
    const unet = await loadOnnx(path, 'cpu');
    const runsOn = (h: number, w: number) =>
      unet.run({
        sample: { values: new Float32Array(4 * h * w), shape: [1, 4, h, w] },
        timestep: { values: Float32Array.of(1), shape: [1] },
        encoder_hidden_states: { values: new Float32Array(77 * 48), shape: [1, 77, 48] },
      });
    for (const [width, height, near] of [
      [72, 64, '--width 80 --height 64'],
      [64, 8, '--width 64 --height 16'],
      [104, 136, '--width 112 --height 144'],
    ] as const) {
      await expect(runsOn(height / 8, width / 8)).rejects.toThrow('Concat');
      for (const isForGpu of [false, true])
        await expect(checkLoads(path, picture(width, height), isForGpu)).rejects.toThrow(
          `${path}: expected a picture whose size the model can halve and double, got ${width} × ${height} pixels; ` +
            `give one that fits, such as ${near}`,
        );
    }
    for (const [width, height] of [
      [64, 64],
      [80, 16],
    ] as const) {
      await runsOn(height / 8, width / 8);
      await checkLoads(path, picture(width, height), false);
    }
    await unet.release();
  });

  it('of a type that cannot be read back is refused', async () => {
    const path = changedUnet();
    await writePorts(
      UNET,
      path,
      {
        sample: { name: 'sample', type: 'float32', shape: ['b', 4, 'h', 'w'] },
        timestep: { name: 'timestep', type: 'int64', shape: [] },
        encoder_hidden_states: { name: 'encoder_hidden_states', type: 'float32', shape: ['b', 77, 48] },
      },
      { outputs: { out_sample: { name: 'out_sample', type: 'int32', shape: ['b', 4, 'h', 'w'] } } },
    );
    const signature = await readSignature(path);
    expect(() => unetSignature(signature)).toThrow(
      `${path}: expected the output out_sample in float32, float16, got int32; export the model in float32 or float16`,
    );
  });
});
