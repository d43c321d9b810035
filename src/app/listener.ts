/** @file Adapts the callbacks of a program that calls the library to a reporter. */
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

/** A reporter that calls a listener. */
export function reporterOf(listener: Listener): Reporter {
  return {
    message: (text) => listener.onMessage?.(text),
    warn: (text) => listener.onWarning?.(text),
    event: (object) => listener.onEvent?.(object),
    progress: (title, total, unit) => ({
      update: (value) => listener.onProgress?.({ title, value, total, unit }),
      stop: () => undefined,
    }),
  };
}
