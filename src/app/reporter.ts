/** @file Reports the progress of long work: to the console of a command, or to the callbacks of a program. */

/** Shows the progress of one task. */
export interface Progress {
  /** Sets the value, and the notes beside it, most important first. Default: the rate and the time left. */
  update(value: number, notes?: readonly string[]): void;
  stop(): void;
}

/** Receives messages, warnings, events and progress, and may ask for the end of the work that it is told about. */
export interface Reporter {
  /** Ends the work: whatever takes long looks at it, cleans up, and throws its reason. Absent: nothing does. */
  readonly signal?: AbortSignal | undefined;
  /** A message to read. */
  message(text: string): void;
  /**
   * A warning: something that the user may not want.
   *
   * @param kind `loss` if something is lost, or will be unless the user does something: shown with `--quiet`, too
   */
  warn(text: string, kind?: 'loss'): void;
  /** An event for programs: an object with its name in `event`. */
  event(object: ReportedEvent): void;
  /** Starts showing the progress of one task at a time; only a count if the total is unknown (Infinity). */
  progress(title: string, total: number, unit: string): Progress;
}

/** An event: its name and its data. */
export interface ReportedEvent {
  readonly event: string;
  readonly [field: string]: unknown;
}

/** Progress that shows nothing. */
export const SILENT_PROGRESS: Progress = { update: () => undefined, stop: () => undefined };

/** Wraps a reporter so that it, and its progress, falls silent once a signal is aborted. */
export function reporterUntil(signal: AbortSignal, reporter: Reporter): Reporter {
  const unlessAborted =
    <Args extends readonly unknown[]>(say: (...args: Args) => void) =>
    (...args: Args): void => {
      if (!signal.aborted) say(...args);
    };
  return {
    signal: reporter.signal,
    message: unlessAborted((text: string) => {
      reporter.message(text);
    }),
    warn: unlessAborted((text: string, kind?: 'loss') => {
      reporter.warn(text, kind);
    }),
    event: unlessAborted((object: ReportedEvent) => {
      reporter.event(object);
    }),
    progress(title, total, unit) {
      if (signal.aborted) return SILENT_PROGRESS;
      const shown = reporter.progress(title, total, unit);
      const stop = (): void => {
        shown.stop();
      };
      signal.addEventListener('abort', stop, { once: true });
      return {
        update: unlessAborted((value: number, notes?: readonly string[]) => {
          shown.update(value, notes);
        }),
        stop: unlessAborted(() => {
          signal.removeEventListener('abort', stop);
          stop();
        }),
      };
    },
  };
}
