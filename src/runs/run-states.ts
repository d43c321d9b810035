/** @file The states of a run, and a run in a few facts: types alone, for pages in a browser, too. */

/**
 * The states of a run. `starting`: a process is at work on it, and no step was logged yet. `stopped`: it was saved, and
 * can go on. `failed`: an error ended it, or its process was killed.
 */
export const RUN_STATES = ['starting', 'training', 'finished', 'stopped', 'failed'] as const;
export type RunState = (typeof RUN_STATES)[number];

/** A run in a few facts. */
export interface RunSummary {
  readonly name: string;
  readonly folder: string;
  readonly state: RunState;
  /** Steps taken. */
  readonly step: number;
  /** Steps that it is to take; null where its configuration does not say. */
  readonly steps: number | null;
  /** The lowest validation loss that is a finite number, and its step; null where there is none. */
  readonly best: { readonly step: number; readonly loss: number } | null;
  /** What it is trained on: files or folders, as they were given. */
  readonly data: readonly string[];
  readonly trainingPairs: number;
  /** When it was begun, ISO 8601. */
  readonly created: string;
  /** Bytes of all its files. */
  readonly bytes: number;
  /** The error that ended it, where one did. */
  readonly error?: string;
}

/** A run whose configuration cannot be read. */
export interface DamagedRun {
  readonly name: string;
  readonly folder: string;
  readonly state: 'damaged';
  readonly bytes: number;
  readonly error: string;
}
