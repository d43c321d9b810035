/** @file What a report shows, as it is embedded in its page and sent to it. */
import type { PrepareReport } from '../data/prepare/report.js';
import type { SeriesJson } from './series.js';
import type { Translations } from './translations.js';

/** What a run is at. `empty`: before its first logged step. */
export const RUN_STATES = ['empty', 'running', 'finished', 'stopped'] as const;
export type RunState = (typeof RUN_STATES)[number];

/** A validation; null for a loss that is no number. */
export interface ValidationPoint {
  readonly step: number;
  readonly epoch: number;
  readonly loss: number | null;
  readonly loss_en: number | null;
  readonly loss_ko: number | null;
}

export interface RunFacts {
  readonly name: string;
  /** Its folder, from the current one. */
  readonly folder: string;
  readonly state: RunState;
  /** When it was started, ISO 8601. */
  readonly created: string;
  /** The last logged step. */
  readonly step: number;
  readonly epoch: number;
  readonly pairsPerSecond: number | null;
  /** Steps and epochs that were asked for; null where the configuration does not say. */
  readonly totalSteps: number | null;
  readonly stepsPerEpoch: number | null;
  readonly epochs: number | null;
  /** Names of checkpoints. */
  readonly best: string | null;
  readonly last: string | null;
  readonly trainingPairs: number;
  readonly validationPairs: number;
  readonly teacher: { readonly source: string; readonly parameters: number };
  readonly student: { readonly source: string; readonly parameters: number };
  /** Lines of the logs that could not be read. */
  readonly skippedLines: number;
}

/** A setting or a fact under its name. */
export type Entry = readonly [name: string, value: string];

/** The parts of a report that change seldom; each is absent where the run has nothing for it. */
export interface Sections {
  /** Settings by their flags. */
  readonly settings: readonly Entry[];
  /** What the run was computed with. */
  readonly environment: readonly Entry[];
  /** What became of the rows of the data. */
  readonly data?: PrepareReport;
  readonly translations?: Translations;
  /** What could not be shown, and why: a damaged file. */
  readonly problems: readonly string[];
}

/** A whole report. */
export interface ReportData {
  /** When it was put together, ISO 8601. */
  readonly written: string;
  /** The version of `kd`. */
  readonly kd: string;
  /** Whether the page asks for news. */
  readonly live: boolean;
  readonly run: RunFacts;
  readonly training: SeriesJson;
  readonly validation: readonly ValidationPoint[];
  readonly sections: Sections;
}
