/** @file What all parts of the page share. */
import type { Palette } from '../palette.js';
import type { ReportData } from '../report-data.js';
import type { Series } from '../series.js';
import type { Format } from './format.js';
import type { Language, Words } from './words.js';

/** What the reader has chosen to see; outlives a change of language and theme. */
export interface Choices {
  lines: 'both' | 'total';
  log: boolean;
  smoothing: number;
  /** The share of the steps that is shown, from 0 to 1. */
  range: readonly [number, number];
  /** Lines that are switched off. */
  readonly hidden: Set<string>;
  sentence: number;
  direction: 'ko' | 'en';
}

/** The report as it is shown. */
export interface View {
  readonly language: Language;
  readonly words: Words;
  readonly format: Format;
  readonly palette: Palette;
  readonly choices: Choices;
  /** The report, which news have brought up to date. */
  readonly data: ReportData;
  readonly series: Series;
}

/** A part of the page. */
export interface Part {
  readonly element: HTMLElement;
  /** Shows what is new in the logs. */
  update?(view: View): void;
  dispose?(): void;
}
