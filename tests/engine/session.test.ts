/**
 * @file TensorFlow's sessions as the engine uses them: feeds and fetches, what is refused, and what goes on meanwhile.
 */
import { spawnSync } from 'node:child_process';
import tf from '../../src/base/tfjs.cjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { Graph, type GraphDtype, type GraphNode, type Value } from '../../src/engine/graph/graph.js';
import { openSession, type Feed, type FetchedTensor, type Session } from '../../src/engine/graph/session.js';
import { encodeConfig, type SessionConfig } from '../../src/engine/graph/session-config.js';
import {
  addToVariable,
  after,
  assignVariable,
  cast,
  declareVariable,
  placeholder,
  readVariable,
} from '../../src/engine/graph/variables.js';
import { loadBackend } from '../../src/tensorflow/backend.js';
import { sessionAddon } from '../../src/tensorflow/session-addon.js';

beforeAll(() => loadBackend('tensorflow'));

/** Opens the session of a graph for as long as `work` takes. */
async function inSession<T>(graph: Graph, work: (session: Session) => Promise<T>, config?: SessionConfig): Promise<T> {
  const session = openSession(graph.nodes, [], config);
  try {
    return await work(session);
  } finally {
    session.close();
  }
}

/** The parts of a graph that returns its feed. */
function echo(shape: readonly number[], dtype: GraphDtype): { graph: Graph; input: GraphNode; output: GraphNode } {
  const graph = new Graph();
  const input = placeholder(graph, 'x', shape, dtype);
  return { graph, input, output: after(graph, input, [], 'y') };
}

/** A slow node: a chain of products of the fed matrix, of `side` rows, with itself. */
function slowGraph(side: number, links: number): { graph: Graph; input: GraphNode; output: GraphNode } {
  const graph = new Graph();
  const input = placeholder(graph, 'x', [side, side], 'float32');
  const attributes = { T: { type: 'float32' }, transpose_a: { bool: false }, transpose_b: { bool: false } } as const;
  let product: Value = input;
  for (let link = 0; link < links; link++)
    product = graph.add('MatMul', [product, input], attributes, { dtype: 'float32', shape: [side, side] });
  return { graph, input, output: after(graph, product, [], 'y') };
}

/** A variable that starts at 0 everywhere. */
function variableGraph(size: number) {
  const graph = new Graph();
  const variable = declareVariable(graph, 'v', [size]);
  const zeros = graph.fill(0, [size], 'float32');
  const ready = after(graph, graph.scalar(1, 'float32'), [assignVariable(graph, variable, zeros)], 'ready');
  const read = readVariable(graph, variable);
  const one = graph.fill(1, [size], 'float32');
  const added = after(graph, graph.scalar(1, 'float32'), [addToVariable(graph, variable, one)], 'added');
  return { graph, variable, ready, read, added };
}

const SIDE = 1024;
/** `[SIDE, SIDE]`: a matrix that is equal to its products with itself, exactly: all sums are of powers of two. */
const matrix = (): Float32Array => new Float32Array(SIDE * SIDE).fill(1 / SIDE);

describe('a session whose graph is pruned first', () => {
  it('keeps its variables between sets of fetches', async () => {
    const { graph, ready, read, added } = variableGraph(3);
    await inSession(
      graph,
      async (session) => {
        for (const fetch of [ready, added, added]) await session.run([], [fetch]);
        const [fetched] = await session.run([], [read]);
        expect([...fetched.data]).toEqual([2, 2, 2]);
      },
      { prunesFirst: true },
    );
  });

  it('places only what is needed', async () => {
    const { graph, input, output } = echo([1], 'float32');
    after(graph, input, [], 'elsewhere');
    const nodes = graph.nodes.map((node) => (node.name === 'elsewhere' ? { ...node, device: '/device:GPU:7' } : node));
    const echoed = async (config: SessionConfig) => {
      const session = openSession(nodes, [], config);
      try {
        return await session.run([[input, Float32Array.of(7)]], [output]);
      } finally {
        session.close();
      }
    };
    await expect(echoed({})).rejects.toThrow(/GPU:7/);
    const [fetched] = await echoed({ prunesFirst: true });
    expect([...fetched.data]).toEqual([7]);
  });
});

describe('the devices of a session', () => {
  it('are listed', () => {
    const addon = sessionAddon();
    const session = addon.open(new Uint8Array(), encodeConfig({ cpuDevices: 2 }), 1);
    expect(addon.devices(session)).toEqual(
      [0, 1].map((i) => ({
        name: `/job:localhost/replica:0/task:0/device:CPU:${i}`,
        type: 'CPU',
        memoryBytes: 2 ** 28,
      })),
    );
    addon.close(session);
    expect(() => addon.devices(session)).toThrow('the session is closed');
  });

  it('must include those that a graph names, even if ops may run elsewhere', () => {
    const { graph } = echo([1], 'float32');
    const on = (...devices: string[]) =>
      graph.nodes.map((node, i) => ({ ...node, device: devices[i % devices.length] }));
    const config: SessionConfig = { cpuDevices: 2, placesSoftly: true };
    openSession(on('/device:CPU:1', '/job:localhost/replica:0/task:0/device:CPU:0'), [], config).close();
    expect(() => openSession(on('/device:GPU:0', '/device:CPU:2'), [], config)).toThrow(
      "expected /device:GPU:0, /device:CPU:2 among TensorFlow's devices, got " +
        '/job:localhost/replica:0/task:0/device:CPU:0, /job:localhost/replica:0/task:0/device:CPU:1; ' +
        'name fewer with --device, or see with `kd doctor` why TensorFlow lacks them',
    );
  });
});

describe('the inputs and outputs of a session', () => {
  it.each([
    ['float32', Float32Array.of(0.5, -1, 2, 3, NaN, Infinity)],
    ['int32', Int32Array.of(1, -2, 3, 4, 5, 2 ** 31 - 1)],
    ['bool', Uint8Array.of(0, 1, 1, 0, 1, 0)],
  ] as const)('can be %s, with its shape', async (dtype, values) => {
    const { graph, input, output } = echo([2, 3], dtype);
    const [fetched] = await inSession(graph, (session) => session.run([[input, values]], [output]));
    expect(fetched).toMatchObject({ dtype, shape: [2, 3], data: values });
  });

  it('can be a single number, and nothing', async () => {
    const { graph, input, output } = echo([], 'float32');
    const none = placeholder(graph, 'none', [0, 3], 'float32');
    const nothing = after(graph, none, [], 'nothing');
    const feeds: Feed[] = [
      [input, Float32Array.of(7)],
      [none, new Float32Array()],
    ];
    const fetched = await inSession(graph, (session) => session.run(feeds, [output, nothing]));
    expect(fetched.map(({ shape, data }) => [shape, [...data]])).toEqual([
      [[], [7]],
      [[0, 3], []],
    ]);
  });

  it('are what the arrays held when they were fed, whatever is written to them afterwards', async () => {
    const { graph, input, output } = slowGraph(SIDE, 2);
    await inSession(graph, async (session) => {
      const fed = matrix();
      const run = session.run([[input, fed]], [output]);
      fed.fill(0);
      expect((await run)[0].data[0]).toBe(1 / SIDE);
    });
  });

  it('can be part of a larger array', async () => {
    const { graph, input, output } = echo([2], 'float32');
    const [{ data }] = await inSession(graph, (session) =>
      session.run([[input, Float32Array.of(1, 2, 3, 4).subarray(1, 3)]], [output]),
    );
    expect([...data]).toEqual([2, 3]);
  });

  it("are TensorFlow's own memory if large: two reads of a variable are one", async () => {
    const { graph, ready, read } = variableGraph(1_000_000);
    await inSession(graph, async (session) => {
      await session.run([], [ready]);
      const [[first], [second]] = [await session.run([], [read]), await session.run([], [read])];
      first.data[999_999] = 5;
      expect(second.data[999_999]).toBe(5);
    });
  });

  it('do not change when the variable does, and outlive the session', async () => {
    const { graph, ready, read, added } = variableGraph(1_000_000);
    const values = await inSession(graph, async (session) => {
      await session.run([], [ready]);
      const [before] = await session.run([], [read]);
      await session.run([], [added]);
      const [now] = await session.run([], [read]);
      return [before, now];
    });
    expect(values.map(({ data }) => data[123_456])).toEqual([0, 1]);
  });

  it('are empty once released', async () => {
    const { graph, input, output } = echo([100_000], 'float32');
    const [fetched] = await inSession(graph, (session) => session.run([[input, new Float32Array(100_000)]], [output]));
    fetched.release();
    expect(fetched.data).toHaveLength(0);
  });

  it('contain no tensor of tfjs’s', async () => {
    const { graph, input, output } = echo([2], 'float32');
    const before = tf.memory().numTensors;
    await inSession(graph, (session) => session.run([[input, Float32Array.of(1, 2)]], [output]));
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('what a session refuses', () => {
  const { graph, input, output } = echo([2, 3], 'float32');
  const refused = async (feeds: readonly Feed[], fetches: readonly Value[], message: string): Promise<void> => {
    await expect(inSession(graph, (session) => session.run(feeds, fetches))).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message,
    });
  };

  it.each([
    ['another shape', { ...input, shape: [3, 2] }, 6, 'feed x: expected shape [2, 3], got [3, 2]'],
    ['another rank', { ...input, shape: [6] }, 6, 'feed x: expected shape [2, 3], got [6]'],
    ['too few values', input, 5, 'feed x: expected 24 bytes for shape [2, 3], got 20'],
    ['too many values', input, 7, 'feed x: expected 24 bytes for shape [2, 3], got 28'],
  ])('%s', (_, fed, length, message) => refused([[fed, new Float32Array(length)]], [output], message));

  it('values of another type', async () => {
    await refused([[input, new Int32Array(6)]], [output], 'feed x: expected a typed array of its dtype');
    await refused([[{ ...input, dtype: 'int32' }, new Int32Array(6)]], [output], 'feed x: expected dtype 1, got 3');
  });

  it('more dimensions than a tensor can have, if the graph states no shape', async () => {
    const open = new Graph();
    const x = open.add('Placeholder', [], { dtype: { type: 'float32' } }, { dtype: 'float32', shape: [] }, 'x');
    const fed = { ...x, shape: new Array<number>(255).fill(1) };
    await expect(inSession(open, (session) => session.run([[fed, Float32Array.of(1)]], [x]))).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: 'feed x: expected at most 254 dimensions, got 255',
    });
  });

  it('a server that is reachable on any network device', () => {
    expect(() => sessionAddon().serve(new Uint8Array(), 1, '')).toThrow(
      'a server needs a network device, the only one on which it is reachable',
    );
  });

  it('names that the graph does not have, and outputs of types that JavaScript has no arrays for', async () => {
    await refused([[{ ...input, name: 'z' }, new Float32Array(6)]], [output], 'the graph has no node z');
    await refused([], [{ ...output, name: 'z' }], 'the graph has no node z');
    const other = echo([2], 'bfloat16');
    await expect(inSession(other.graph, (session) => session.run([], [other.output]))).rejects.toThrow(
      'fetch y: JavaScript cannot read dtype 14; cast it in the graph',
    );
  });

  it("invalid graphs, in TensorFlow's words", () => {
    const broken = new Graph();
    broken.add('NoSuchOp', [], {}, { dtype: 'float32', shape: [] });
    expect(() => openSession(broken.nodes)).toThrow(/NoSuchOp/);
  });

  it('a run whose op fails, with the words and the code of TensorFlow; then it continues', async () => {
    const checked = new Graph();
    const x = placeholder(checked, 'x', [1], 'float32');
    const attributes = { T: { type: 'float32' }, message: { text: 'that is no number' } } as const;
    const y = checked.add('CheckNumerics', [x], attributes, { dtype: 'float32', shape: [1] }, 'y');
    await inSession(checked, async (session) => {
      await expect(session.run([[x, Float32Array.of(NaN)]], [y])).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
        message: expect.stringContaining('that is no number') as string,
      });
      expect((await session.run([[x, Float32Array.of(3)]], [y]))[0].data[0]).toBe(3);
    });
  });
});

describe('runs of a session', () => {
  it('take place one at a time, in the order of the calls', async () => {
    const { graph, ready, read, added } = variableGraph(4);
    const seen = await inSession(graph, (session) =>
      Promise.all([ready, read, added, read, added, added, read].map((node) => session.run([], [node]))),
    );
    expect([1, 3, 6].map((at) => seen[at][0].data[0])).toEqual([0, 1, 3]);
  });

  it('leave the event loop free: a timer keeps firing', async () => {
    const PERIOD_MS = 5;
    const { graph, input, output } = slowGraph(SIDE, 60);
    await inSession(graph, async (session) => {
      await session.run([[input, matrix()]], [output]); // the first run compiles it
      const ticks = [performance.now()];
      const timer = setInterval(() => ticks.push(performance.now()), PERIOD_MS);
      await session.run([[input, matrix()]], [output]);
      clearInterval(timer);
      ticks.push(performance.now());
      const gaps = ticks.slice(1).map((at, i) => at - ticks[i]);
      const elapsed = ticks.at(-1)! - ticks[0];
      expect(elapsed).toBeGreaterThan(10 * PERIOD_MS); // long enough to tell
      expect(Math.max(...gaps)).toBeLessThan(elapsed / 2); // a blocked loop has one gap as long as the run
      expect(ticks.length).toBeGreaterThan(elapsed / PERIOD_MS / 4); // and hardly a tick; a busy machine misses some
    });
  });

  it('end before their session does, which may be closed twice', async () => {
    const { graph, input, output } = slowGraph(SIDE, 20);
    const session = openSession(graph.nodes);
    const runs = [1, 2].map(() => session.run([[input, matrix()]], [output]));
    session.close();
    session.close();
    await expect(session.run([[input, matrix()]], [output])).rejects.toMatchObject({
      code: 'FAILED_PRECONDITION',
      message: 'the session is closed',
    });
    for (const [{ data }] of await Promise.all(runs)) expect(data[0]).toBe(1 / SIDE);
    session.close();
  });

  const FETCHED_BYTES = 4e6;
  const RUNS_LOOKED_AT = 400;

  /** How much resident memory grows after the 100th of 500 runs that return `FETCHED_BYTES` each. */
  async function growth(after: (tensor: FetchedTensor) => unknown): Promise<number> {
    const { graph, input, output } = echo([FETCHED_BYTES / 4], 'float32');
    return inSession(graph, async (session) => {
      const fed = new Float32Array(FETCHED_BYTES / 4);
      const resident: number[] = [];
      for (let run = 1; run <= 100 + RUNS_LOOKED_AT; run++) {
        const [fetched] = await session.run([[input, fed]], [output]);
        await after(fetched);
        if (run % 100 === 0) resident.push(process.memoryUsage.rss());
      }
      return resident.at(-1)! - resident[0];
    });
  }

  it('keep no memory of released values', async () => {
    expect(
      await growth((tensor) => {
        tensor.release();
      }),
    ).toBeLessThan((RUNS_LOOKED_AT * FETCHED_BYTES) / 4); // one tensor kept every four runs
  });

  it('keep no memory of garbage-collected values', async () => {
    const half = (RUNS_LOOKED_AT * FETCHED_BYTES) / 2; // the collector runs when it sees fit
    expect(await growth(() => new Promise(setImmediate))).toBeLessThan(half);
  });

  it('keep no memory of closed sessions', async () => {
    const [variableBytes, sessions] = [16e6, 80];
    const { graph, ready } = variableGraph(variableBytes / 4);
    const open = async (times: number): Promise<number> => {
      for (let opened = 0; opened < times; opened++) await inSession(graph, (session) => session.run([], [ready]));
      return process.memoryUsage.rss();
    };
    const before = await open(20); // the allocator keeps freed memory, so it must have reached the peak first
    expect((await open(sessions)) - before).toBeLessThan((sessions * variableBytes) / 4); // one session kept every four
  });
});

describe('the configuration of a session', () => {
  const graph = new Graph();
  const one = cast(graph, graph.scalar(1, 'int32'), 'float32');
  const output = after(graph, one, [], 'y');
  const pinned = graph.nodes.map((node) => (node.name === 'y' ? { ...node, device: '/device:CPU:1' } : node));
  const run = async (config: SessionConfig): Promise<number> => {
    const session = openSession(pinned, [], config);
    try {
      return (await session.run([], [output]))[0].data[0];
    } finally {
      session.close();
    }
  };

  it('decides whether an op may run on another device than its own, which there must be', async () => {
    expect([...encodeConfig({ placesSoftly: true })]).toEqual([7 << 3, 1]); // allow_soft_placement
    expect(await run({ placesSoftly: true, cpuDevices: 2 })).toBe(1);
    await expect(run({ placesSoftly: true })).rejects.toThrow("expected /device:CPU:1 among TensorFlow's devices");
  });

  it('says how many devices the CPU counts as', async () => {
    await expect(run({})).rejects.toThrow(/CPU:1/);
    expect(await run({ cpuDevices: 2 })).toBe(1);
  });

  it('may say how many threads there are, and how a GPU’s memory is allocated', async () => {
    expect(await run({ cpuDevices: 2, threads: { inOp: 1, ofOps: 2 }, growsGpuMemory: true })).toBe(1);
  });
});

describe('a process with sessions', () => {
  const DIST = new URL('../../dist', import.meta.url).href;

  /** A program with a session whose graph takes seconds. */
  function withSession(rest: string): string {
    return `
      const { loadBackend } = await import('${DIST}/tensorflow/backend.js');
      const { Graph } = await import('${DIST}/engine/graph/graph.js');
      const { openSession } = await import('${DIST}/engine/graph/session.js');
      const { after, placeholder } = await import('${DIST}/engine/graph/variables.js');
      await loadBackend('tensorflow', 'cpu');
      const graph = new Graph();
      const input = placeholder(graph, 'x', [1024, 1024], 'float32');
      const attributes = { T: { type: 'float32' }, transpose_a: { bool: false }, transpose_b: { bool: false } };
      let product = input;
      for (let i = 0; i < 2000; i++) product = graph.add('MatMul', [product, input], attributes, input);
      const output = after(graph, product, [], 'y');
      const same = after(graph, input, [], 'same');
      const session = openSession(graph.nodes);
      const fed = new Float32Array(1024 * 1024).fill(1 / 1024);
      ${rest}`;
  }

  /** Runs a program; returns its output and its exit status. */
  function run(program: string): { status: number | null; stdout: string } {
    return spawnSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8', timeout: 100_000 });
  }

  const ended = (rest: string) => run(withSession(rest));

  it('exits at once with its exit code while one computes', () => {
    const { status, stdout } = ended(`
      process.on('beforeExit', () => process.stdout.write('too late'));
      void session.run([[input, fed]], [output]);
      setTimeout(() => { process.stdout.write(String(Date.now())); process.exit(7); }, 300);`);
    expect(status).toBe(7);
    expect(Date.now() - Number(stdout)).toBeLessThan(5000); // the run takes several times as long
  });

  it('exits by itself when nothing computes any more, and not before', () => {
    const { status, stdout } = ended(`
      session.close();
      const small = openSession(graph.nodes.filter(({ name }) => ['x', 'same'].includes(name)));
      small.run([[input, fed]], [same]).then(([{ data }]) => process.stdout.write(String(data[5] * 1024)));`);
    expect({ status, stdout }).toEqual({ status: 0, stdout: '1' });
  });

  it('exits with its exit code if worker threads were stopped while their sessions computed', () => {
    const worker = withSession(`
      void session.run([[input, fed]], [output]);
      (await import('node:worker_threads')).parentPort.postMessage('begun');`);
    const { status, stdout } = run(`
      const { Worker } = await import('node:worker_threads');
      for (let i = 0; i < 2; i++) {
        const worker = new Worker(new URL(${JSON.stringify(`data:text/javascript,${encodeURIComponent(worker)}`)}));
        await new Promise((resolve) => worker.once('message', resolve));
        await worker.terminate();
      }
      process.exit(7);`);
    expect({ status, stdout }).toEqual({ status: 7, stdout: '' });
  });

  it('leaves no thread behind if not all threads of a session can be started', () => {
    const { status, stdout } = ended(`
      const { spawnSync } = await import('node:child_process');
      const { readFileSync } = await import('node:fs');
      const limit = (bytes) => spawnSync('prlimit', ['--pid', String(process.pid), '--as=' + bytes]);
      session.close();
      const status = (name) => Number(new RegExp(name + ':\\\\s+(\\\\d+)').exec(readFileSync('/proc/self/status'))[1]);
      const before = status('Threads');
      limit(1024 * status('VmSize') + 1e9 + ':'); // room for a hundred stacks
      try {
        openSession(graph.nodes.slice(0, 1), [], {}, 10_000);
      } catch (error) {
        limit('unlimited:');
        process.stdout.write(error.code + ' ' + (status('Threads') - before));
      }`);
    expect({ status, stdout }).toEqual({ status: 0, stdout: 'INTERNAL 0' });
  });
});

it('an earlier set-up without the addon is reported with advice', () => {
  expect(() => sessionAddon('/no/such/tf_session.node')).toThrow(
    "expected TensorFlow's sessions in /no/such/tf_session.node, but that file is missing: an earlier version " +
      'was set up here; run `npm run setup`',
  );
});
