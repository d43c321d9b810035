/**
 * @file Whether TensorFlow has a GPU kernel for every op that is recorded for a GPU, at its dtypes. Without one, the op
 * and its data would move to the CPU and back in every step, without a word.
 *
 * `gpu-kernels.json` lists the kernels of the GPU build that set-up installs (`scripts/gpu/registered_kernels.py`).
 */
import { readFileSync } from 'node:fs';
import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { EngineOptions } from '../../src/engine/engine-options.js';
import { compiledEngine } from '../../src/engine/compiled.js';
import { compiledEncoder } from '../../src/engine/compiled-encoder.js';
import type { GraphFunction } from '../../src/engine/graph/functions.js';
import type * as graphDef from '../../src/engine/graph/graph-def.js';
import type { Attribute, GraphNode } from '../../src/engine/graph/graph.js';
import { layoutFor } from '../../src/engine/step-layout.js';
import { loadBackend } from '../../src/tensorflow/backend.js';
import { BACKENDS_UNDER_TEST } from '../backends.js';
import { openRecordedRun, type RecordedRun } from '../fixtures/training.js';

/** The kernels of an op: the dtypes that each of its attributes may have; no attributes: all dtypes. */
type Kernels = Readonly<Record<string, readonly Readonly<Record<string, readonly string[]>>[]>>;

const KERNELS = JSON.parse(readFileSync(new URL('../fixtures/gpu-kernels.json', import.meta.url), 'utf8')) as Kernels;

/** The nodes of all graphs that were loaded into sessions. */
const loaded = vi.hoisted((): GraphNode[] => []);
vi.mock('../../src/engine/graph/graph-def.js', async (original) => {
  const actual = await original<typeof graphDef>();
  return {
    ...actual,
    encodeGraph: (nodes: readonly GraphNode[], functions: readonly GraphFunction[]) => {
      loaded.push(...nodes);
      return actual.encodeGraph(nodes, functions);
    },
  };
});

const dtypeOf = (attribute: Attribute | undefined): string =>
  attribute !== undefined && 'type' in attribute ? attribute.type : '';

const hasKernel = ({ op, attributes }: Pick<GraphNode, 'op' | 'attributes'>): boolean =>
  (KERNELS[op] ?? []).some((kernel) =>
    Object.entries(kernel).every(([name, dtypes]) => dtypes.includes(dtypeOf(attributes[name]))),
  );

/** The ops without a kernel, each once. */
function missing(): string[] {
  const names = loaded
    .filter((node) => !hasKernel(node))
    .map(({ op, attributes }) => `${op} ${JSON.stringify(attributes)}`);
  return [...new Set(names)];
}

const STEPS: [string, RecordedRun, Partial<EngineOptions>][] = [
  ['hidden states', 'roberta-hidden', { accumulate: 2, maxGradNorm: 1 }],
  ['bfloat16', 'roberta-hidden', { precision: 'bf16', optimizer: 'adamw-legacy' }],
  ['pooled outputs', 'roberta-pooler', {}],
  ['dropout', 'roberta-hidden', { dropout: 0.1 }],
  ['shared padding', 'roberta-hidden', { dropout: 0.1, padding: 'shared', precision: 'bf16' }],
  ["the teacher's outputs from disk", 'roberta-hidden', { targets: 'given' }],
  ['a CLIP student', 'clip-hidden', { precision: 'bf16' }],
  ['a step compiled as a whole', 'clip-hidden', { jitCompile: true, dropout: 0.1 }],
];

/**
 * Ops that take int32 where it is: seeds and shapes of random numbers and the ids that are fed, which come from the
 * host, and reshapes. TensorFlow's other int32 kernels "for GPUs" compute in the host's memory: the GPU waits while its
 * values are fetched.
 */
const INT32_AT_EASE = new Set(['Reshape', 'Pack', 'StatelessRandomUniform', 'ConcatV2']);

/** The ops that compute int32, each once. */
function hostComputed(): string[] {
  const names = loaded
    .filter(({ op, attributes }) => dtypeOf(attributes.T) === 'int32' && !INT32_AT_EASE.has(op))
    .map(({ op, shape }) => `${op} [${shape.join(', ')}]`);
  return [...new Set(names)];
}

describe.runIf(BACKENDS_UNDER_TEST.includes('tensorflow'))('TensorFlow has GPU kernels for', () => {
  beforeAll(() => loadBackend('tensorflow', 'cpu'));
  beforeEach(() => {
    loaded.length = 0;
  });

  it.each(STEPS)('a step with %s', async (_, name, options) => {
    const run = await openRecordedRun(name, 2);
    const onGpu = { ...layoutFor(true, 'compiled', 'gpu') };
    const engine = await compiledEngine(
      run.distillation,
      await run.parameters(),
      { ...run.options, ...onGpu, ...options },
      77,
    );
    engine.dispose();
    expect(loaded.length).toBeGreaterThan(100);
    expect(missing()).toEqual([]);
    expect(hostComputed()).toEqual([]);
  });

  it.each(['fp32', 'bf16'] as const)('encoding in %s', async (precision) => {
    const run = await openRecordedRun('clip-hidden', 2);
    for (const masked of [false, true]) {
      const encoder = await compiledEncoder(run.distillation.teacher, (await run.parameters()).teacher, {
        ...{ length: 77, precision, masked },
        device: 'gpu',
      });
      encoder.dispose();
    }
    expect(missing()).toEqual([]);
    expect(hostComputed()).toEqual([]);
  });

  it('nothing that it lacks', () => {
    const node = (op: string, dtype: 'float32' | 'int32'): boolean =>
      hasKernel({ op, attributes: { T: { type: dtype }, Tidx: { type: 'int32' }, output_type: { type: 'int32' } } });
    expect([node('ArgMax', 'float32'), node('ArgMax', 'int32'), node('Unknown', 'float32')]).toEqual([
      ...[true, false, false],
    ]);
  });
});
