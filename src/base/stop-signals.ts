/** A wish to stop, from Ctrl-C, a service manager, or a terminal that goes away. */
export interface StopSignals {
  readonly signal: AbortSignal;
  /** Gives the signals back to Node. */
  dispose(): void;
}

/** The signals that ask a process to stop, with the exit codes that a shell gives to a process they ended. */
const SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
type StopSignal = keyof typeof SIGNALS;

/** Nobody answers a warning within this time. */
const REACTION_MS = 200;

/**
 * Turns the first signal into an abort. A later one ends the process at once, if it came after what `onFirst` shows can
 * have been read. Signals that were sent while native code kept this process busy all arrive together, after it: none
 * of them is an answer. So a signal counts from the first turn of the event loop on that begins after `REACTION_MS`.
 */
export function onStopSignals(onFirst: (signal: StopSignal) => void): StopSignals {
  const controller = new AbortController();
  let isAnswered = false;
  const handler = (signal: StopSignal): void => {
    if (isAnswered) process.exit(SIGNALS[signal]);
    if (controller.signal.aborted) return;
    controller.abort();
    onFirst(signal);
    // Node looks for signals after it has run timers, and runs immediates after that.
    setTimeout(() => {
      setImmediate(() => {
        isAnswered = true;
      });
    }, REACTION_MS).unref();
  };
  const names = Object.keys(SIGNALS) as StopSignal[];
  for (const name of names) process.on(name, handler);
  return {
    signal: controller.signal,
    dispose: () => {
      for (const name of names) process.off(name, handler);
    },
  };
}
