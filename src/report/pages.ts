/** @file The data of every kind of page, as embedded in it. */
import type { PrepareReport } from '../data/prepare/report.js';
import type { RunEvaluations } from '../evaluate/evaluation.js';
import type { DamagedRun, RunSummary } from '../runs/run-states.js';
import type { Entry, PageFacts, ReportData, RunFacts, ValidationPoint } from './report-data.js';
import type { SeriesJson } from './series.js';

/** One run beside others. */
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
  /** One value a run; null where a run has none. */
  readonly values: readonly (string | null)[];
}

/** Several runs side by side. */
export interface ComparisonData extends PageFacts {
  readonly kind: 'comparison';
  readonly runs: readonly ComparedRun[];
  readonly differences: readonly Difference[];
  /** Evaluations of the runs: those on the same pairs are one. */
  readonly evaluations: readonly RunEvaluations[];
  /** What could not be shown, and why. */
  readonly problems: readonly string[];
}

/** All runs under a folder: those that train first, then the newest. */
export interface RunListData extends PageFacts {
  readonly kind: 'runs';
  /** The folder, from the current one. */
  readonly folder: string;
  readonly runs: readonly (RunSummary | DamagedRun)[];
}

/** A preparation of pairs: from what, how, and what came of it. */
export interface PreparationData extends PageFacts {
  readonly kind: 'preparation';
  /** The folder of the token store. */
  readonly folder: string;
  /** Files and folders of pairs, as they were named. */
  readonly sources: readonly string[];
  readonly teacher: string;
  readonly student: string;
  /** Flags and their values. */
  readonly options: readonly Entry[];
  readonly report: PrepareReport;
}

/** An evaluation by itself. */
export interface EvaluationData extends PageFacts {
  readonly kind: 'evaluation';
  readonly evaluations: RunEvaluations;
}

/** What a page shows. */
export type PageData = ReportData | ComparisonData | RunListData | PreparationData | EvaluationData;
