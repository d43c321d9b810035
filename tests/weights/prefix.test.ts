import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/base/errors.js';
import type { Dtype } from '../../src/weights/dtypes.js';
import { openWeights } from '../../src/weights/folder.js';
import { loadParameters } from '../../src/weights/parameters.js';
import type { TensorInfo, TensorSource } from '../../src/weights/tensor-source.js';
import { fixture } from './support.js';
import { countCpuTime } from '../cpu-time.js';

type Shapes = Record<string, readonly number[]>;

/** A checkpoint's tensors, without their values. */
function sourceOf(tensors: readonly TensorInfo[]): TensorSource {
  return {
    location: 'model.safetensors',
    tensors: new Map(tensors.map((tensor) => [tensor.name, tensor])),
    read: () => Promise.reject(new Error('not read')),
    readInt32: () => Promise.reject(new Error('not read')),
    close: () => Promise.resolve(),
  };
}

/** The floating-point tensors of a fixture, as the model names them. */
async function tensorsOf(model: string): Promise<TensorInfo[]> {
  const source = await openWeights(fixture(model));
  await source.close();
  return [...source.tensors.values()].filter(({ dtype }) => dtype !== 'I64');
}

const shapesOf = (tensors: readonly TensorInfo[]): Shapes =>
  Object.fromEntries(tensors.map(({ name, shape }) => [name, shape]));

const renamed = (tensors: readonly TensorInfo[], rename: (name: string) => string): TensorInfo[] =>
  tensors.map((tensor) => ({ ...tensor, name: rename(tensor.name) }));

const retyped = (tensors: readonly TensorInfo[], dtype: Dtype): TensorInfo[] =>
  tensors.map((tensor) => ({ ...tensor, dtype }));

function failureOf(tensors: readonly TensorInfo[], expected: Shapes): string {
  try {
    loadParameters(sourceOf(tensors), expected);
  } catch (error) {
    expect(error).toBeInstanceOf(InputError);
    return (error as InputError).message;
  }
  throw new Error('expected a failure');
}

const STRANGER: TensorInfo = { name: 'optimizer.state.0', dtype: 'F32', shape: [3] };

describe.each(['teacher', 'student', 'variants/teacher-v5-names'])('the tensors of %s', (model) => {
  it.each([
    'module.',
    '_orig_mod.',
    'module._orig_mod.',
    'cond_stage_model.transformer.',
    'text_encoder.',
    'a.name.nobody.thought.of.',
    'bert.',
    '0.auto_model.',
  ])('are found under %s', async (prefix) => {
    const plain = await tensorsOf(model);
    const stored = [STRANGER, ...renamed(plain, (name) => prefix + name)];
    const { missing, bytes } = loadParameters(sourceOf(stored), shapesOf(plain));
    expect(missing).toEqual([]);
    expect(bytes).toBe(loadParameters(sourceOf(plain), shapesOf(plain)).bytes);
  });

  it('are found with wrappers in the middle of their names', async () => {
    const plain = await tensorsOf(model);
    const wrap = (name: string): string =>
      `module.${name.replace(/\.(\d+)\./, '.$1._checkpoint_wrapped_module._orig_mod.')}`;
    expect(loadParameters(sourceOf(renamed(plain, wrap)), shapesOf(plain)).missing).toEqual([]);
  });

  it('are refused if they occur twice, and both prefixes are named', async () => {
    const plain = await tensorsOf(model);
    const both = [...renamed(plain, (name) => `student.${name}`), ...renamed(plain, (name) => `teacher.${name}`)];
    expect(failureOf(both, shapesOf(plain))).toMatch(
      /expected one text model of this configuration, found 2, under student\.(text_model\.)? and teacher\.(text_model\.)?; keep the one that is meant in a file of its own$/,
    );
  });

  it('are distinguished from those of another size under another prefix', async () => {
    const plain = await tensorsOf(model);
    const larger = plain.map((tensor) => ({ ...tensor, shape: tensor.shape.map((size) => 2 * size) }));
    const both = [...renamed(larger, (name) => `big.${name}`), ...renamed(plain, (name) => `small.${name}`)];
    expect(loadParameters(sourceOf(both), shapesOf(plain)).bytes).toBe(
      loadParameters(sourceOf(plain), shapesOf(plain)).bytes,
    );
  });

  it('are reported missing with the names that the file has, if it has none of them', async () => {
    const plain = await tensorsOf(model);
    const other = renamed(plain, (name) => name.replaceAll('.', '/'));
    expect(failureOf(other, shapesOf(plain))).toMatch(
      new RegExp(
        `the weights are of another model or size; the file has ${other[0].name}, .*, … \\(${plain.length} tensors\\)$`,
      ),
    );
  });

  it.each([
    ['F8_E4M3', 'F8_E4M3 (float8)'],
    ['F8_E5M2', 'F8_E5M2 (float8)'],
    ['F4', 'F4 (float4)'],
    ['I8', 'I8'],
    ['U8', 'U8'],
  ] as const)('of type %s are refused as such', async (dtype, said) => {
    const plain = await tensorsOf(model);
    const failure = failureOf(retyped(plain, dtype), shapesOf(plain));
    expect(failure).toContain(`: expected floating-point values, found ${said}; `);
    expect(failure).toMatch(/; convert the weights to F32, F16, BF16 or F64$/);
  });

  it('that were quantised are refused as such', async () => {
    const plain = await tensorsOf(model);
    const quantised = renamed(plain, (name) => name.replace(/dense\.weight$|_proj\.weight$/, '$&.qweight'));
    expect(failureOf(quantised, shapesOf(plain))).toMatch(
      /found no such tensor; .*the weights are quantised; take the model as it was before that$/,
    );
  });
});

it('names of any length and number are processed quickly', async () => {
  const plain = await tensorsOf('student');
  const endless = Array.from({ length: 200 }, (_, i) => ({ ...STRANGER, name: `${'.a'.repeat(50_000)}${i}` }));
  const computed = countCpuTime();
  loadParameters(sourceOf([...endless, ...plain]), shapesOf(plain));
  expect(computed()).toBeLessThan(2000);
});
