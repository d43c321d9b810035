/** @file Whom long work tells how it goes: the console of a command, or the callbacks of a program that calls the library. */

/** Shows how far something is. */
export interface Progress {
  /** How far it is, and what to say beside it, the most important first; else pace and time left. */
  update(value: number, notes?: readonly string[]): void;
  stop(): void;
}

/** Told of what happens. */
export interface Reporter {
  /** What happens, in words. */
  message(text: string): void;
  /** What should be known even where nothing else is wanted. */
  warn(text: string): void;
  /** What happens, for programs: an object with the name of the event in `event`. */
  event(object: ReportedEvent): void;
  /** Begins to show how far something is, one thing at a time; with an unknown total (Infinity) a count. */
  progress(title: string, total: number, unit: string): Progress;
}

/** An event: its name, and what belongs to it. */
export interface ReportedEvent {
  readonly event: string;
  readonly [field: string]: unknown;
}

/** Progress that shows nothing. */
export const SILENT_PROGRESS: Progress = { update: () => undefined, stop: () => undefined };
