/** @file Row loops and the fused update, compared with TensorFlow's ops and with float64. */
import { beforeAll, describe, expect, it } from 'vitest';
import tf from '../../src/base/tfjs.cjs';
import { sizeOf } from '../../src/base/shape.js';
import { adamWUpdate } from '../../src/distill/adamw.js';
import { OPTIMIZERS } from '../../src/distill/choices.js';
import { fusedUpdate } from '../../src/engine/graph/fused-update.js';
import { fuse } from '../../src/engine/graph/fusion.js';
import { Graph, type GraphDtype, type GraphNode, type Value } from '../../src/engine/graph/graph.js';
import { ROW_LOOP, rowLoop } from '../../src/engine/graph/row-program.js';
import { openSession } from '../../src/engine/graph/session.js';
import { after, cast, placeholder } from '../../src/engine/graph/variables.js';
import { loadBackend } from '../../src/tensorflow/backend.js';
import { BACKENDS_UNDER_TEST } from '../backends.js';
import { erf } from '../float64/ops.js';

/** Rows wider than what is computed at once, with a rest; enough for several threads. */
const WIDE = [70, 1500];
const ULP = 2 ** -23;

type Shape = readonly number[];
type Build = (graph: Graph, inputs: readonly GraphNode[]) => readonly Value[];

const op = (graph: Graph, name: string, inputs: readonly Value[], shape: Shape, dtype: GraphDtype = 'float32'): Value =>
  graph.add(name, inputs, { T: { type: inputs.at(-1)!.dtype } }, { dtype, shape });

const reduced = (graph: Graph, name: string, x: Value): Value =>
  graph.add(
    name,
    [x, graph.int32([x.shape.length - 1])],
    { T: { type: x.dtype }, Tidx: { type: 'int32' }, keep_dims: { bool: true } },
    { dtype: x.dtype, shape: [...x.shape.slice(0, -1), 1] },
  );

/** A group on its own, so that both ends of it are in one loop. */
const twice = (graph: Graph, x: Value): Value => op(graph, 'Neg', [op(graph, 'Neg', [x], x.shape)], x.shape);

const spread = (length: number, from: number, to: number): Float32Array =>
  Float32Array.from({ length }, (_, i) => from + ((to - from) * ((i * 7919) % length)) / (length - 1));

/** How many values differ, or are missing; `toEqual` takes seconds for so many. */
function differences(arrays: readonly Float32Array[], expected: readonly Float32Array[]): number {
  return expected
    .map((values, k) => values.reduce((count, value, i) => count + Number(!Object.is(arrays[k]?.[i], value)), 0))
    .reduce((a, b) => a + b);
}

interface Compared {
  readonly loops: readonly Float32Array[];
  readonly ops: readonly Float32Array[];
  /** How many loops there are. */
  readonly count: number;
}

/** Computes a graph's outputs with row loops, and op by op. */
async function both(build: Build, shapes: readonly Shape[], values?: readonly Float32Array[]): Promise<Compared> {
  const graph = new Graph();
  const inputs = shapes.map((shape, i) => placeholder(graph, `x${i}`, shape, 'float32'));
  const built = build(graph, inputs);
  // fetched together, since loops join only what the same fetches need
  const outputs = built.map((value, i) => graph.add('Identity', [value], { T: { type: 'float32' } }, value, `y${i}`));
  const done = after(graph, graph.scalar(1, 'float32'), outputs, 'done');
  const { nodes } = fuse(graph.nodes, [done.name]);
  const feeds = inputs.map((input, i) => [input, values?.[i] ?? spread(sizeOf(input.shape), -3 - i, 4)] as const);
  const run = async (of: readonly GraphNode[]): Promise<Float32Array[]> => {
    const session = openSession(of);
    const fetched = await session.run(feeds, outputs);
    const copies = fetched.map(({ data }) => Float32Array.from(data));
    for (const tensor of fetched) tensor.release();
    session.close();
    return copies;
  };
  const count = nodes.filter((node) => node.op === ROW_LOOP).length;
  return { loops: await run(nodes), ops: await run(graph.nodes), count };
}

describe.runIf(BACKENDS_UNDER_TEST.includes('tensorflow'))('a row loop', () => {
  beforeAll(() => loadBackend('tensorflow', 'cpu'));

  it.each(['AddV2', 'Sub', 'Mul', 'RealDiv', 'SquaredDifference', 'Maximum', 'Minimum'])(
    'computes %s to the bit as the op does, of whatever is broadcast',
    async (name) => {
      for (const shape of [WIDE, [1500], [70, 1], [], [1, 1500], [1, 1]]) {
        const build: Build = (graph, [x, y]) => [
          twice(graph, op(graph, name, [x, y], WIDE)),
          twice(graph, op(graph, name, [y, x], WIDE)),
        ];
        const { loops, ops, count } = await both(build, [WIDE, shape]);
        expect(count).toBeGreaterThan(0);
        expect(differences(loops, ops)).toBe(0);
      }
    },
  );

  it.each([
    ['rows that repeat', [6, 25, 700], [25, 700]],
    ['a number for several rows', [6, 25, 700], [6, 1, 1]],
    ['a row for several rows', [4, 5, 20, 300], [4, 1, 1, 300]],
    ['rows with a gap', [4, 5, 20, 300], [4, 1, 20, 300]],
    ['numbers with a gap', [4, 5, 20, 300], [4, 1, 20, 1]],
  ])('reads %s', async (_, shape, broadcast) => {
    const { loops, ops, count } = await both(
      (graph, [x, y]) => [twice(graph, op(graph, 'Sub', [x, y], shape))],
      [shape, broadcast],
    );
    expect(count).toBe(1);
    expect(differences(loops, ops)).toBe(0);
  });

  it.each(['Equal', 'NotEqual', 'Greater', 'GreaterEqual', 'Less', 'LessEqual'])(
    'chooses by %s, and returns what it chose by',
    async (name) => {
      const build: Build = (graph, [x, y]) => {
        const chosen = op(graph, name, [x, y], WIDE, 'bool');
        const value = op(graph, 'SelectV2', [chosen, op(graph, 'Neg', [x], WIDE), y], WIDE);
        const product = graph.add('LogicalNot', [chosen], {}, { dtype: 'bool', shape: WIDE }); // reads it outside
        return [value, cast(graph, product, 'float32')];
      };
      const values = [spread(sizeOf(WIDE), -2, 2), spread(sizeOf(WIDE), -2, 2).reverse()].map((each) =>
        each.map(Math.round),
      );
      const { loops, ops, count } = await both(build, [WIDE, WIDE], values);
      expect(count).toBeGreaterThan(0);
      expect(differences(loops, ops)).toBe(0);
    },
  );

  it.each([
    ['Exp', Math.exp, -80, 80, 2],
    ['Erf', erf, -5, 5, 4],
    ['Sigmoid', (x: number) => 1 / (1 + Math.exp(-x)), -60, 60, 4],
    ['Tanh', Math.tanh, -12, 12, 4],
    ['Rsqrt', (x: number) => 1 / Math.sqrt(x), 1e-6, 1e6, 1.5],
  ] as const)('computes %s like float64', async (name, exact, from, to, units) => {
    const values = spread(sizeOf(WIDE), from, to);
    const build: Build = (graph, [x]) => [op(graph, 'Neg', [op(graph, name, [x], WIDE)], WIDE)];
    const { loops } = await both(build, [WIDE], [values]);
    const worst = values.reduce((most, x, i) => Math.max(most, Math.abs(-loops[0][i] / exact(x) - 1)), 0);
    expect(worst).toBeLessThan(units * ULP);
  });

  it.each(['Exp', 'Erf', 'Sigmoid', 'Tanh', 'Sqrt', 'Rsqrt', 'Relu', 'Abs', 'Square', 'Neg'])(
    'computes %s of what is not finite, and of zeros, as the op does',
    async (name) => {
      const special = [NaN, Infinity, -Infinity, 0, -0, 200, -200, 3e38];
      const values = Float32Array.from({ length: sizeOf(WIDE) }, (_, i) => special[i % special.length]);
      const build: Build = (graph, [x]) => [op(graph, 'Neg', [op(graph, name, [x], WIDE)], WIDE)];
      const { loops, ops } = await both(build, [WIDE], [values]);
      for (let i = 0; i < special.length; i++) {
        if (Number.isNaN(ops[0][i])) expect(loops[0][i], `${name} ${special[i]}`).toBeNaN();
        else expect(loops[0][i], `${name} ${special[i]}`).toBeCloseTo(ops[0][i], 6);
      }
    },
  );

  it.each([
    ['Sum', 1],
    ['Mean', 1 / 1500],
  ])('reduces rows by %s within the rounding of the additions', async (name, scale) => {
    const { loops, count } = await both((graph, [x]) => [reduced(graph, name, twice(graph, x))], [WIDE]);
    expect(count).toBe(1);
    const values = spread(sizeOf(WIDE), -3, 4);
    for (let row = 0; row < 70; row++) {
      const part = values.subarray(1500 * row, 1500 * (row + 1));
      const size = part.reduce((sum, value) => sum + Math.abs(value), 0);
      const sum = part.reduce((total, value) => total + value, 0);
      expect(Math.abs(loops[0][row] - sum * scale)).toBeLessThan(1500 * 2 ** -24 * size * scale);
    }
  });

  it('finds the largest of a row, and NaN', async () => {
    const values = spread(sizeOf(WIDE), -3, 4);
    values[1500 * 3 + 77] = NaN;
    const { loops, count } = await both((graph, [x]) => [reduced(graph, 'Max', twice(graph, x))], [WIDE], [values]);
    expect(count).toBe(1);
    for (let row = 0; row < 70; row++) {
      const part = values.subarray(1500 * row, 1500 * (row + 1));
      expect(loops[0][row]).toEqual(row === 3 ? NaN : Math.max(...part));
    }
  });

  it('rounds to bfloat16 as TensorFlow does, within and at the end', async () => {
    const build: Build = (graph, [x, y]) => {
      const [a, b] = [cast(graph, x, 'bfloat16'), cast(graph, y, 'bfloat16')];
      const sum = op(graph, 'AddV2', [a, b], WIDE, 'bfloat16');
      const product = op(graph, 'Mul', [sum, b], WIDE, 'bfloat16');
      return [cast(graph, product, 'float32'), op(graph, 'Neg', [cast(graph, sum, 'float32')], WIDE)];
    };
    const { loops, ops, count } = await both(build, [WIDE, [1500]]);
    expect(count).toBe(1);
    expect(differences(loops, ops)).toBe(0);
  });

  it('leaves groups alone that have no common rows', () => {
    const graph = new Graph();
    const x = placeholder(graph, 'x', [4, 6], 'float32');
    const y = placeholder(graph, 'y', [4, 1, 6], 'float32');
    const sum = op(graph, 'AddV2', [x, y], [4, 4, 6]) as GraphNode;
    const group = {
      ...{ name: 'f', inputs: [x, y], outputs: ['a'] },
      nodes: [{ ...sum, name: 'a', inputs: ['argument:0', 'argument:1'] }],
    };
    expect(rowLoop(group)).toBeDefined(); // x repeats, a row of y serves several
    const flat = { ...group, inputs: [{ ...x, shape: [24] }, y] };
    expect(rowLoop(flat)).toBeUndefined();
  });
});

describe.runIf(BACKENDS_UNDER_TEST.includes('tensorflow'))('the fused update', () => {
  beforeAll(() => loadBackend('tensorflow', 'cpu'));

  const SHAPE = [300, 700];
  const STATE = [spread(210_000, -1, 1), spread(210_000, -0.1, 0.2).reverse(), spread(210_000, 0, 0.3)];
  const GRADIENT = spread(210_000, -2, 3);
  const [STEP_SIZE, CORRECTION, DECAY, FACTOR] = [1e-3, 0.3, 1e-2, 0.5].map(Math.fround);

  /** The parameter and its moments after an update. */
  async function updated(
    optimizer: (typeof OPTIMIZERS)[number],
    { applies, decayed, dtype }: { applies: boolean; decayed: boolean; dtype: 'float32' | 'bfloat16' },
    gradient = GRADIENT,
  ): Promise<Float32Array[]> {
    const graph = new Graph();
    const feed = (name: string, shape: Shape): GraphNode => placeholder(graph, name, shape, 'float32');
    const [parameter, first, second] = ['p', 'm', 'v'].map((name) => feed(name, SHAPE));
    const given = feed('g', SHAPE);
    const values = fusedUpdate(graph, optimizer, {
      kept: [parameter, first, second],
      gradient: cast(graph, given, dtype),
      factor: graph.scalar(FACTOR, 'float32'),
      stepSize: graph.scalar(STEP_SIZE, 'float32'),
      correction: graph.scalar(CORRECTION, 'float32'),
      decay: decayed ? graph.scalar(DECAY, 'float32') : undefined,
      applies: graph.scalar(Number(applies), 'bool'),
    });
    const nodes = graph.nodes.map((node) =>
      node.outputs === undefined ? node : { ...node, attributes: { ...node.attributes, Tgradient: { type: dtype } } },
    );
    const read = values.map((value, i): GraphNode => {
      const done = after(graph, value, [], `done${i}`);
      nodes.push(done);
      return done;
    });
    const session = openSession(nodes);
    const feeds = [parameter, first, second, given].map((node, i) => [node, [...STATE, gradient][i]] as const);
    const fetched = await session.run(feeds, read);
    const copies = fetched.map(({ data }) => Float32Array.from(data));
    for (const tensor of fetched) tensor.release();
    session.close();
    return copies;
  }

  it.each(OPTIMIZERS.flatMap((name) => [true, false].map((decayed) => ({ name, decayed }))))(
    'equals that of the ops: $name, decayed: $decayed',
    async ({ name, decayed }) => {
      const results = await updated(name, { applies: true, decayed, dtype: 'float32' });
      const [parameter, firstMoment, secondMoment] = STATE.map((values) => tf.tensor(values, SHAPE));
      const slot = { parameter: parameter, firstMoment: firstMoment, secondMoment: secondMoment };
      const gradient = tf.mul(tf.tensor(GRADIENT, SHAPE), FACTOR);
      const scalars = { stepSize: STEP_SIZE, correction: CORRECTION, decay: DECAY };
      const update = adamWUpdate(name, slot, gradient, scalars, decayed);
      const expected = [update.parameter, update.firstMoment, update.secondMoment];
      for (const [i, tensor] of expected.entries()) {
        const values = tensor.dataSync<'float32'>();
        // a moment is the sum of two rounded products; the step, of at most 1e-3 · 1.1 / 0.001, is rounded six times
        const largest = results[i].reduce((most, value, k) => Math.max(most, Math.abs(value - values[k])), 0);
        expect(largest).toBeLessThan(3 * ULP);
      }
      tf.dispose([...Object.values(slot), gradient, ...expected]);
    },
  );

  it('takes a bfloat16 gradient', async () => {
    const rounded = await updated('adamw', { applies: true, decayed: true, dtype: 'bfloat16' });
    const bits = new Uint32Array(GRADIENT.slice().buffer).map(
      (each) => ((each + 0x7fff + ((each >> 16) & 1)) >>> 16) << 16,
    );
    const gradient = new Float32Array(bits.buffer);
    const expected = await updated('adamw', { applies: true, decayed: true, dtype: 'float32' }, gradient);
    expect(differences(rounded, expected)).toBe(0);
  });

  it('changes nothing if it does not apply, even if the gradient is not finite', async () => {
    const gradient = GRADIENT.map((value, i) => (i % 3 === 0 ? NaN : value));
    const kept = await updated('adamw', { applies: false, decayed: true, dtype: 'float32' }, gradient);
    expect(differences(kept, STATE)).toBe(0);
  });
});
