import { expect, it } from 'vitest';
import { encode, evaluate, exportStudent, generate, generateGrid, InputError, prepare } from '../../src/index.js';

// As a program in JavaScript may call them, without types.
it.each<[string, () => Promise<unknown>, string]>([
  ['no pairs in a batch', () => encode({ model: 'none', texts: ['a'], batchSize: 0 }), 'at least 1, got 0 (batchSize)'],
  ['a text, not a list', () => encode({ model: 'none', texts: 'a' as never }), 'a list, each text, got "a" (texts)'],
  [
    'a format',
    () => exportStudent({ model: 'none', to: 'x', format: 'x' as never }),
    'diffusers, onnx, got "x" (format)',
  ],
  [
    'a misspelt name',
    () => prepare({ data: ['none.csv'], out: 'x', sample: 3 } as never),
    'got "sample"; leave it out',
  ],
  ['a share', () => prepare({ data: ['none.csv'], out: 'x', validFraction: 1 }), 'got 1 (validFraction)'],
  ['half a pair', () => evaluate({ compare: ['none'], samples: 0.5 }), 'got 0.5 (samples)'],
  ['no step', () => generate(['a car'], { steps: 0 }), 'at least 1, got 0 (steps)'],
  ['a width', () => generateGrid(['a car'], { width: 63 }), 'from 8 to 4096, got 63 (width)'],
])('the library refuses %s', async (_, call, message) => {
  const error: unknown = await call().then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(InputError);
  expect((error as InputError).message).toMatch(/^options: expected /);
  expect((error as InputError).message).toContain(message);
});
