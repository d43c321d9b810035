import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { openSafetensors } from '../../src/weights/safetensors.js';
import type { TensorToWrite } from '../../src/weights/safetensors-writer.js';
import { createSafetensors, writeSafetensors } from '../../src/weights/safetensors-writer.js';
import { failureOf, fileOf, fixture, readAll, temporaryFolder } from './support.js';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await temporaryFolder();
  path = join(folder, 'model.safetensors');
});

const vector = (name: string, ...values: number[]): TensorToWrite => ({
  name,
  dtype: 'F32',
  shape: [values.length],
  values: Float32Array.from(values),
});

describe('writeSafetensors', () => {
  it.each(['student', 'variants/teacher-v5-names', 'variants/teacher-fp16', 'variants/teacher-bf16'])(
    'writes %s byte for byte as the reference implementation did',
    async (model) => {
      const original = fixture(`${model}/model.safetensors`);
      const source = await openSafetensors(original);
      const tensors = [...source.tensors.values()]
        .reverse()
        .map(({ name, dtype, shape }) => ({ name, dtype, shape, values: () => source.read(name) }) as TensorToWrite);
      await writeSafetensors(path, tensors);
      await source.close();
      expect((await readFile(path)).equals(await readFile(original))).toBe(true);
    },
  );

  it('puts wider types first, then sorts by name', async () => {
    const half = { name: 'a', dtype: 'F16', shape: [1], values: Float32Array.of(0.1) } as const;
    const integers = { name: 'b', dtype: 'I32', shape: [1, 2], values: Int32Array.of(-1, 2) } as const;
    await writeSafetensors(path, [half, integers, vector('d', 4), vector('c', 3)], {});
    const source = await openSafetensors(path);
    expect([...source.tensors.keys()]).toEqual(['c', 'd', 'b', 'a']);
    expect(await readAll(source)).toEqual(
      new Map([
        ['c', [3]],
        ['d', [4]],
        ['b', [-1, 2]],
        ['a', [0.0999755859375]],
      ]),
    );
    await source.close();
  });

  it('aligns the tensors to 8 bytes', async () => {
    for (const name of ['a', 'ab', 'abc', '가']) {
      await writeSafetensors(path, [vector(name, 1)], { format: 'pt' });
      expect(Number((await readFile(path)).readBigUInt64LE()) % 8).toBe(0);
    }
  });

  it('requests one tensor’s values at a time', async () => {
    let open = 0;
    const lazy = (name: string): TensorToWrite => ({
      name,
      dtype: 'F32',
      shape: [2],
      values: async () => {
        expect(++open).toBe(1);
        await new Promise((resolve) => setImmediate(resolve));
        open--;
        return Float32Array.of(1, 2);
      },
    });
    await writeSafetensors(path, ['x', 'y', 'z'].map(lazy));
    const source = await openSafetensors(path);
    expect(source.tensors.size).toBe(3);
    await source.close();
  });

  it('keeps the old file and nothing else when a tensor fails', async () => {
    await fileOf(folder, 'model.safetensors', 'old');
    const failing: TensorToWrite = {
      name: 'x',
      dtype: 'F32',
      shape: [1],
      values: () => Promise.reject(new Error('no values')),
    };
    await expect(writeSafetensors(path, [vector('a', 1), failing])).rejects.toThrow('no values');
    expect(await readFile(path, 'utf8')).toBe('old');
    expect(await readdir(folder)).toEqual(['model.safetensors']);
  });

  it('reports where it cannot write', async () => {
    const nowhere = join(folder, 'nowhere', 'a.safetensors');
    expect(await failureOf(writeSafetensors(nowhere, []))).toBe(
      `${nowhere}: cannot be written: there is no folder ${join(folder, 'nowhere')}; make it first`,
    );
    const occupied = join(folder, 'occupied');
    await mkdir(occupied);
    expect(await failureOf(writeSafetensors(occupied, []))).toBe(`${occupied}: cannot be written: is a folder`);
    expect(await readdir(folder)).toEqual(['occupied']);
  });

  it('refuses two tensors of one name, a wrong number of values, and values of the wrong type', async () => {
    await expect(writeSafetensors(path, [vector('a', 1), vector('a', 2)])).rejects.toThrow('two tensors are named a');
    await expect(writeSafetensors(path, [{ ...vector('a', 1, 2), shape: [3] }])).rejects.toThrow(
      'a needs 3 values, got 2',
    );
    await expect(writeSafetensors(path, [{ ...vector('a', 1, 2), shape: [1] }])).rejects.toThrow(
      'a is [1], got 2 values at 0',
    );
    await expect(writeSafetensors(path, [{ ...vector('a', 1), dtype: 'I32' }])).rejects.toThrow(
      'a is I32, got Float32Array',
    );
    expect(await readdir(folder)).toEqual([]);
  });
});

describe('createSafetensors', () => {
  it('is filled in blocks of rows, in any order', async () => {
    const file = await createSafetensors(path, [
      { name: 'last_hidden_state', dtype: 'F32', shape: [3, 2, 2] },
      { name: 'input_ids', dtype: 'I32', shape: [3, 2] },
    ]);
    await file.write('input_ids', 4, Int32Array.of(5, 6));
    await file.write('last_hidden_state', 8, Float32Array.of(9, 10, 11, 12));
    await file.write('last_hidden_state', 0, Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8));
    expect((await readdir(folder)).includes('model.safetensors')).toBe(false);
    await file.write('input_ids', 0, Int32Array.of(1, 2, 3, 4));
    await file.finish();
    const source = await openSafetensors(path);
    expect(await readAll(source)).toEqual(
      new Map([
        ['last_hidden_state', [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]],
        ['input_ids', [1, 2, 3, 4, 5, 6]],
      ]),
    );
    await source.close();
    expect(await readdir(folder)).toEqual(['model.safetensors']);
  });

  it('does not finish before every tensor is filled, and can then be discarded', async () => {
    const file = await createSafetensors(path, [{ name: 'a', dtype: 'F32', shape: [2] }]);
    await file.write('a', 0, Float32Array.of(1));
    await expect(file.finish()).rejects.toThrow('a needs 2 values, got 1');
    await file.discard();
    await file.discard();
    expect(await readdir(folder)).toEqual([]);
  });
});
