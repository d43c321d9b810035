import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { encoderEngine } from '../../src/engine/encoder.js';
import { loadBackend } from '../../src/tensorflow/backend.js';
import type { JsonObject } from '../../src/base/json-schema.js';
import { exportedConfig } from '../../src/models/exported-config.js';
import { writeModelFolder } from '../../src/models/model-folder.js';
import { openPretrained, withFreshProjection, type PretrainedModel } from '../../src/models/pretrained.js';
import { writeSafetensors } from '../../src/weights/safetensors-writer.js';
import { openSafetensors } from '../../src/weights/safetensors.js';
import { BACKENDS_UNDER_TEST } from '../backends.js';
import { temporaryFolder } from '../cli.js';
import { PARITY } from '../fixtures/index.js';
import { UNIT_ROUNDOFF } from '../float64/bounds.js';

const IDS = Int32Array.from({ length: 2 * 77 }, (_, place) => 5 + ((7 * place) % 600));
const WIDTH = 48;

async function encode(model: PretrainedModel) {
  const engine = await encoderEngine(model.encoder, model.parameters());
  const output = await engine.encode(IDS, 2);
  engine.dispose();
  return output;
}

/**
 * How many times over `x Wᵀ + b` is further from float64's than float32 explains: `n + 1` roundings of the sum of the
 * terms' sizes (Higham, Accuracy and Stability of Numerical Algorithms, 3.1). At most 1 for a right one.
 */
function excess(projected: Float32Array, x: Float32Array, weight: Float32Array, bias: Float32Array): number {
  expect(projected).toHaveLength((x.length / WIDTH) * bias.length);
  return Math.max(
    ...Array.from(projected, (value, index) => {
      const [row, out] = [Math.floor(index / bias.length), index % bias.length];
      const terms = Array.from({ length: WIDTH }, (_, i) => x[row * WIDTH + i] * weight[out * WIDTH + i]);
      terms.push(bias[out]);
      const exact = terms.reduce((sum, term) => sum + term, 0);
      const size = terms.reduce((sum, term) => sum + Math.abs(term), 0);
      return Math.abs(value - exact) / ((WIDTH + 1) * UNIT_ROUNDOFF * size);
    }),
  );
}

async function projectedFolder(): Promise<string> {
  const folder = temporaryFolder();
  const model = withFreshProjection(await openPretrained(join(PARITY, 'student'), 0), 24, 5);
  await writeModelFolder(folder, {
    parameters: model.parameters(),
    shapes: model.encoder.shapes,
    config: exportedConfig(model.configJson),
    files: [],
  });
  return folder;
}

describe.each(BACKENDS_UNDER_TEST)('a projection on %s', (backend) => {
  beforeAll(() => loadBackend(backend));

  it('maps hidden states and pooled outputs with its own file', async () => {
    const folder = await projectedFolder();
    const plain = await encode(await openPretrained(join(PARITY, 'student'), 0));
    const model = await openPretrained(folder, 0);
    expect([model.encoder.width, model.encoder.config.hiddenSize]).toEqual([24, 48]);
    const { lastHiddenState, poolerOutput } = await encode(model);
    const file = await openSafetensors(join(folder, 'projection.safetensors'));
    const [weight, bias] = [await file.read('weight'), await file.read('bias')];
    await file.close();
    expect(Math.max(...weight)).toBeGreaterThan(0.1);
    expect(excess(lastHiddenState, plain.lastHiddenState, weight, bias)).toBeLessThan(1);
    expect(excess(poolerOutput, plain.poolerOutput, weight, bias)).toBeLessThan(1);
  });
});

describe('the folder of a projected model', () => {
  it('separates the projection from what transformers knows', async () => {
    const folder = await projectedFolder();
    expect(readdirSync(folder).sort()).toEqual(['config.json', 'model.safetensors', 'projection.safetensors']);
    const own = await openSafetensors(join(folder, 'model.safetensors'));
    const original = await openSafetensors(join(PARITY, 'student/model.safetensors'));
    expect([...own.tensors.keys()].sort()).toEqual(
      [...original.tensors.keys()].filter((name) => !name.includes('position_ids')).sort(),
    );
    for (const file of [own, original]) await file.close();
  });

  it('is refused if the projection is for another width', async () => {
    const folder = await projectedFolder();
    const tensor = (name: string, shape: number[]) => ({
      name,
      dtype: 'F32' as const,
      shape,
      values: new Float32Array(shape.reduce((a, b) => a * b)),
    });
    await writeSafetensors(join(folder, 'projection.safetensors'), [tensor('weight', [24, 32]), tensor('bias', [24])]);
    await expect(openPretrained(folder, 0)).rejects.toThrow(
      'projection.safetensors: weight: expected [24, 48], found [24, 32]',
    );
  });

  const configOf = (folder: string): JsonObject =>
    JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8')) as JsonObject;

  it('is said to have one in its configuration, and refused without it', async () => {
    const folder = await projectedFolder();
    expect(configOf(folder)).toMatchObject({ kd_projection_dim: 24, hidden_size: 48 });
    rmSync(join(folder, 'projection.safetensors'));
    await expect(openPretrained(folder, 0)).rejects.toThrow(
      `${folder}/projection.safetensors: expected the projection to width 24 of which config.json tells, found no ` +
        'such file; copy the file from where the model came from, or remove kd_projection_dim from config.json to ' +
        'use the model without it',
    );
    writeFileSync(join(folder, 'config.json'), JSON.stringify({ ...configOf(folder), kd_projection_dim: undefined }));
    expect((await openPretrained(folder, 0)).encoder.width).toBe(48);
  });

  it('is refused if its configuration says another width', async () => {
    const folder = await projectedFolder();
    writeFileSync(join(folder, 'config.json'), JSON.stringify({ ...configOf(folder), kd_projection_dim: 32 }));
    await expect(openPretrained(folder, 0)).rejects.toThrow(
      'expected the projection to width 32 of which config.json tells, found one to width 24; ',
    );
  });

  it('may be of an earlier version, whose configuration does not tell of it', async () => {
    const folder = await projectedFolder();
    writeFileSync(join(folder, 'config.json'), JSON.stringify({ ...configOf(folder), kd_projection_dim: undefined }));
    const model = await openPretrained(folder, 0);
    expect(model.encoder.width).toBe(24);
    expect(JSON.parse(exportedConfig(model.configJson))).toMatchObject({ kd_projection_dim: 24 });
  });
});
