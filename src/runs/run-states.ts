/** @file The states of a run and its summary: types only, so that browser pages can import them, too. */

/**
 * The states of a run. `starting`: a process is working on it, and no step has been logged yet. `stopped`: it was saved
 * and can be resumed. `failed`: an error ended it, or its process was killed.
 */
export type RunState = 'starting' | 'training' | 'finished' | 'stopped' | 'failed';

/** The summary of a run. */
export interface RunSummary {
  readonly name: string;
  readonly folder: string;
  readonly state: RunState;
  /** Steps taken. */
  readonly step: number;
  /** Planned steps; null if its configuration does not say. */
  readonly steps: number | null;
  /** The lowest finite validation loss and its step; null if there is none. */
  readonly best: { readonly step: number; readonly loss: number } | null;
  /** Its data: files or folders, as they were given. */
  readonly data: readonly string[];
  readonly trainingPairs: number;
  /** When it was started, ISO 8601. */
  readonly created: string;
  /** Bytes of all its files. */
  readonly bytes: number;
  /** The error that ended it, if one did. */
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
