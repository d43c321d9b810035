import { basename } from 'node:path';

/** A request to stop, from Ctrl-C, a service manager, or a closing terminal. */
export interface StopSignals {
  readonly signal: AbortSignal;
  /** Restores Node's handling of the signals. */
  dispose(): void;
}

/** The signals that ask a process to stop, with the exit codes that shells report for them. */
const SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
type StopSignal = keyof typeof SIGNALS;

/**
 * Whether this process was started with `nohup`, and so should go on when its terminal closes. Node resets what `nohup`
 * does to SIGHUP, but the variable `_`, in which bash, zsh and ksh name the command that they start, tells of it.
 */
export function isUnderNohup(env: NodeJS.ProcessEnv = process.env): boolean {
  return basename(env._ ?? '') === 'nohup';
}

/** Nobody reads a warning and reacts in less time, in milliseconds. */
const REACTION_MS = 200;

/**
 * Turns the first signal into an abort. A later one ends the process at once, but only if the user has had time to read
 * what `onFirst` shows. Signals sent while native code blocks this process arrive together when it returns, and none of
 * them is a reaction to the message. So a second signal counts only from the first turn of the event loop that begins
 * after `REACTION_MS`.
 *
 * @param onFirst called with the exit code that shells report for the signal
 * @param onLater called before a later one ends the process
 */
export function onStopSignals(onFirst: (exitCode: number) => void, onLater: () => void = () => undefined): StopSignals {
  const controller = new AbortController();
  let isAnswered = false;
  const handler = (signal: StopSignal): void => {
    if (isAnswered) {
      onLater();
      process.exit(SIGNALS[signal]);
    }
    if (controller.signal.aborted) return;
    controller.abort();
    onFirst(SIGNALS[signal]);
    // Node handles signals after timers, and immediates after signals.
    setTimeout(() => {
      setImmediate(() => {
        isAnswered = true;
      });
    }, REACTION_MS).unref();
  };
  const names = (Object.keys(SIGNALS) as StopSignal[]).filter((name) => name !== 'SIGHUP' || !isUnderNohup());
  for (const name of names) process.on(name, handler);
  return {
    signal: controller.signal,
    dispose: () => {
      for (const name of names) process.off(name, handler);
    },
  };
}
