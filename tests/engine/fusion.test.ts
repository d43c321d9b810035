import { beforeAll, describe, expect, it } from 'vitest';
import type { EngineOptions } from '../../src/engine/engine-options.js';
import { compileWhole, fuse } from '../../src/engine/graph/fusion.js';
import { Graph, type GraphNode, type Value } from '../../src/engine/graph/graph.js';
import { ROW_LOOP } from '../../src/engine/graph/row-program.js';
import { after, placeholder } from '../../src/engine/graph/variables.js';
import { loadBackend } from '../../src/tensorflow/backend.js';
import { BACKENDS_UNDER_TEST } from '../backends.js';
import { readRecording, RECORDED_RUNS } from '../fixtures/training.js';
import { openRun } from './engines.js';

const SHAPE = [400, 400];

const elementwise = (graph: Graph, op: string, ...inputs: Value[]): GraphNode =>
  graph.add(op, inputs, { T: { type: 'float32' } }, { dtype: 'float32', shape: SHAPE });
const product = (graph: Graph, x: Value): GraphNode => elementwise(graph, 'MatMul', x, x);
const layer = (graph: Graph, x: Value): GraphNode =>
  product(graph, elementwise(graph, 'Mul', elementwise(graph, 'Exp', x), graph.scalar(2, 'float32')));

describe('fusing', () => {
  it('turns equal groups into equal loops', () => {
    const graph = new Graph();
    const x = placeholder(graph, 'x', SHAPE, 'float32');
    const done = after(graph, layer(graph, layer(graph, layer(graph, x))), [], 'done');
    const { nodes, functions } = fuse(graph.nodes, [done.name]);
    expect(functions).toHaveLength(1);
    expect(functions[0].nodes.map(({ op }) => op)).toEqual(['Exp', 'Const', 'Mul']);
    expect(nodes.filter(({ op }) => op === ROW_LOOP)).toHaveLength(3);
    expect(nodes.map(({ op }) => op)).not.toContain('Exp');
  });

  it('separates what would depend on itself', () => {
    const graph = new Graph();
    const x = placeholder(graph, 'x', SHAPE, 'float32');
    const early = elementwise(graph, 'Exp', x);
    const late = elementwise(graph, 'AddV2', early, product(graph, early)); // early → product → late, and early → late
    const done = after(graph, elementwise(graph, 'AddV2', late, early), [], 'done');
    const { functions } = fuse(graph.nodes, [done.name]);
    expect(functions.map(({ nodes }) => nodes.map(({ op }) => op))).toEqual([['AddV2', 'AddV2']]); // without Exp
  });

  it('puts recomputed values into the loop that needs them', () => {
    const graph = new Graph();
    const x = placeholder(graph, 'x', SHAPE, 'float32');
    const again = elementwise(graph, 'Square', elementwise(graph, 'Exp', x)); // could be computed right away
    const done = after(graph, elementwise(graph, 'Mul', again, product(graph, x)), [], 'done');
    const { functions } = fuse(graph.nodes, [done.name]);
    expect(functions.map(({ nodes }) => nodes.map(({ op }) => op))).toEqual([['Exp', 'Square', 'Mul']]);
  });

  it('separates what is needed for different fetches, and what only shares a scalar', () => {
    const graph = new Graph();
    const x = placeholder(graph, 'x', SHAPE, 'float32');
    const shared = elementwise(graph, 'Exp', elementwise(graph, 'Neg', x));
    const one = after(graph, elementwise(graph, 'Sqrt', elementwise(graph, 'Square', shared)), [], 'one');
    const scalar = graph.add(
      'Sum',
      [shared, graph.int32([0, 1])],
      { T: { type: 'float32' }, Tidx: { type: 'int32' }, keep_dims: { bool: false } },
      { dtype: 'float32', shape: [] },
    );
    const two = after(graph, elementwise(graph, 'AddV2', elementwise(graph, 'Tanh', x), scalar), [], 'two');
    const { functions } = fuse(graph.nodes, [one.name, two.name]);
    expect(functions.map(({ nodes }) => nodes.map(({ op }) => op))).toEqual([
      ['Neg', 'Exp'],
      ['Square', 'Sqrt'],
      ['Tanh', 'AddV2'],
    ]);
  });

  it('keeps unused nodes unchanged', () => {
    const graph = new Graph();
    const x = placeholder(graph, 'x', SHAPE, 'float32');
    elementwise(graph, 'Exp', elementwise(graph, 'Neg', x));
    const done = after(graph, product(graph, x), [], 'done');
    expect(fuse(graph.nodes, [done.name]).functions).toEqual([]);
  });

  it('returns a value once: equal ops share an output, and reshapes at the end of a group stay outside', () => {
    const graph = new Graph();
    const x = placeholder(graph, 'x', SHAPE, 'float32');
    const shared = elementwise(graph, 'Exp', elementwise(graph, 'Neg', x));
    const [a, b] = [elementwise(graph, 'Square', shared), elementwise(graph, 'Square', shared)];
    const flat = graph.add(
      'Reshape',
      [b, graph.int32([160_000])],
      { T: { type: 'float32' }, Tshape: { type: 'int32' } },
      { dtype: 'float32', shape: [160_000] },
    );
    const done = after(graph, product(graph, a), [after(graph, product(graph, b), [], 'b')], 'done');
    const shaped = after(graph, flat, [done], 'shaped');
    const { nodes, functions } = fuse(graph.nodes, [shaped.name]);
    expect(functions.map((each) => [each.nodes.map(({ op }) => op), each.outputs])).toEqual([
      [['Neg', 'Exp', 'Square'], ['n2']],
    ]);
    const call = nodes.find(({ op }) => op === ROW_LOOP)!;
    expect(call.attributes.Tout).toEqual({ types: ['float32'] });
    const readers = nodes.filter(({ inputs }) => inputs.includes(call.name));
    expect(readers.map(({ op }) => op).sort()).toEqual(['MatMul', 'MatMul', 'Reshape']);
  });

  it('accepts nodes in any order, and keeps the names of fetches', () => {
    const graph = new Graph();
    const x = placeholder(graph, 'x', SHAPE, 'float32');
    const done = after(graph, layer(graph, layer(graph, x)), [], 'done');
    const { nodes } = fuse([...graph.nodes].reverse(), [done.name]);
    const names = new Set(nodes.map(({ name }) => name));
    expect(names.has('done')).toBe(true);
    for (const { inputs } of nodes)
      for (const input of inputs) expect(names.has(input.replace(/:\d+$/, ''))).toBe(true);
  });
});

describe('compiling the whole step', () => {
  it('puts products, and what shares a scalar, into one function, but not what differs in its fetches', () => {
    const graph = new Graph();
    const x = placeholder(graph, 'x', SHAPE, 'float32');
    const shared = layer(graph, x);
    const sum = graph.add(
      'Sum',
      [layer(graph, shared), graph.int32([0, 1])],
      { T: { type: 'float32' }, Tidx: { type: 'int32' } },
      { dtype: 'float32', shape: [] },
    );
    const one = after(graph, elementwise(graph, 'Mul', shared, sum), [], 'one');
    const two = after(graph, layer(graph, shared), [], 'two');
    const { nodes, functions } = compileWhole(graph.nodes, [one.name, two.name]);
    expect(functions.map((each) => each.nodes.map(({ op }) => op))).toEqual([
      ['Exp', 'Const', 'Mul', 'MatMul'], // what both need, and an equal group that only the second needs
      ['Exp', 'Const', 'Mul', 'MatMul', 'Const', 'Sum', 'Mul'],
    ]);
    expect(nodes.filter(({ op }) => op === 'PartitionedCall')).toHaveLength(3);
    expect(nodes.map(({ op }) => op)).not.toContain('MatMul');
  });

  it('does not move random numbers, or nodes that wait for another op', () => {
    const graph = new Graph();
    const x = placeholder(graph, 'x', SHAPE, 'float32');
    const drawn = elementwise(graph, 'StatelessRandomUniform', x);
    const waiting = graph.add(
      'Neg',
      [x, `^${drawn.name}`],
      { T: { type: 'float32' } },
      { dtype: 'float32', shape: SHAPE },
    );
    const done = after(graph, layer(graph, elementwise(graph, 'Mul', drawn, waiting)), [], 'done');
    const { nodes, functions } = compileWhole(graph.nodes, [done.name]);
    expect(functions.map((each) => each.nodes.map(({ op }) => op))).toEqual([['Mul', 'Exp', 'Const', 'Mul', 'MatMul']]);
    expect(nodes.map(({ op }) => op)).toEqual(expect.arrayContaining(['StatelessRandomUniform', 'Neg']));
  });
});

const COMPILED = [
  ['fused loops', { fused: true }, RECORDED_RUNS],
  ['a step compiled as a whole', { jitCompile: true }, ['roberta-pooler', 'clip-hidden']],
] as const;

describe.runIf(BACKENDS_UNDER_TEST.includes('tensorflow')).each(COMPILED)(
  'an engine with %s',
  (_, compiled, recordedRuns) => {
    beforeAll(() => loadBackend('tensorflow'));

    it.each(recordedRuns)("gives PyTorch's values at every step of %s", async (name) => {
      const { batch_size: size, log } = readRecording(name);
      const { open, batch } = await openRun('compiled', size, name);
      const engine = await open(compiled);
      for (const [i, expected] of log.entries()) {
        const { lossEn, lossKo, gradNorm } = await engine.step([batch(i)], expected.lr);
        // 0 if a student starts as a copy of its teacher
        expect(Math.abs(lossEn - expected.loss_en)).toBeLessThanOrEqual(1e-5 * expected.loss_en);
        expect(Math.abs(lossKo / expected.loss_ko - 1)).toBeLessThan(1e-5);
        expect(Math.abs(gradNorm / expected.grad_norm - 1)).toBeLessThan(1e-4);
      }
      engine.dispose();
    });

    it.each([
      ['dropout and a length for short texts', { dropout: 0.1, padding: 'shared', textLengths: [32] }],
      ['texts that share rows', { dropout: 0, packedShares: [1 / 2] }],
    ] as const)('gives the same as without compiling, with clipping, micro-batches, %s', async (_, layout) => {
      const { open, batch } = await openRun('compiled', 4);
      const options: Partial<EngineOptions> = { ...layout, maxGradNorm: 0.5, accumulate: 2 };
      const [fused, plain] = [await open({ ...options, ...compiled }), await open(options)];
      for (let step = 0; step < 4; step++) {
        const batches = [batch(2 * step), batch(2 * step + 1)];
        const [a, b] = [await fused.step(batches, 5e-4), await plain.step(batches, 5e-4)];
        for (const value of ['lossEn', 'lossKo', 'gradNorm'] as const)
          expect(Math.abs(a[value] / b[value] - 1)).toBeLessThan(1e-5);
      }
      const [a, b] = [...(await fused.evaluate([batch(0)])), ...(await plain.evaluate([batch(0)]))];
      expect(Math.abs(a.lossKo / b.lossKo - 1)).toBeLessThan(1e-5);
      fused.dispose();
      plain.dispose();
    });
  },
);
