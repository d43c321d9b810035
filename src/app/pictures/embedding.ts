/**
 * @file Embeds texts in a child process, because TensorFlow keeps its memory, including a GPU's, until its process
 * exits, and the UNet needs that memory.
 */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { untilAborted } from '../../base/abort.js';
import type { Embedding } from '../../diffusion/tensors.js';
import type { DeviceChoice } from '../../tensorflow/device-choice.js';
import type { BackendChoice } from '../../tensorflow/backend-choice.js';
import { usersEnvironment } from '../../tensorflow/own-variables.js';
import { InputError } from '../../base/errors.js';
import { killOnExit } from '../../base/exit-removal.js';
import { checkedFolders } from '../../weights/manifest.js';

/** What to embed, and with which text encoder. */
export interface EmbeddingTask {
  readonly texts: readonly string[];
  /** The folder with the encoder's configuration and weights. */
  readonly folder: string;
  readonly tokenizerFolder: string;
  /** Whether to use random weights and only the configuration. */
  readonly isRandom: boolean;
  /** The seed for random weights. */
  readonly seed: number;
  /** The width of the hidden states. A model of another width gets a random projection. */
  readonly width: number;
  /** The encoder, for messages. */
  readonly where: string;
  readonly backend: BackendChoice;
  readonly device: DeviceChoice;
}

/** A task as sent to the process, with the folders already checked against their manifests, to avoid checking again. */
export interface SentTask extends EmbeddingTask {
  readonly checked: ReturnType<typeof checkedFolders>;
}

/** The outcome of a task. */
export type EmbeddingResult =
  | { readonly embeddings: Embedding[]; readonly warnings: readonly string[] }
  /** `code` is that of an `InputError`; undefined for a bug. */
  | { readonly error: string; readonly code: string | undefined; readonly stack: string | undefined };

/**
 * Embeds texts in a child process, which has exited when this returns.
 *
 * @returns `[L, D]` for each text, and warnings about the device
 * @throws InputError for weights that are damaged or diverged, a device that is not available, or a process that was
 *   killed; the reason of an aborted signal, which ends the process
 */
export async function embedInChild(
  task: EmbeddingTask,
  signal?: AbortSignal,
): Promise<{ readonly embeddings: Embedding[]; readonly warnings: readonly string[] }> {
  const child = fork(fileURLToPath(new URL('embedding-process.js', import.meta.url)), {
    serialization: 'advanced',
    env: usersEnvironment(), // it chooses a device of its own
  });
  killOnExit(child);
  const ended = new Promise<number | string | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      resolve(signal ?? code);
    });
  });
  const answered = new Promise<EmbeddingResult>((resolve) => {
    child.once('message', (answer: EmbeddingResult) => {
      resolve(answer);
    });
  });
  const sent: SentTask = { ...task, checked: checkedFolders() };
  child.send(sent);
  const answer = await untilAborted(Promise.race([answered, ended]), signal).finally(() => {
    child.kill('SIGKILL'); // it is finished, and its memory is needed
  });
  const end = await ended;
  if (typeof answer !== 'object' || answer === null) {
    throw new InputError(
      `${task.where}: expected its process to embed texts, but it ended (${String(end)}); ` +
        'it may have run out of memory',
    );
  }
  if ('embeddings' in answer) return answer;
  if (answer.code !== undefined) throw new InputError(answer.error, { code: answer.code });
  throw Object.assign(new Error(answer.error), { stack: answer.stack });
}
