import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { openSafetensors } from '../../src/weights/safetensors.js';
import { openTorchBin } from '../../src/weights/torch-bin.js';
import { MUTATIONS, mutate, refusals } from '../mutations.js';
import { fileOf, float32Bytes, pickle, randomIntegers, readAll, temporaryFolder, torchBytes } from './support.js';
import { writeSafetensors } from '../../src/weights/safetensors-writer.js';

/** Two tensors whose bytes are few beside those that describe them. */
const TENSORS = [
  { name: 'encoder.weight', dtype: 'F32', shape: [2, 3], values: Float32Array.of(1, 2, 3, 4, 5, 6) },
  { name: 'encoder.bias', dtype: 'F16', shape: [2], values: Float32Array.of(1, 2) },
] as const;

async function safetensorsOriginal(folder: string): Promise<Buffer> {
  const path = `${folder}/original.safetensors`;
  await writeSafetensors(path, TENSORS);
  return readFile(path);
}

function torchOriginal(): Buffer {
  const body = pickle.dict(
    pickle.text('encoder.weight'),
    pickle.tensor(pickle.storage('FloatStorage', '0', 6), 0, [2, 3], [1, 2]),
    pickle.text('encoder.bias'),
    pickle.tensor(pickle.storage('HalfStorage', '1', 2), 0, [2], [1]),
  );
  return torchBytes(pickle.file(body), { 0: float32Bytes(1, 2, 3, 4, 5, 6), 1: Buffer.alloc(4) });
}

it.each([
  ['safetensors', openSafetensors, safetensorsOriginal],
  ['pytorch_model.bin', openTorchBin, torchOriginal],
] as const)(
  `a ${MUTATIONS} times damaged %s is read or refused in one line, and nothing else happens`,
  async (name, open, originalIn) => {
    const folder = await temporaryFolder();
    const original = await originalIn(folder);
    const refused = await refusals(MUTATIONS, randomIntegers(20), async (random) => {
      const path = await fileOf(folder, name, mutate(original, random));
      const source = await open(path);
      try {
        await readAll(source);
      } finally {
        await source.close();
      }
    });
    expect(refused).toBeGreaterThan(MUTATIONS / 2);
    expect(refused).toBeLessThan(MUTATIONS);
  },
);
