import { constants } from 'node:os';
import { basename } from 'node:path';
import { watchTemporary } from './exit-removal.js';

/** A request to stop, from Ctrl-C, a service manager or a cluster's scheduler, or a closing terminal. */
export interface StopSignals {
  readonly signal: AbortSignal;
  /** Restores Node's handling of the signals. */
  dispose(): void;
}

/**
 * The signals that ask a process to stop. Schedulers send the last three before a job's time is over, or before it is
 * killed or suspended: SIGUSR1 and SIGUSR2 where a job asks for a warning, SIGXCPU at a limit of CPU time.
 */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGXCPU'] as const;
type StopSignal = (typeof SIGNALS)[number];

/**
 * Whether this process was started with `nohup`, and so should go on when its terminal closes. Node resets what `nohup`
 * does to SIGHUP, but the variable `_`, in which bash, zsh and ksh name the command that they start, tells of it.
 */
export function isUnderNohup(env: NodeJS.ProcessEnv = process.env): boolean {
  return basename(env._ ?? '') === 'nohup';
}

/** The exit code that shells report for a process that a signal ended. */
function exitCodeOf(signal: StopSignal): number {
  return 128 + constants.signals[signal];
}

/** What is said before a signal ends the process; nothing if undefined. */
let sayStopped: ((signal: NodeJS.Signals) => void) | undefined;

/**
 * Lets signals end a command that does not answer them otherwise, and end what is temporary. While there is nothing,
 * and nothing is to be said, the system ends it, at once even if native code computes; but SIGUSR1, for which Node
 * would open a port for a debugger and carry on, always ends it here.
 *
 * @param say says what has ended the process
 */
export function endOnSignals(say?: (signal: NodeJS.Signals) => void): void {
  sayStopped = say;
  process.on('SIGUSR1', end);
  if (say === undefined) watchTemporary(listen);
  else listen(true);
}

/** Leaves signals to the system, as JavaScript may now compute for minutes, in which it would not hear them. */
export function endAtOnce(): void {
  watchTemporary(undefined);
  listen(false);
}

/** Listens for the signals that the system would answer otherwise, or leaves them to it. */
function listen(isWanted: boolean): void {
  for (const name of SIGNALS.filter((each) => each !== 'SIGUSR1')) {
    process.off(name, end);
    if (isWanted) process.on(name, end);
  }
}

function end(signal: NodeJS.Signals): void {
  const isAlone = process.listenerCount(signal) === 1; // else another listener answers, such as that of `onStopSignals`
  if (!isAlone) return;
  sayStopped?.(signal);
  process.exit(exitCodeOf(signal as StopSignal));
}

/**
 * Leaves it to the parent process to end this one: a scheduler signals every process of a job, and what this one does
 * is of use until the parent has answered. Ctrl-C ends it, as it has nothing to save.
 */
export function leaveSignalsToParent(): void {
  for (const name of SIGNALS) if (name !== 'SIGINT') process.on(name, () => undefined);
}

/** Nobody reads a warning and reacts in less time, in milliseconds. */
const REACTION_MS = 200;

/** What a program does about signals, with the exit codes that shells report for them. */
export interface StopReactions {
  /** The first signal, and the first Ctrl-C if others came before: says what happens now, and what Ctrl-C would do. */
  readonly onRequest: (exitCode: number) => void;
  /** Any further signal. If it is a Ctrl-C in response to what `onRequest` said, the process then ends. */
  readonly onFurther?: (exitCode: number) => void;
}

/**
 * Turns the first signal into an abort. Further ones do not add to it, as schedulers send several on the way to
 * SIGKILL (SIGUSR2, SIGINT and SIGTERM, or SIGXCPU every second), and what is being saved must not be lost. Only a
 * second Ctrl-C (SIGINT) ends the process at once, if the user has had time to read what `onRequest` shows. Signals
 * sent while native code blocks this process arrive together when it returns, and none of them is a reaction to the
 * message. So a second Ctrl-C counts only from the first turn of the event loop that begins after `REACTION_MS`.
 */
export function onStopSignals({ onRequest, onFurther = () => undefined }: StopReactions): StopSignals {
  const controller = new AbortController();
  let isInterrupted = false; // by Ctrl-C
  let isRead = false; // what was said then
  const handler = (signal: StopSignal): void => {
    const exitCode = exitCodeOf(signal);
    const isFirst = !controller.signal.aborted;
    const isFirstInterrupt = signal === 'SIGINT' && !isInterrupted;
    controller.abort();
    if (isFirstInterrupt) {
      isInterrupted = true;
      // Node handles signals after timers, and immediates after signals.
      setTimeout(() => {
        setImmediate(() => {
          isRead = true;
        });
      }, REACTION_MS).unref();
    }
    if (isFirst || isFirstInterrupt) {
      onRequest(exitCode);
      return;
    }
    onFurther(exitCode);
    if (signal === 'SIGINT' && isRead) process.exit(exitCode);
  };
  const names = SIGNALS.filter((name) => name !== 'SIGHUP' || !isUnderNohup());
  for (const name of names) process.on(name, handler);
  return {
    signal: controller.signal,
    dispose: () => {
      for (const name of names) process.off(name, handler);
    },
  };
}
