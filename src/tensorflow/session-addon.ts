/**
 * @file The addon for TensorFlow's sessions (`native/tf_session.cc`), which set-up compiles and puts beside tfjs's own.
 */
import { setupCommand } from '../base/setup-command.js';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import * as tf from '@tensorflow/tfjs-core';
import { InputError } from '../base/errors.js';
import { installedAddon } from './installed-addon.js';

/** A session; the addon alone knows what is in it. */
export interface SessionHandle {
  readonly session: unique symbol;
}

/** Values that tensors are fed with and fetched as. */
export type TensorValues = Float32Array | Int32Array | Uint8Array;

/** What is fed; `dtype` is a number of TensorFlow's `DataType`. */
export interface NativeFeed {
  readonly name: string;
  readonly dtype: number;
  readonly shape: readonly number[];
  readonly data: TensorValues;
}

/** What is fetched. The buffer may be TensorFlow's own memory, and that of a variable: it is not to be written to. */
export interface NativeTensor {
  readonly dtype: number;
  readonly shape: readonly number[];
  readonly buffer: ArrayBuffer;
  /** Where the buffer is TensorFlow's memory: what gives it back. */
  readonly memory?: { readonly memory: unique symbol };
}

/**
 * The addon's functions. They throw, and promises are rejected with, Errors that have the name of TensorFlow's code as
 * `code`.
 */
export interface SessionAddon {
  /**
   * @param config a ConfigProto; empty: TensorFlow's defaults
   * @param threads runs at once
   * @param target of a server; else it computes in this process alone
   */
  open(graphDef: Uint8Array, config: Uint8Array, threads: number, target?: string): SessionHandle;
  /**
   * Starts TensorFlow's server, which serves until the process ends.
   *
   * @param serverDef a ServerDef
   * @param port the one that it names for this process
   * @param networkDevice the only one through which it is reached
   * @returns the target of sessions
   */
  serve(serverDef: Uint8Array, port: number, networkDevice: string): string;
  /** Copies what is fed, and computes on a thread of the session's own; runs begin in the order of the calls. */
  run(session: SessionHandle, feeds: readonly NativeFeed[], fetches: readonly string[]): Promise<NativeTensor[]>;
  /** Gives a fetched buffer's memory back now; it then has no bytes. */
  release(buffer: NativeTensor['buffer'], memory: NativeTensor['memory']): void;
  /** Tells that the process is about to end: a run that still computes must not outlive what it computes with. */
  ending(): void;
  /** Frees the graph and its variables: after the runs that were asked for. */
  close(session: SessionHandle): void;
}

/** Addons that are notified when the process ends. */
const loaded = new WeakSet<SessionAddon>();

/**
 * Loads the addon, into the process that has tfjs's native backend: both take the same libtensorflow.
 *
 * @throws InputError where it is not there
 */
export function sessionAddon(file = installedAddon('tf_session.node')): SessionAddon {
  if (tf.findBackend('tensorflow') === null) throw new Error('a session needs TensorFlow, which is not loaded');
  if (!existsSync(file))
    throw new InputError(
      `expected TensorFlow's sessions in ${file}, but that file is missing: an earlier version was set up here; ` +
        `run ${setupCommand()}`,
    );
  const addon = createRequire(import.meta.url)(file) as SessionAddon;
  if (!loaded.has(addon)) {
    loaded.add(addon);
    process.once('exit', () => {
      addon.ending();
    });
  }
  return addon;
}
