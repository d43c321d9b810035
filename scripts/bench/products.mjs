/**
 * Measures what the machine's products alone reach: `[4928, 768] × [768, 3072]`, the student's largest, in the
 * fastest of so many rounds as the argument says. One JSON line.
 */
import { Graph } from '#dist/engine/graph/graph.js';
import { slice } from '#dist/engine/graph/moves.js';
import { openSession } from '#dist/engine/graph/session.js';
import { cast, declareVariable, assignVariable, after, readVariable } from '#dist/engine/graph/variables.js';
import { loadBackend } from '#dist/tensorflow/backend.js';
import { bfloat16Blocker } from '#dist/tensorflow/hardware.js';

/** @import { Variable } from '#dist/engine/graph/variables.js' */
/** @typedef {{ fp32: number, bf16: number }} Rates GFLOP/s; 0 where oneDNN is kept from computing in bfloat16 */

const [ROWS, INNER, COLUMNS] = [4928, 768, 3072];
const ROUNDS = Number(process.argv[2]);

await loadBackend('tensorflow');
const bf16 = bfloat16Blocker() === undefined ? await rate('bfloat16') : 0;
console.log(JSON.stringify({ fp32: await rate('float32'), bf16 }));

/**
 * GFLOP/s of the fastest of some rounds.
 *
 * @param {'float32' | 'bfloat16'} dtype
 */
async function rate(dtype) {
  const graph = new Graph();
  const a = declareVariable(graph, 'a', [ROWS, INNER], dtype);
  const b = declareVariable(graph, 'b', [COLUMNS, INNER], dtype);
  /** @param {Variable} variable */
  const ones = ({ shape }) => cast(graph, graph.fill(1, shape, 'float32'), dtype);
  const ready = after(
    graph,
    graph.scalar(1, 'float32'),
    [a, b].map((variable) => assignVariable(graph, variable, ones(variable))),
    'ready',
  );
  const [left, right] = [readVariable(graph, a), readVariable(graph, b)];
  const attributes = { T: { type: dtype }, transpose_a: { bool: false }, transpose_b: { bool: true } };
  const product = graph.add('MatMul', [left, right], attributes, { dtype, shape: [ROWS, COLUMNS] });
  const corner = slice(graph, { x: product }, { begin: [0, 0], size: [1, 1] });
  const output = cast(graph, corner, 'float32');
  const done = after(graph, output, [], 'done');
  const session = openSession(graph.nodes);
  await session.run([], [ready]);
  await session.run([], [done]);
  let best = Infinity;
  for (let round = 0; round < ROUNDS; round++) {
    const started = performance.now();
    await session.run([], [done]);
    best = Math.min(best, performance.now() - started);
  }
  session.close();
  return Math.round((2 * ROWS * INNER * COLUMNS) / best / 1e6);
}
