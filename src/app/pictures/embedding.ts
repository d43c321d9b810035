/**
 * @file Texts embedded in a child process: TensorFlow keeps what memory it once had, a GPU's too, until its
 * process ends, and the UNet is to have it.
 */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Embedding } from '../../diffusion/tensors.js';
import type { DeviceChoice } from '../../tensorflow/gpu-choice.js';
import type { BackendChoice } from '../../tensorflow/backend.js';
import { InputError } from '../../base/errors.js';
import { checkedFolders } from '../../weights/manifest.js';

/** What to embed, and with which text encoder. */
export interface EmbeddingTask {
  readonly texts: readonly string[];
  /** The folder with the encoder's configuration and weights. */
  readonly folder: string;
  readonly tokenizerFolder: string;
  /** Whether its weights are drawn at random, of the configuration alone. */
  readonly isRandom: boolean;
  /** For what is drawn at random. */
  readonly seed: number;
  /** The width of the hidden states: a model of another width has a projection drawn at random. */
  readonly width: number;
  /** The encoder, for messages. */
  readonly where: string;
  readonly backend: BackendChoice;
  readonly device: DeviceChoice;
}

/** A task as the process is sent it: with the folders that were found to be whole, so that none is checked twice. */
export interface SentTask extends EmbeddingTask {
  readonly checked: ReturnType<typeof checkedFolders>;
}

/** The outcome of a task. */
export type EmbeddingResult =
  | { readonly embeddings: Embedding[]; readonly warnings: readonly string[] }
  /** `code`: of bad input, undefined for a bug. */
  | { readonly error: string; readonly code: string | undefined; readonly stack: string | undefined };

/**
 * Embeds texts. The process is gone when this returns.
 *
 * @returns `[L, D]` for each text, and warnings about the device
 * @throws InputError for weights that are damaged or diverged, a device that is not there, and a process that was
 *   killed
 */
export async function embedInChild(
  task: EmbeddingTask,
): Promise<{ readonly embeddings: Embedding[]; readonly warnings: readonly string[] }> {
  const child = fork(fileURLToPath(new URL('embedding-process.js', import.meta.url)), { serialization: 'advanced' });
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
  const answer = await Promise.race([answered, ended]);
  child.kill('SIGKILL'); // it has nothing left to do, and its memory is wanted
  const end = await ended;
  if (typeof answer !== 'object' || answer === null) {
    throw new InputError(
      `${task.where}: expected its process to embed texts, got its end (${String(end)}); it may have run out of memory`,
    );
  }
  if ('embeddings' in answer) return answer;
  if (answer.code !== undefined) throw new InputError(answer.error, { code: answer.code });
  throw Object.assign(new Error(answer.error), { stack: answer.stack });
}
