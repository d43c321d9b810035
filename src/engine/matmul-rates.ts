/** @file Measures matrix products on the device that training would use, and proves that they ran there. */
import { Graph, type GraphNode } from './graph/graph.js';
import { slice } from './graph/moves.js';
import { openSession } from './graph/session.js';
import { after, assignVariable, cast, declareVariable, readVariable } from './graph/variables.js';

/** Products in a chain: enough to make the overhead of a session call negligible. */
const CHAIN = 4;
const ROUNDS = 4;

/** The size of the square matrices: the width of CLIP-L and RoBERTa; a GPU needs large ones to be busy. */
const MATMUL_SIZES = { cpu: 768, gpu: 8192 } as const;

type Factors = 'float32' | 'bfloat16';

/** Floating-point operations per second, by the dtype of the factors. */
export type MatmulRates = Readonly<Record<Factors, number>>;

/**
 * Measures the rate of a chain of products of square matrices, pinned to a device. TensorFlow refuses a graph that it
 * cannot run there, so a rate proves that it did.
 *
 * @param size of the matrices
 * @returns floating-point operations per second, in the fastest of several rounds
 * @throws Error with TensorFlow's message if the device is missing or has no such product
 */
export async function matmulRate(
  dtype: Factors,
  device: 'cpu' | 'gpu',
  size: number = MATMUL_SIZES[device],
): Promise<number> {
  const [rate] = await ratesOf([dtype], device, size);
  return rate!;
}

/** Measures both rates in turns, so that other load on the machine affects both alike. Otherwise like `matmulRate`. */
export async function matmulRates(device: 'cpu' | 'gpu', size: number = MATMUL_SIZES[device]): Promise<MatmulRates> {
  const [float32, bfloat16] = await ratesOf(['float32', 'bfloat16'], device, size);
  return { float32: float32!, bfloat16: bfloat16! };
}

async function ratesOf(dtypes: readonly Factors[], device: 'cpu' | 'gpu', size: number): Promise<number[]> {
  const chains: MatmulChain[] = [];
  try {
    for (const dtype of dtypes) chains.push(await openChain(dtype, device, size)); // each is closed below
    const best = chains.map(() => Infinity);
    for (let round = 0; round < ROUNDS; round++)
      for (const [i, { run }] of chains.entries()) {
        const started = performance.now();
        await run();
        best[i] = Math.min(best[i]!, performance.now() - started);
      }
    return best.map((milliseconds) => (2 * size ** 3 * CHAIN) / (milliseconds / 1000));
  } finally {
    for (const { close } of chains) close();
  }
}

interface MatmulChain {
  readonly run: () => Promise<unknown>;
  readonly close: () => void;
}

/** A chain of products in a session of its own, warmed up. */
async function openChain(dtype: Factors, device: 'cpu' | 'gpu', size: number): Promise<MatmulChain> {
  const { nodes, ready, done } = matmulGraph(dtype, `/device:${device.toUpperCase()}:0`, size);
  const session = openSession(nodes);
  const close = (): void => {
    session.close();
  };
  try {
    await session.run([], [ready]);
    await session.run([], [done]);
  } catch (error) {
    close();
    throw error;
  }
  return { run: () => session.run([], [done]), close };
}

/** A chain of products by a matrix whose values are all 1 / size, so that every product equals it. */
function matmulGraph(
  dtype: Factors,
  device: string,
  size: number,
): { nodes: readonly GraphNode[]; ready: GraphNode; done: GraphNode } {
  const graph = new Graph();
  const matrix = declareVariable(graph, 'matrix', [size, size], dtype);
  const ready = after(
    graph,
    graph.scalar(1, 'float32'),
    [assignVariable(graph, matrix, cast(graph, graph.fill(1 / size, [size, size], 'float32'), dtype))],
    'ready',
  );
  const factor = readVariable(graph, matrix); // [S, S]
  const attributes = { T: { type: dtype }, transpose_a: { bool: false }, transpose_b: { bool: false } };
  let product = factor;
  for (let link = 0; link < CHAIN; link++)
    product = graph.add('MatMul', [product, factor], attributes, { dtype, shape: [size, size] });
  const corner = slice(graph, { x: product }, { begin: [0, 0], size: [1, 1] });
  const done = after(graph, cast(graph, corner, 'float32'), [], 'done');
  return { nodes: graph.nodes.map((node) => (node.op === 'MatMul' ? { ...node, device } : node)), ready, done };
}
