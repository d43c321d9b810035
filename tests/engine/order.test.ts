import { describe, expect, it } from 'vitest';
import { Graph, type GraphNode, type Value } from '../../src/engine/graph/graph.js';
import { inOrder, reachableFetches, serialise } from '../../src/engine/graph/order.js';
import { recompute } from '../../src/engine/graph/recompute.js';
import { after, placeholder } from '../../src/engine/graph/variables.js';

const SHAPE = [400, 400];

const node = (graph: Graph, op: string, inputs: Value[], name: string, shape: readonly number[] = SHAPE): GraphNode =>
  graph.add(op, inputs, { T: { type: 'float32' } }, { dtype: 'float32', shape }, name);

/** The nodes that a node waits for without reading them. */
const awaited = ({ inputs }: GraphNode): string[] =>
  inputs.filter((input) => input.startsWith('^')).map((input) => input.slice(1));

describe('the order of a graph', () => {
  it('puts a node right before the first that needs it', () => {
    const graph = new Graph();
    const x = placeholder(graph, 'x', SHAPE, 'float32');
    const late = node(graph, 'Exp', [x], 'late');
    const first = node(graph, 'MatMul', [x, x], 'first');
    const second = node(graph, 'MatMul', [first, late], 'second');
    expect(inOrder([x, first, second, late]).map(({ name }) => name)).toEqual(['x', 'first', 'late', 'second']);
  });

  it('lets a few heavy nodes run at once without delaying light ones', () => {
    const graph = new Graph();
    const x = placeholder(graph, 'x', SHAPE, 'float32');
    const products = ['a', 'b', 'c', 'd'].map((name) => node(graph, 'MatMul', [x, x], name));
    const light = node(graph, 'Sum', [products[0]], 'light', []);
    const done = after(graph, node(graph, 'AddN', products, 'sum'), [light], 'done');
    const ordered = new Map(
      serialise(graph.nodes, [done.name], { atOnce: 2 }).map((each) => [each.name, awaited(each)]),
    );
    expect(['a', 'b', 'c', 'd', 'light'].map((name) => ordered.get(name))).toEqual([[], [], ['a'], ['b'], []]);
  });

  it('leaves one node, and what it needs, to run beside the others', () => {
    const graph = new Graph();
    const x = placeholder(graph, 'x', SHAPE, 'float32');
    const chain = (name: string): GraphNode =>
      [1, 2, 3].reduce((last: GraphNode, i) => node(graph, 'MatMul', [last, last], `${name}${i}`), x);
    const [target, output] = [chain('target'), chain('output')];
    const done = after(graph, node(graph, 'Sub', [output, target], 'difference'), [], 'done');
    const ordered = serialise(graph.nodes, [done.name, target.name], { beside: target, atOnce: 2 });
    expect(ordered.flatMap((each) => awaited(each).map((name) => [each.name, name]))).toEqual([
      ['output3', 'output1'],
      ['difference', 'output2'],
    ]);
  });

  it('never makes a fetch wait for what it does not need', () => {
    const graph = new Graph();
    const x = placeholder(graph, 'x', SHAPE, 'float32');
    const shared = ['s', 't', 'u'].map((name) => node(graph, 'MatMul', [x, x], name));
    const evaluated = after(
      graph,
      node(graph, 'AddN', [...shared, node(graph, 'MatMul', [x, x], 'own')], 'e'),
      [],
      'evaluated',
    );
    const trained = ['v', 'w', 'z'].map((name) => node(graph, 'MatMul', [x, x], name));
    const stepped = after(graph, node(graph, 'AddN', [...shared, ...trained], 'f'), [], 'stepped');
    const ordered = new Map(
      serialise(graph.nodes, [evaluated.name, stepped.name], { atOnce: 2 }).map((each) => [each.name, awaited(each)]),
    );
    expect(ordered.get('own')).toEqual(['t']);
    expect(['v', 'w', 'z'].map((name) => ordered.get(name))).toEqual([['t'], ['u'], ['v']]);
  });
});

describe('the fetches that nodes serve', () => {
  it.each([1, 30, 31, 32, 33, 64, 100])('are distinguished for %s fetches', (count) => {
    const graph = new Graph();
    const x = placeholder(graph, 'x', SHAPE, 'float32');
    const fetched = Array.from({ length: count }, (_, i) => node(graph, 'MatMul', [x, x], `fetched-${i}`));
    const reachable = reachableFetches(
      graph.nodes,
      fetched.map(({ name }) => name),
    );
    expect(new Set(fetched.map((each) => reachable.get(each))).size).toBe(count);
    expect(reachable.get(x)).toBe(2n ** BigInt(count) - 1n);
  });

  it('do not make one wait for what only the one 31 places before it needs', () => {
    const graph = new Graph();
    const x = placeholder(graph, 'x', SHAPE, 'float32');
    const chains = Array.from({ length: 40 }, (_, i) => {
      const products = ['a', 'b', 'c'].map((name) => node(graph, 'MatMul', [x, x], `${name}-${i}`));
      return after(graph, node(graph, 'AddN', products, `sum-${i}`), [], `done-${i}`);
    });
    const ordered = serialise(
      graph.nodes,
      chains.map(({ name }) => name),
      { atOnce: 2 },
    );
    for (const each of ordered)
      for (const name of awaited(each).filter((waited) => /^[abc]-/.test(waited)))
        expect(each.name.split('-')[1], each.name).toBe(name.split('-')[1]);
  });
});

describe('recomputation', () => {
  /** `product → act → product`, and a backward pass that reads the activation's input and output. */
  function layer(): { graph: Graph; forward: number } {
    const graph = new Graph();
    const x = placeholder(graph, 'x', SHAPE, 'float32');
    const taken = node(graph, 'MatMul', [x, x], 'taken');
    const given = node(graph, 'Square', [node(graph, 'Exp', [taken], 'inner')], 'given');
    const output = node(graph, 'MatMul', [given, x], 'output');
    const forward = graph.nodes.length;
    node(graph, 'MatMul', [given, output], 'weights');
    node(graph, 'Mul', [output, taken], 'input');
    return { graph, forward };
  }

  it('gives the backward pass copies of elementwise functions, and does not change the forward pass', () => {
    const { graph, forward } = layer();
    const nodes = new Map(recompute(graph.nodes, [[forward, graph.nodes.length]]).map((each) => [each.name, each]));
    expect(nodes.get('weights')!.inputs).toEqual(['given/again', 'output']);
    expect(nodes.get('given/again')).toMatchObject({ op: 'Square', inputs: ['inner/again'] });
    expect(nodes.get('inner/again')).toMatchObject({ op: 'Exp', inputs: ['taken'] });
    expect(nodes.get('input')!.inputs).toEqual(['output', 'taken']);
    expect(nodes.get('output')!.inputs).toEqual(['given', 'x']);
    expect(nodes.size).toBe(graph.nodes.length + 2);
  });

  it('gives several backward passes their own copies, each after its forward pass', () => {
    const graph = new Graph();
    const x = placeholder(graph, 'x', SHAPE, 'float32');
    const ranges = ['first', 'second'].map((pass): [number, number] => {
      const taken = node(graph, 'MatMul', [x, x], `${pass}/taken`);
      const given = node(graph, 'Exp', [taken], `${pass}/given`);
      node(graph, 'MatMul', [given, x], `${pass}/output`);
      const from = graph.nodes.length;
      node(graph, 'MatMul', [given, taken], `${pass}/gradient`);
      return [from, graph.nodes.length];
    });
    const names = recompute(graph.nodes, ranges).map(({ name }) => name);
    const of = (pass: string): string[] =>
      ['taken', 'given', 'output', 'given/again', 'gradient'].map((name) => `${pass}/${name}`);
    expect(names).toEqual(['x', ...of('first'), ...of('second')]);
  });

  it('is not used for what would need as much memory for its inputs', () => {
    const graph = new Graph();
    const x = placeholder(graph, 'x', SHAPE, 'float32');
    const [a, b] = ['a', 'b'].map((name) => node(graph, 'MatMul', [x, x], name));
    const sum = node(graph, 'AddV2', [a, b], 'sum'); // of two values that nothing else reads later
    const forward = graph.nodes.length;
    node(graph, 'MatMul', [sum, x], 'gradient');
    expect(recompute(graph.nodes, [[forward, graph.nodes.length]])).toEqual(graph.nodes);
  });
});
