import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/base/errors.js';
import { openWeights } from '../../src/weights/folder.js';
import { loadParameters } from '../../src/weights/parameters.js';
import type { TensorInfo, TensorSource } from '../../src/weights/tensor-source.js';
import { fixture } from './support.js';

type Shapes = Record<string, readonly number[]>;

/** The shapes of a fixture's floating-point tensors: what a model of that kind expects. */
async function shapesOf(model: string): Promise<Shapes> {
  const source = await openWeights(fixture(model));
  await source.close();
  return Object.fromEntries(
    [...source.tensors.values()].filter(({ dtype }) => dtype !== 'I64').map(({ name, shape }) => [name, shape]),
  );
}

async function valuesOf(
  model: string,
  expected: Shapes,
  optional = (): boolean => false,
): Promise<{ missing: readonly string[]; values: Map<string, Float32Array> }> {
  const source = await openWeights(fixture(model));
  const parameters = loadParameters(source, expected, { optional });
  const values = new Map<string, Float32Array>();
  for await (const [name, value] of parameters.read()) values.set(name, value);
  await source.close();
  return { missing: parameters.missing, values };
}

function largestDifference(a: Map<string, Float32Array>, b: Map<string, Float32Array>): number {
  expect([...a.keys()]).toEqual([...b.keys()]);
  let largest = 0;
  for (const [name, values] of a)
    values.forEach((value, i) => (largest = Math.max(largest, Math.abs(value - b.get(name)![i]))));
  return largest;
}

/** A checkpoint in memory, each tensor filled with its place in the list. */
function sourceOf(
  ...tensors: readonly (readonly [name: string, shape: readonly number[], dtype?: TensorInfo['dtype']])[]
): TensorSource {
  const infos = tensors.map(([name, shape, dtype = 'F32']) => ({ name, shape, dtype }));
  return {
    location: 'model.safetensors',
    tensors: new Map(infos.map((info) => [info.name, info])),
    read: (name) => Promise.resolve(Float32Array.of(infos.findIndex((info) => info.name === name))),
    readInt32: () => Promise.reject(new Error('not read')),
    close: () => Promise.resolve(),
  };
}

async function placesOf(source: TensorSource, expected: Shapes): Promise<Record<string, number>> {
  const places: Record<string, number> = {};
  for await (const [name, [place]] of loadParameters(source, expected).read()) places[name] = place;
  return places;
}

function failureOf(source: TensorSource, expected: Shapes): string {
  try {
    loadParameters(source, expected);
  } catch (error) {
    expect(error).toBeInstanceOf(InputError);
    return (error as InputError).message;
  }
  throw new Error('expected a failure');
}

describe('every variant of a fixture has the parameters of the plain one', () => {
  it.each([
    ['teacher', 0],
    ['variants/teacher-v5-names', 0],
    ['variants/teacher-inside-full-clip', 0],
    ['variants/teacher-bin', 0],
    ['variants/teacher-fp16', 2 ** -11],
    ['variants/teacher-bf16', 2 ** -8],
  ])('%s', async (variant, roundingUnit) => {
    const expected = await shapesOf('teacher');
    expect(Object.keys(expected)).toHaveLength(52);
    const plain = await valuesOf('teacher', expected);
    const { missing, values } = await valuesOf(variant, expected);
    expect(missing).toEqual([]);
    const largest = Math.max(...[...plain.values.values()].map((value) => Math.max(...value.map(Math.abs))));
    const difference = largestDifference(values, plain.values);
    expect(difference).toBeLessThanOrEqual(largest * roundingUnit);
    expect(difference > 0).toBe(roundingUnit > 0);
  });

  it.each(['student', 'variants/student-sharded'])('%s', async (variant) => {
    const expected = await shapesOf('student');
    const { missing, values } = await valuesOf(variant, expected);
    expect(missing).toEqual([]);
    expect(largestDifference(values, (await valuesOf('student', expected)).values)).toBe(0);
  });

  it('variants/student-masked-lm-bin, but for the pooler', async () => {
    const expected = await shapesOf('student');
    const isPooler = (name?: string): boolean => name?.startsWith('pooler.') ?? false;
    const { missing, values } = await valuesOf('variants/student-masked-lm-bin', expected, isPooler);
    expect(missing).toEqual(['pooler.dense.bias', 'pooler.dense.weight']);
    const plain = (await valuesOf('student', expected)).values;
    for (const name of missing) plain.delete(name);
    expect(largestDifference(values, plain)).toBe(0);
  });

  it('model names without a prefix, file names with one', async () => {
    const expected = await shapesOf('variants/teacher-v5-names');
    const { values } = await valuesOf('variants/teacher-inside-full-clip', expected);
    expect(largestDifference(values, (await valuesOf('variants/teacher-v5-names', expected)).values)).toBe(0);
  });
});

describe('names', () => {
  const layer = 'encoder.layers.0.weight';

  it('of a vision tower are never used', async () => {
    const clip = sourceOf([`vision_model.${layer}`, [1]], [`text_model.${layer}`, [1]], [layer, [1]]);
    expect(await placesOf(clip, { [`text_model.${layer}`]: [1] })).toEqual({ [`text_model.${layer}`]: 1 });
    expect(failureOf(sourceOf([`vision_model.${layer}`, [1]]), { [layer]: [1] })).toContain('found no such tensor');
    expect(failureOf(sourceOf([`vision_model.${layer}`, [1]]), { [`text_model.${layer}`]: [1] })).toContain(
      'found no such tensor',
    );
  });

  it.each([
    '',
    'text_model.',
    'roberta.',
    'clip.text_model.',
    'model.',
    'model.text_model.',
    'text_encoder.',
    'text_encoder.text_model.',
  ])('may begin with "%s" in the file', async (prefix) => {
    expect(await placesOf(sourceOf(['x', []], [prefix + layer, [1]]), { [layer]: [1] })).toEqual({ [layer]: 1 });
    expect(await placesOf(sourceOf(['x', []], [prefix + layer, [1]]), { [`text_model.${layer}`]: [1] })).toEqual({
      [`text_model.${layer}`]: 1,
    });
  });

  it('have the same prefix throughout: the one that fits most, or else the model’s own', async () => {
    const expected = { a: [], b: [] };
    expect(await placesOf(sourceOf(['a', []], ['roberta.a', []], ['roberta.b', []]), expected)).toEqual({ a: 1, b: 2 });
    expect(await placesOf(sourceOf(['roberta.a', []], ['roberta.b', []], ['a', []], ['b', []]), expected)).toEqual({
      a: 2,
      b: 3,
    });
  });
});

describe('problems', () => {
  it('a missing tensor is named with its shape, and a misshapen one with both', () => {
    expect(failureOf(sourceOf(['roberta.a', [2, 3]], ['roberta.c', []]), { a: [3, 2], b: [4], c: [] })).toBe(
      'model.safetensors: roberta.a: expected [3, 2], found [2, 3]; b: expected [4], found no such tensor; the ' +
        'weights are of another model or size',
    );
  });

  it('a misshapen one is not accepted because it is optional', () => {
    expect(() => loadParameters(sourceOf(['a', [2]]), { a: [3] }, { optional: () => true })).toThrow(
      'a: expected [3], found [2]',
    );
  });

  it('integers are not parameters', () => {
    expect(failureOf(sourceOf(['a', [2], 'I64']), { a: [2] })).toContain(
      'a: expected floating-point values, found I64',
    );
  });

  it('of many, the first three are shown', () => {
    const expected = Object.fromEntries(['a', 'b', 'c', 'd', 'e'].map((name) => [name, [1]]));
    expect(failureOf(sourceOf(), expected)).toMatch(
      /: a: .*; b: .*; c: expected \[1\], found no such tensor; and 2 more; the weights are of another model or size$/,
    );
  });
});
