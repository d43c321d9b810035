/**
 * @file Runs a graph through a session of TensorFlow's, on a thread of its own: Node's event loop goes on meanwhile.
 */
import {
  sessionAddon,
  type NativeTensor,
  type SessionAddon,
  type TensorValues,
} from '../../tensorflow/session-addon.js';
import type { GraphFunction } from './fusion.js';
import type { GraphNode, Value } from './graph.js';
import { DTYPE_NUMBERS, encodeGraph } from './graph-def.js';
import { encodeConfig, type SessionConfig } from './session-config.js';

/** Something to feed, with its values in row-major order; they are copied before `run` returns. */
export type Feed = readonly [Value, TensorValues];

/** Something fetched. */
export interface FetchedTensor {
  readonly dtype: 'float32' | 'int32' | 'bool';
  readonly shape: readonly number[];
  /** Row-major. TensorFlow's own memory, and maybe a variable's: not to be written to. */
  readonly data: TensorValues;
  /** Gives the memory back now instead of when nothing refers to it any more. `data` is empty then. */
  release(): void;
}

/** A graph with its variables, running. */
export interface Session {
  /**
   * Feeds and fetches. Runs take place one after the other, in the order of the calls.
   *
   * @throws Error with TensorFlow's message when an op fails, with the name of TensorFlow's code as `code`:
   *   `RESOURCE_EXHAUSTED` where memory ran out, `INVALID_ARGUMENT` where a feed has another shape, dtype or length
   *   than the graph states
   */
  run(feeds: readonly Feed[], fetches: readonly Value[]): Promise<FetchedTensor[]>;
  /** Frees the graph and its variables, once what was asked of it is done. Harmless when repeated. */
  close(): void;
}

/**
 * Loads a graph into a session of its own.
 *
 * @throws Error with TensorFlow's message where the graph or the configuration is not valid
 */
export function openSession(
  nodes: readonly GraphNode[],
  functions: readonly GraphFunction[] = [],
  config: SessionConfig = {},
): Session {
  const addon = sessionAddon();
  const handle = addon.open(encodeGraph(nodes, functions), encodeConfig(config));
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
