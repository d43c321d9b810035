/**
 * @file The addon for TensorFlow's sessions (`native/tf_session.cc`), which set-up compiles and installs beside tfjs's
 * own.
 */
import { setupCommand } from '../base/setup-command.js';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import tf from '../base/tfjs.cjs';
import { InputError } from '../base/errors.js';
import { installedAddon } from './installed-addon.js';

/** A session, opaque to JavaScript. */
export interface SessionHandle {
  readonly session: unique symbol;
}

/** Values that tensors are fed with and fetched as. */
export type TensorValues = Float32Array | Int32Array | Uint8Array;

/** A feed; `dtype` is a number of TensorFlow's `DataType`. */
export interface NativeFeed {
  readonly name: string;
  readonly dtype: number;
  readonly shape: readonly number[];
  readonly data: TensorValues;
}

/** A fetched tensor. Its buffer may be TensorFlow's own memory, even that of a variable: do not write to it. */
export interface NativeTensor {
  readonly dtype: number;
  readonly shape: readonly number[];
  readonly buffer: ArrayBuffer;
  /** A handle to free the buffer, if it is TensorFlow's memory. */
  readonly memory?: { readonly memory: unique symbol };
}

/** A device of a session. */
export interface SessionDevice {
  /** `/job:localhost/replica:0/task:0/device:GPU:0` */
  readonly name: string;
  /** `CPU`, `GPU` */
  readonly type: string;
  /** What TensorFlow may hand out of a GPU's memory. For a CPU it says nothing: TensorFlow always states 256 MiB. */
  readonly memoryBytes: number;
}

/**
 * The addon's functions. They throw, or reject with, Errors whose `code` is the name of TensorFlow's status code.
 */
export interface SessionAddon {
  /** The names of the ops that the addon adds to TensorFlow. */
  readonly ops: string;
  /**
   * @param config a ConfigProto; empty: TensorFlow's defaults
   * @param threads how many runs may be in progress at once
   * @param target of a server; absent: the session computes only in this process
   */
  open(graphDef: Uint8Array, config: Uint8Array, threads: number, target?: string): SessionHandle;
  /**
   * Starts TensorFlow's server, which serves until the process ends.
   *
   * @param serverDef a ServerDef
   * @param port the port that `serverDef` names for this process
   * @param networkDevice the only network device on which the server is reachable
   * @returns the target of sessions
   */
  serve(serverDef: Uint8Array, port: number, networkDevice: string): string;
  /** Copies the feeds, then computes on one of the session's threads; runs begin in the order of the calls. */
  run(session: SessionHandle, feeds: readonly NativeFeed[], fetches: readonly string[]): Promise<NativeTensor[]>;
  devices(session: SessionHandle): SessionDevice[];
  /** Frees a fetched buffer's memory now; the buffer then has no bytes. */
  release(buffer: NativeTensor['buffer'], memory: NativeTensor['memory']): void;
  /** Must be called when the process is about to end: runs in progress must not outlive what they compute with. */
  ending(): void;
  /** Frees the graph and its variables, after the runs already requested. */
  close(session: SessionHandle): void;
}

/** Addons that are notified when the process ends. */
const loaded = new WeakSet<SessionAddon>();

/**
 * Loads the addon into a process that has loaded tfjs's native backend, as both use the same libtensorflow.
 *
 * @throws InputError if it is missing
 */
export function sessionAddon(file = installedAddon('tf_session.node')): SessionAddon {
  if (tf.findBackend('tensorflow') === null) throw new Error('a session needs TensorFlow, which is not loaded');
  if (!existsSync(file)) throw earlierSetup(file, 'that file is missing');
  const addon = createRequire(import.meta.url)(file) as SessionAddon;
  if (!('ops' in addon)) throw earlierSetup(file, 'that file lacks some');
  if (!loaded.has(addon)) {
    loaded.add(addon);
    process.once('exit', () => {
      addon.ending();
    });
  }
  return addon;
}

function earlierSetup(file: string, found: string): InputError {
  return new InputError(
    `expected TensorFlow's sessions in ${file}, but ${found}: an earlier version was set up here; ` +
      `run ${setupCommand()}`,
  );
}
