/** @file The report's colours and fonts, for charts; the page's style sheet uses the same values and names. */

/** The colours of a theme. */
export interface Palette {
  readonly paper: string;
  readonly ink: string;
  /** Secondary text. */
  readonly soft: string;
  /** Grid lines. */
  readonly line: string;
  readonly en: string;
  readonly ko: string;
  /** Both languages together. */
  readonly total: string;
  /** The original project's curve. */
  readonly published: string;
  readonly rest: string;
  /** The colours of compared runs. */
  readonly runs: readonly string[];
  /** The colours of a heat map, from lowest to highest. */
  readonly heat: readonly string[];
}

export const THEMES = ['light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

/** Blue and vermilion, so that colour-blind readers can tell the languages apart (Okabe and Ito, 2008). */
export const PALETTES: Readonly<Record<Theme, Palette>> = {
  light: {
    paper: '#ffffff',
    ink: '#14171c',
    soft: '#5b626d',
    line: '#e6e8ec',
    en: '#2a63cc',
    ko: '#cc4a1a',
    total: '#14171c',
    published: '#0f8a6d',
    rest: '#b7bdc6',
    runs: ['#2a63cc', '#cc4a1a', '#0b7d62', '#8a4fbf', '#8f6a08', '#b5317a', '#0b7894', '#5f6b2a'],
    heat: ['#f7f4f9', '#dcd8ec', '#a9b8df', '#6f93d0', '#3a66b4', '#1d3d86'],
  },
  dark: {
    paper: '#0f1115',
    ink: '#eceef2',
    soft: '#a3aab6',
    line: '#262a32',
    en: '#7fabff',
    ko: '#ff9468',
    total: '#eceef2',
    published: '#4fcfae',
    rest: '#4a515c',
    runs: ['#7fabff', '#ff9468', '#4fcfae', '#c79bf2', '#e0b94a', '#ff8fc4', '#63cbe6', '#b8c46a'],
    heat: ['#171a22', '#22304f', '#2b4a80', '#3f6fb6', '#77a3e2', '#d3e4ff'],
  },
};

/** Fonts with both scripts on common systems. */
export const FONT =
  'Inter, "Pretendard Variable", Pretendard, system-ui, -apple-system, "Segoe UI", Roboto, "Apple SD Gothic ' +
  'Neo", "Noto Sans KR", "Noto Sans CJK KR", "Malgun Gothic", sans-serif';

/** The font size of a chart's numbers, in pixels. */
export const TICK_SIZE = 12;
