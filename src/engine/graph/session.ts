/** @file Runs a graph through TensorFlow's session, which tfjs-node reaches by loading a SavedModel. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { fileError, makeTemporaryFolder } from '../../base/files.js';
import type { NodeBackend } from '../../tensorflow/native-backend.js';
import type { GraphFunction } from './fusion.js';
import type { GraphNode, Value } from './graph.js';
import { encodeSavedModel, type Signature } from './graph-def.js';

/** A graph with its variables, running. */
export interface Session {
  /**
   * Feeds and fetches. The caller owns both the fed and the returned tensors.
   *
   * @throws Error with TensorFlow's message when an op fails
   */
  run(feeds: readonly (readonly [Value, tf.Tensor])[], fetches: readonly Value[]): tf.Tensor[];
  /** Frees the graph and its variables. */
  close(): void;
}

/** Begins the names of the folders that graphs go through. */
const FOLDER_PREFIX = 'kd-graph-';

/** Loads a graph into a session of its own. The file it goes through is gone when this returns. */
export function openSession(
  nodes: readonly GraphNode[],
  signatures: Readonly<Record<string, Signature>>,
  functions: readonly GraphFunction[] = [],
): Session {
  const backend = tf.findBackend('tensorflow') as unknown as NodeBackend;
  const folder = makeTemporaryFolder(FOLDER_PREFIX);
  const remove = (): void => {
    rmSync(folder, { recursive: true, force: true });
  };
  process.once('exit', remove);
  let id: number;
  try {
    writeGraph(join(folder, 'saved_model.pb'), encodeSavedModel(nodes, signatures, functions));
    id = backend.loadSavedModelMetaGraph(folder, 'serve');
  } finally {
    remove();
    process.off('exit', remove);
  }
  return {
    run(feeds, fetches) {
      const infos = feeds.map(([{ name }]) => ({ name: `${name}:0` }));
      return backend.runSavedModel(
        id,
        feeds.map(([, tensor]) => tensor),
        infos,
        fetches.map(({ name }) => `${name}:0`),
      );
    },
    close: () => {
      backend.deleteSavedModel(id);
    },
  };
}

function writeGraph(path: string, graph: Uint8Array): void {
  try {
    writeFileSync(path, graph);
  } catch (error) {
    throw fileError(path, 'cannot be written', error);
  }
}
