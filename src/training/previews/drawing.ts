/** @file Previews drawn in a process of their own, which the training neither waits for nor dies with. */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { PreviewNews, PreviewOutcome, PreviewTask } from './task.js';

/** Previews that are being drawn. */
export interface Drawing {
  /** How it ended; undefined where it was made to end. Never rejects. */
  readonly ended: Promise<PreviewOutcome | undefined>;
  /** Ends it at once. */
  stop(): void;
}

/** Starts a process that draws. It is in a group of its own: Ctrl-C in a terminal does not reach it. */
export function startDrawing(task: PreviewTask, onNews: (news: PreviewNews) => void): Drawing {
  const child = fork(fileURLToPath(new URL('process.js', import.meta.url)), {
    serialization: 'advanced',
    detached: true,
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'], // libraries may not write between the lines of training
  });
  let isStopped = false;
  let outcome: PreviewOutcome | undefined;
  const kill = (): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL'); // with the process that embeds its prompts
    } catch {
      // it is gone
    }
  };
  process.on('exit', kill);
  child.on('message', (said: PreviewNews | PreviewOutcome) => {
    if (said.kind === 'drawn' || said.kind === 'failed') outcome = said;
    else onNews(said);
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
  child.send(task, () => undefined); // one that is gone already ends with an exit
  return {
    ended,
    stop() {
      isStopped = true;
      kill();
    },
  };
}
