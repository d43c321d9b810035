/** @file Types shared by all parts of the pages. */
import type { Palette } from '../palette.js';
import type { ReportData } from '../report-data.js';
import type { Series } from '../series.js';
import type { Format } from './format.js';
import type { Language, Words } from './words.js';

/** How the reader has chosen to see loss curves. */
export interface CurveChoices {
  log: boolean;
  /** The smoothing weight, from 0 to 1. */
  smoothing: number;
}

/** What the reader has chosen to see; kept when the language or theme changes. */
export interface Choices extends CurveChoices {
  lines: 'both' | 'total';
  /** The part of the steps that is shown, from 0 to 1. */
  range: readonly [number, number];
  /** Hidden lines. */
  readonly hidden: Set<string>;
  /** The index of the pair whose nearest neighbours are shown. */
  sentence: number;
  /** The language of the queries. */
  direction: 'ko' | 'en';
}

/** How a page is shown. */
export interface Look {
  readonly language: Language;
  readonly words: Words;
  readonly format: Format;
  readonly palette: Palette;
}

/** A run's report as displayed. */
export interface View extends Look {
  readonly choices: Choices;
  /** The report, including all updates. */
  readonly data: ReportData;
  readonly series: Series;
}

/** A part of a page. */
export interface Part {
  readonly element: HTMLElement;
  dispose?(): void;
}

/** A part of a run's page. */
export interface RunPart extends Part {
  /** Shows new log rows. */
  update?(view: View): void;
}
