/** @file What all parts of the pages share. */
import type { Palette } from '../palette.js';
import type { ReportData } from '../report-data.js';
import type { Series } from '../series.js';
import type { Format } from './format.js';
import type { Language, Words } from './words.js';

/** How the reader has chosen to see curves of losses. */
export interface CurveChoices {
  log: boolean;
  /** The share of the past that curves keep, from 0 to 1. */
  smoothing: number;
}

/** What the reader has chosen to see; outlives a change of language and theme. */
export interface Choices extends CurveChoices {
  lines: 'both' | 'total';
  /** The share of the steps that is shown, from 0 to 1. */
  range: readonly [number, number];
  /** Lines that are switched off. */
  readonly hidden: Set<string>;
  /** The pair whose nearest neighbours are shown, by its place. */
  sentence: number;
  /** The language that looks for the other. */
  direction: 'ko' | 'en';
}

/** How a page is shown. */
export interface Look {
  readonly language: Language;
  readonly words: Words;
  readonly format: Format;
  readonly palette: Palette;
}

/** A run's report as it is shown. */
export interface View extends Look {
  readonly choices: Choices;
  /** The report, which news have brought up to date. */
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
  /** Shows what is new in the logs. */
  update?(view: View): void;
}
