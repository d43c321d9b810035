import { beforeAll, describe, expect, it } from 'vitest';
import { compiledEngine } from '../../src/engine/compiled.js';
import { Graph, type GraphNode } from '../../src/engine/graph/graph.js';
import { toBfloat16 } from '../../src/engine/graph/precision.js';
import { assignVariable, cast, declareVariable, placeholder, readVariable } from '../../src/engine/graph/variables.js';
import {
  choosePrecision,
  type ChosenPrecision,
  type CpuFacts,
  type PrecisionSite,
} from '../../src/engine/precision.js';
import { matmulRates } from '../../src/engine/matmul-rates.js';
import type { Precision } from '../../src/engine/precision-choice.js';
import { loadBackend } from '../../src/tensorflow/backend.js';
import { bfloat16Blocker } from '../../src/tensorflow/hardware.js';
import { openRecordedRun } from '../fixtures/training.js';

beforeAll(() => loadBackend('tensorflow'));

/** Whether the environment keeps oneDNN from bfloat16: then the process would be aborted. */
const KEPT_FROM_IT = bfloat16Blocker() !== undefined;

function product(graph: Graph, a: GraphNode, b: GraphNode): GraphNode {
  return graph.add('MatMul', [a, b], { T: { type: 'float32' } }, { dtype: 'float32', shape: [2, 2] });
}

describe('the chosen precision', () => {
  const BF16 = ['avx2', 'avx512f', 'avx512_bf16'];
  const ON_CPU: PrecisionSite = { device: 'cpu', isRecorded: true, isLarge: true };
  const onGpu = (capability?: number): PrecisionSite => ({
    ...ON_CPU,
    device: 'gpu',
    gpu: { index: 0, uuid: 'GPU-1', name: 'a GPU', totalBytes: 1, freeBytes: 1, ...(capability && { capability }) },
  });

  /**
   * A CPU with its features, an environment, and GFLOP/s in float32 and bfloat16; absent if it must not be measured.
   */
  const cpu = (features: string[], env: NodeJS.ProcessEnv = {}, rates?: [number, number]): CpuFacts => ({
    features: new Set(features),
    env,
    rates: () =>
      rates === undefined
        ? Promise.reject(new Error('measured'))
        : Promise.resolve({ float32: rates[0] * 1e9, bfloat16: rates[1] * 1e9 }),
  });
  const auto = (of: CpuFacts, site = ON_CPU, began?: Precision): Promise<ChosenPrecision> =>
    choosePrecision('auto', site, began, of);

  it.each<[string, CpuFacts, ChosenPrecision]>([
    [
      'an Intel with AVX-512 BF16 alone, which is slower in it',
      cpu(BF16, {}, [321, 171]),
      { precision: 'fp32', reason: '321 GFLOP/s in float32, 171 GFLOP/s in bfloat16' },
    ],
    [
      'an AMD with AVX-512 BF16',
      cpu(BF16, {}, [410, 836]),
      { precision: 'bf16', reason: '410 GFLOP/s in float32, 836 GFLOP/s in bfloat16' },
    ],
    [
      'one with AMX',
      cpu([...BF16, 'amx_bf16'], {}, [316, 1527]),
      { precision: 'bf16', reason: '316 GFLOP/s in float32, 1.5 TFLOP/s in bfloat16' },
    ],
    [
      'one that is hardly faster in it',
      cpu(BF16, {}, [100, 124]),
      { precision: 'fp32', reason: '100 GFLOP/s in float32, 124 GFLOP/s in bfloat16' },
    ],
    [
      'one without instructions, which is not measured',
      cpu(['avx2', 'avx512f']),
      { precision: 'fp32', reason: 'the CPU has no bfloat16 instructions' },
    ],
    [
      'one whose oneDNN is kept from it',
      cpu(BF16, { ONEDNN_MAX_CPU_ISA: 'AVX2' }),
      { precision: 'fp32', reason: 'ONEDNN_MAX_CPU_ISA=AVX2' },
    ],
    [
      'one without oneDNN',
      cpu(BF16, { TF_ENABLE_ONEDNN_OPTS: '0' }),
      { precision: 'fp32', reason: 'TF_ENABLE_ONEDNN_OPTS=0' },
    ],
  ])('follows the measurement: %s', async (_, of, expected) => {
    expect(await auto(of)).toEqual(expected);
  });

  it('is float32 for small models and eager engines, which are not measured', async () => {
    const of = cpu(BF16);
    expect(await auto(of, { ...ON_CPU, isLarge: false })).toEqual({ precision: 'fp32' });
    expect(await auto(of, { ...ON_CPU, isRecorded: false })).toEqual({ precision: 'fp32' });
  });

  it('follows the compute capability on a GPU', async () => {
    const of = cpu(BF16, { ONEDNN_MAX_CPU_ISA: 'AVX2' });
    expect(await auto(of, onGpu(9))).toEqual({ precision: 'bf16', reason: 'compute capability 9.0' });
    expect(await auto(of, onGpu(7.5))).toEqual({ precision: 'fp32', reason: 'compute capability 7.5' });
    expect(await auto(of, onGpu())).toEqual({ precision: 'fp32', reason: 'compute capability unknown' });
  });

  it('is that of the resumed run, on any machine that supports it', async () => {
    const kept = { precision: 'bf16', reason: 'as the run began' };
    expect(await auto(cpu(['avx2']), ON_CPU, 'bf16')).toEqual(kept);
    expect(await auto(cpu(BF16), onGpu(7.5), 'bf16')).toEqual(kept);
    expect(await auto(cpu(BF16), onGpu(9), 'fp32')).toEqual({ ...kept, precision: 'fp32' });
    expect(await auto(cpu(BF16), { ...ON_CPU, isRecorded: false }, 'bf16')).toEqual({ precision: 'fp32' });
    expect(await auto(cpu(BF16, { ONEDNN_MAX_CPU_ISA: 'AVX2' }), ON_CPU, 'bf16')).toEqual({
      precision: 'fp32',
      reason: 'ONEDNN_MAX_CPU_ISA=AVX2',
    });
  });

  it('is the requested one, whatever the machine', async () => {
    for (const precision of ['fp32', 'bf16'] as const)
      expect(await choosePrecision(precision, ON_CPU, 'fp32', cpu(['avx2']))).toEqual({ precision });
    await expect(choosePrecision('bf16', ON_CPU, undefined, cpu(BF16, { ONEDNN_MAX_CPU_ISA: 'AVX2' }))).rejects.toThrow(
      '--precision bf16: expected oneDNN to be allowed bfloat16, but ONEDNN_MAX_CPU_ISA=AVX2 forbids it; unset',
    );
  });
});

it.skipIf(KEPT_FROM_IT)('products are measured in both precisions', async () => {
  const rates = await matmulRates('cpu', 16);
  expect(Object.keys(rates)).toEqual(['float32', 'bfloat16']);
  for (const rate of Object.values(rates)) expect(rate).toBeGreaterThan(0);
});

describe('bfloat16', () => {
  it('applies to products and ops that only move their values, and nothing else', () => {
    const graph = new Graph();
    const x = placeholder(graph, 'x', [2, 2], 'float32');
    const first = product(graph, x, x);
    const moved = graph.add(
      'Transpose',
      [first, graph.int32([1, 0])],
      { T: { type: 'float32' } },
      { dtype: 'float32', shape: [2, 2] },
    );
    const second = product(graph, moved, x);
    const softmax = graph.add('Softmax', [second], { T: { type: 'float32' } }, { dtype: 'float32', shape: [2, 2] });
    const nodes = new Map(toBfloat16(graph.nodes).map((node) => [node.name, node]));
    expect([first, moved, second, softmax].map(({ name }) => nodes.get(name)!.dtype)).toEqual([
      'bfloat16',
      'bfloat16',
      'bfloat16',
      'float32',
    ]);
    expect(nodes.get(moved.name)!.inputs[0]).toBe(first.name);
    expect(nodes.get(nodes.get(softmax.name)!.inputs[0])!.op).toBe('Cast');
  });

  it('casts what a loop computes once for all products, and anything else for each', () => {
    const graph = new Graph();
    const x = placeholder(graph, 'x', [2, 2], 'float32');
    const elementwise = graph.add('Sqrt', [x], { T: { type: 'float32' } }, x);
    const softmax = graph.add('Softmax', [x], { T: { type: 'float32' } }, x);
    const products = [elementwise, elementwise, softmax, softmax].map((value) => product(graph, value, value));
    const nodes = new Map(toBfloat16(graph.nodes).map((node) => [node.name, node]));
    const casts = products.map(({ name }) => nodes.get(name)!.inputs[0]);
    expect(casts.map((name) => nodes.get(name)!.op)).toEqual(Array(4).fill('Cast'));
    expect(casts.map((name) => casts.indexOf(name))).toEqual([0, 0, 2, 3]);
  });

  it('takes rows of a variable that is stored in it before they are cast, if asked', () => {
    const graph = new Graph();
    const variable = readVariable(graph, declareVariable(graph, 'v', [8, 2], 'bfloat16'));
    const ids = placeholder(graph, 'ids', [3], 'int32');
    const types = { Tparams: { type: 'float32' }, Tindices: { type: 'int32' }, Taxis: { type: 'int32' } } as const;
    const output = { dtype: 'float32', shape: [3, 2] } as const;
    const rows = graph.add(
      'GatherV2',
      [cast(graph, variable, 'float32'), ids, graph.scalar(0, 'int32')],
      types,
      output,
    );
    const root = graph.add('Sqrt', [rows], { T: { type: 'float32' } }, output);
    const nodes = new Map(toBfloat16(graph.nodes, 'rows').map((node) => [node.name, node]));
    expect(nodes.get(rows.name)).toMatchObject({
      inputs: [variable.name, ids.name, expect.any(String)],
      attributes: { ...types, Tparams: { type: 'bfloat16' } },
      dtype: 'bfloat16',
    });
    expect(nodes.get(nodes.get(root.name)!.inputs[0])).toMatchObject({ op: 'Cast', shape: [3, 2], dtype: 'float32' });
    const whole = new Map(toBfloat16(graph.nodes).map((node) => [node.name, node]));
    expect(whole.get(rows.name)).toMatchObject({ attributes: types, dtype: 'float32' });
    expect(whole.get(whole.get(rows.name)!.inputs[0])).toMatchObject({ op: 'Cast', shape: [8, 2], dtype: 'float32' });
  });

  it('keeps variables and their assignments in float32', () => {
    const graph = new Graph();
    const variable = declareVariable(graph, 'v', [2, 2]);
    const value = readVariable(graph, variable);
    const assigned = assignVariable(graph, variable, product(graph, value, value));
    const nodes = new Map(toBfloat16(graph.nodes).map((node) => [node.name, node]));
    expect(nodes.get(value.name)!.dtype).toBe('float32');
    expect(nodes.get(nodes.get(assigned.name)!.inputs[1])).toMatchObject({ op: 'Cast', dtype: 'float32' });
  });

  it.skipIf(KEPT_FROM_IT)('returns the parameters and moments in float32, to the last bit', async () => {
    const run = await openRecordedRun('roberta-hidden', 4);
    const expected = new Map<string, Float32Array>();
    const start = await run.parameters();
    const student = (async function* () {
      for await (const [name, values] of start.student) {
        expected.set(name, values);
        yield [name, values] as const;
      }
    })();
    const engine = await compiledEngine(
      run.distillation,
      { ...start, student },
      { ...run.options, precision: 'bf16' },
      77,
    );
    for await (const { name, values } of engine.studentParameters()) expect(values, name).toEqual(expected.get(name));
    await engine.step([run.batch(0)], 5e-4);
    const moments = new Map<string, Float32Array>();
    for await (const { name, values } of engine.moments()) moments.set(name, values);
    engine.dispose();
    expect(expected.size).toBeGreaterThan(20);
    expect(
      [...moments.values()].every((values) => values instanceof Float32Array && values.every(Number.isFinite)),
    ).toBe(true);
    // If the values had been rounded to bfloat16 somewhere, their lower halves would all be 0.
    for (const [name, values] of moments)
      if (values.some((value) => value !== 0))
        expect(
          new Uint16Array(values.buffer, values.byteOffset).some((half, i) => i % 2 === 0 && half !== 0),
          name,
        ).toBe(true);
  });

  it.skipIf(KEPT_FROM_IT)('stays within 2% of float32 over a recorded run, without being float32', async () => {
    const run = await openRecordedRun('roberta-hidden', 4);
    const [exact, rounded] = [
      await compiledEngine(run.distillation, await run.parameters(), run.options, 77),
      await compiledEngine(run.distillation, await run.parameters(), { ...run.options, precision: 'bf16' }, 77),
    ];
    let largest = 0;
    for (let step = 0; step < 24; step++) {
      const [a, b] = [await exact.step([run.batch(step)], 5e-4), await rounded.step([run.batch(step)], 5e-4)];
      largest = Math.max(largest, Math.abs((b.lossEn + b.lossKo) / (a.lossEn + a.lossKo) - 1));
    }
    exact.dispose();
    rounded.dispose();
    expect(largest).toBeLessThan(0.02);
    expect(largest).toBeGreaterThan(1e-6);
  });
});
