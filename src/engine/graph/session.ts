/** @file Runs a graph in a TensorFlow session on a separate thread, without blocking Node's event loop. */
import { InputError } from '../../base/errors.js';
import { KD } from '../../base/own-command.js';
import {
  sessionAddon,
  type NativeTensor,
  type SessionAddon,
  type SessionHandle,
  type TensorValues,
} from '../../tensorflow/session-addon.js';
import type { GraphFunction } from './functions.js';
import type { GraphNode, Value } from './graph.js';
import { DTYPE_NUMBERS, encodeGraph } from './graph-def.js';
import { encodeConfig, type SessionConfig } from './session-config.js';

/** A feed, with its values in row-major order; they are copied before `run` returns. */
export type Feed = readonly [Value, TensorValues];

/** A fetched value. */
export interface FetchedTensor {
  readonly dtype: 'float32' | 'int32' | 'bool';
  readonly shape: readonly number[];
  /** Row-major. TensorFlow's own memory, perhaps a variable's: do not write to it. */
  readonly data: TensorValues;
  /** Frees the memory now instead of at garbage collection. `data` is empty afterwards. */
  release(): void;
}

/** A running graph with its variables. */
export interface Session {
  /**
   * Runs the graph with some feeds and returns the fetched values. Runs begin in the order of the calls, one at a time
   * unless the session was opened for several at once.
   *
   * @throws Error with TensorFlow's message when an op fails, with the name of TensorFlow's code as `code`:
   * `RESOURCE_EXHAUSTED` when out of memory, `INVALID_ARGUMENT` for a feed with another shape, dtype or length than the
   * graph states
   */
  run(feeds: readonly Feed[], fetches: readonly Value[]): Promise<FetchedTensor[]>;
  /** Frees the graph and its variables once pending runs are done. May be called again. */
  close(): void;
}

/**
 * Loads a graph into a new session.
 *
 * @param atOnce how many runs may be in progress at once
 * @param target of a server in this process, for devices of several processes
 * @throws Error with TensorFlow's message if the graph or the configuration is not valid; InputError if the graph
 *   names a device that the session lacks
 */
export function openSession(
  nodes: readonly GraphNode[],
  functions: readonly GraphFunction[] = [],
  config: SessionConfig = {},
  atOnce = 1,
  target?: string,
): Session {
  const addon = sessionAddon();
  const handle = addon.open(encodeGraph(nodes, functions), encodeConfig(config), atOnce, target);
  if (config.placesSoftly === true) checkDevices(nodes, addon, handle);
  return {
    async run(feeds, fetches) {
      const fed = feeds.map(([{ name, dtype, shape }, data]) => ({ name, dtype: DTYPE_NUMBERS[dtype], shape, data }));
      const names = fetches.map(({ name }) => name);
      const fetched = await addon.run(handle, fed, names);
      return fetched.map((tensor) => fetchedTensor(addon, tensor));
    },
    close: () => {
      addon.close(handle);
    },
  };
}

/**
 * Checks that a session has all devices that its graph names. TensorFlow does so itself, unless it places ops softly:
 * then those of a missing device go to another, and replicas that meet there wait for each other for ever.
 */
function checkDevices(nodes: readonly GraphNode[], addon: SessionAddon, handle: SessionHandle): void {
  const present = addon.devices(handle).map(({ name }) => name);
  const named = new Set(nodes.flatMap(({ device }) => device ?? []));
  const missing = [...named].filter((device) => !present.some((name) => name === device || name.endsWith(device)));
  if (missing.length === 0) return;
  addon.close(handle);
  throw new InputError(
    `expected ${missing.join(', ')} among TensorFlow's devices, got ${present.join(', ')}; ` +
      `name fewer with --device, or see with \`${KD} doctor\` why TensorFlow lacks them`,
  );
}

function fetchedTensor(addon: SessionAddon, { dtype, shape, buffer, memory }: NativeTensor): FetchedTensor {
  return {
    ...valuesOf(dtype, buffer),
    shape,
    release: () => {
      addon.release(buffer, memory);
    },
  };
}

function valuesOf(dtype: number, buffer: ArrayBuffer): Pick<FetchedTensor, 'dtype' | 'data'> {
  if (dtype === DTYPE_NUMBERS.float32) return { dtype: 'float32', data: new Float32Array(buffer) };
  if (dtype === DTYPE_NUMBERS.int32) return { dtype: 'int32', data: new Int32Array(buffer) };
  return { dtype: 'bool', data: new Uint8Array(buffer) };
}
