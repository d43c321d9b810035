/** @file The callbacks of a program that calls the library, and work that is done for it until it asks for the end. */
import { untilAborted } from '../base/abort.js';
import { asInputError } from '../base/input-failure.js';
import { checkListener } from './option-check.js';
import type { ReportedEvent, Reporter } from './reporter.js';

/** The progress of one task. */
export interface TaskProgress {
  /** What is being done, such as `encoding`. */
  readonly title: string;
  readonly value: number;
  /** Infinity if unknown. */
  readonly total: number;
  /** The unit, such as `pairs`. */
  readonly unit: string;
}

/** Callbacks of a program that calls the library, all optional. The library itself prints nothing. */
export interface Listener {
  onMessage?(text: string): void;
  onWarning?(text: string): void;
  /** The objects that the command prints with `--json`. */
  onEvent?(event: ReportedEvent): void;
  onProgress?(progress: TaskProgress): void;
}

/** Options of long work, which can be stopped. */
export interface Stoppable {
  /**
   * Stops the work. The function then rejects with the signal's reason, and leaves nothing behind that is not complete.
   */
  readonly signal?: AbortSignal | undefined;
}

/** How long work may take to clean up after itself before an abort is answered all the same, in milliseconds. */
const PATIENCE_MS = 100;

/**
 * Does work for a listener, until a signal is aborted or a callback fails. Native code that is computing then cannot be
 * interrupted: what it computes is freed later.
 *
 * @param work is given the reporter, with the signal to look at, and a function that guards further callbacks
 * @param isSaving whether the work must come to an end of its own, as it is saving what it did
 * @throws what a callback threw; else the reason of an aborted signal; else what the work throws, where what the
 *   operating system refuses is worded as on the command line
 */
export async function withListener<T>(
  listener: Listener,
  given: AbortSignal | undefined,
  work: (reporter: Reporter & { readonly signal: AbortSignal }, guarded: Guard) => Promise<T>,
  isSaving: () => boolean = () => false,
): Promise<T> {
  checkListener(listener);
  given?.throwIfAborted();
  const stop = new AbortController();
  const { signal } = stop;
  const pass = (): void => {
    stop.abort(given?.reason);
  };
  let failure: { readonly thrown: unknown } | undefined;
  const guarded: Guard = (callback) => {
    guard(callback, (thrown) => {
      failure ??= { thrown };
      stop.abort(thrown);
    });
  };
  given?.addEventListener('abort', pass, { once: true });
  try {
    const result = await untilAborted(work({ ...reporterOf(listener, guarded), signal }, guarded), signal, () =>
      isSaving() ? Infinity : PATIENCE_MS,
    );
    if (failure === undefined) return result;
  } catch (error) {
    if (failure === undefined) throw signal.aborted && !isSaving() ? (signal.reason as unknown) : asInputError(error);
  } finally {
    given?.removeEventListener('abort', pass);
  }
  throw failure.thrown;
}

/** Calls a callback of a listener. What it throws, at once or later, is passed on to the caller of the library. */
export type Guard = (callback: () => unknown) => void;

function guard(callback: () => unknown, fail: (thrown: unknown) => void): void {
  try {
    void Promise.resolve(callback()).catch(fail);
  } catch (error) {
    fail(error);
  }
}

/** A reporter that calls a listener. */
function reporterOf(listener: Listener, guarded: Guard): Reporter {
  return {
    message: (text) => {
      guarded(() => listener.onMessage?.(text));
    },
    warn: (text) => {
      guarded(() => listener.onWarning?.(text));
    },
    event: (object) => {
      guarded(() => listener.onEvent?.(object));
    },
    progress: (title, total, unit) => ({
      update: (value) => {
        guarded(() => listener.onProgress?.({ title, value, total, unit }));
      },
      stop: () => undefined,
    }),
  };
}
