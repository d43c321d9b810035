/** @file The data embedded in each kind of page. */
import type { PrepareReport } from '../data/prepare/report.js';
import type { RunEvaluations } from '../evaluate/evaluation.js';
import type { DamagedRun, RunSummary } from '../runs/run-states.js';
import type { Entry, PageFacts, ReportData, RunFacts, ValidationPoint } from './report-data.js';
import type { SeriesJson } from './series.js';

/** One of several compared runs. */
export interface ComparedRun {
  readonly run: RunFacts;
  readonly training: SeriesJson;
  readonly validation: readonly ValidationPoint[];
}

/** A setting, or a fact of the environment, in which runs differ. */
export interface Difference {
  /** A flag, or the name of a fact. */
  readonly name: string;
  readonly isSetting: boolean;
  /** One value per run; null if a run has none. */
  readonly values: readonly (string | null)[];
}

/** Several runs side by side. */
export interface ComparisonData extends PageFacts {
  readonly kind: 'comparison';
  readonly runs: readonly ComparedRun[];
  readonly differences: readonly Difference[];
  /** Evaluations of the runs; those on the same pairs, with the same teacher, are merged. */
  readonly evaluations: readonly RunEvaluations[];
  /** The shell command line that evaluates the runs on the same pairs. */
  readonly evaluate: string;
  /** What could not be shown, and why. */
  readonly problems: readonly string[];
}

/** All runs under a folder, running ones first, then the newest. */
export interface RunListData extends PageFacts {
  readonly kind: 'runs';
  /** The folder, relative to the current one. */
  readonly folder: string;
  readonly runs: readonly (RunSummary | DamagedRun)[];
  /** The shell command that trains another. */
  readonly train: string;
}

/** A preparation of pairs: its sources, options and results. */
export interface PreparationData extends PageFacts {
  readonly kind: 'preparation';
  /** The folder of the token store. */
  readonly folder: string;
  /** Files and folders of pairs, as given. */
  readonly sources: readonly string[];
  readonly teacher: string;
  readonly student: string;
  /** Flags and their values. */
  readonly options: readonly Entry[];
  readonly report: PrepareReport;
}

/** A single evaluation. */
export interface EvaluationData extends PageFacts {
  readonly kind: 'evaluation';
  readonly evaluations: RunEvaluations;
}

/** The data of any page. */
export type PageData = ReportData | ComparisonData | RunListData | PreparationData | EvaluationData;
