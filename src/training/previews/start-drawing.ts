/** @file Draws previews in a separate process, so that training neither waits for them nor fails with them. */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { usersEnvironment } from '../../tensorflow/own-variables.js';
import type { PreviewEvent, PreviewOutcome, PreviewTask } from './task.js';

/** Previews being drawn. */
export interface Drawing {
  /** The outcome; undefined if the drawing was stopped. Never rejects. */
  readonly ended: Promise<PreviewOutcome | undefined>;
  /** Stops it at once. */
  stop(): void;
}

/** Starts a process that draws, in its own process group so that Ctrl-C in a terminal does not reach it. */
export function startDrawing(task: PreviewTask, onEvent: (event: PreviewEvent) => void): Drawing {
  const child = fork(fileURLToPath(new URL('process.js', import.meta.url)), {
    serialization: 'advanced',
    detached: true,
    env: usersEnvironment(), // it chooses a device of its own
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'], // keeps library output out of the training output
  });
  let isStopped = false;
  let outcome: PreviewOutcome | undefined;
  const kill = (): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL'); // with its child, which encodes the prompts
    } catch {
      // already gone
    }
  };
  process.on('exit', kill);
  child.on('message', (message: PreviewEvent | PreviewOutcome) => {
    if (message.kind === 'drawn' || message.kind === 'failed') outcome = message;
    else onEvent(message);
  });
  const failed = (message: string): PreviewOutcome => ({ kind: 'failed', message, code: undefined });
  const ended = new Promise<PreviewOutcome>((resolve) => {
    child.once('error', (error) => {
      resolve(failed(`its process cannot be started: ${error.message}`));
    });
    child.once('exit', (code, signal) => {
      resolve(outcome ?? failed(`its process has ended (${signal ?? String(code)}); it may have run out of memory`));
    });
  }).then((how) => {
    process.off('exit', kill);
    return isStopped ? undefined : how;
  });
  child.send(task, () => undefined); // if it is already gone, `exit` reports it
  return {
    ended,
    stop() {
      isStopped = true;
      kill();
    },
  };
}
