/** @file The callbacks of a program that calls the library, as a reporter. */
import type { ReportedEvent, Reporter } from './reporter.js';

/** How far something is. */
export interface TaskProgress {
  /** What is being done, as `encoding`. */
  readonly title: string;
  readonly value: number;
  /** Infinity where it is not known. */
  readonly total: number;
  /** What is counted, as `pairs`. */
  readonly unit: string;
}

/** What a program that calls the library is told; what it leaves out is not told. The library itself prints nothing. */
export interface Listener {
  onMessage?(text: string): void;
  onWarning?(text: string): void;
  /** The objects that the command prints with `--json`. */
  onEvent?(event: ReportedEvent): void;
  onProgress?(progress: TaskProgress): void;
}

/** A reporter that tells a listener. */
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
