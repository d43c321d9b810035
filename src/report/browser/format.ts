/** @file Numbers and times in readable form. */
import { formatBytes, formatDuration, formatRate } from '../../base/format.js';
import type { Language } from './words.js';

/** How values are formatted in a language. */
export interface Format {
  /** `123,060,480` */
  readonly count: (value: number) => string;
  /** A loss with four decimals; `–` if it is not a number. */
  readonly loss: (value: number | null | undefined) => string;
  /** Three significant digits: `9,120`, `101`, `14.4`, `0.31`. */
  readonly rate: (value: number | null) => string;
  /** `64.3%`, as on the command line. */
  readonly percent: (share: number) => string;
  /** The chance of guessing one out of `count`: `0.2%` */
  readonly chance: (count: number) => string;
  /** `1.9 GB` */
  readonly bytes: (value: number | null) => string;
  /** Seconds as `0:01:05`. */
  readonly duration: (seconds: number | null) => string;
  /** Date and time of day. */
  readonly time: (iso: string) => string;
  /** `5.0e−5` */
  readonly small: (value: number) => string;
}

const LOCALES: Readonly<Record<Language, string>> = { en: 'en-GB', ko: 'ko-KR' };

/** The formats of a language. */
export function formatFor(language: Language): Format {
  const locale = LOCALES[language];
  const dates = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' });
  const finite = (value: number | null | undefined): value is number =>
    value !== null && value !== undefined && Number.isFinite(value);
  return {
    count: (value) => value.toLocaleString(locale),
    loss: (value) => (finite(value) ? fixed(value, 4) : '–'),
    rate: (value) => (finite(value) ? formatRate(value) : '–'),
    percent: (share) => `${(100 * share).toFixed(1)}%`,
    chance: (count) => `${Number((100 / count).toPrecision(2))}%`,
    bytes: (value) => (finite(value) ? formatBytes(value) : '–'),
    duration: (seconds) => (finite(seconds) ? formatDuration(seconds) : '–'),
    time: (iso) => (Number.isNaN(Date.parse(iso)) ? iso : dates.format(new Date(iso))),
    small: (value) =>
      !finite(value)
        ? '–'
        : value === 0
          ? '0'
          : value < 1e-3
            ? value.toExponential(2).replace('e-', 'e−')
            : Number(value.toPrecision(4)).toLocaleString(locale, { maximumSignificantDigits: 4 }),
  };
}

/** A number with a fixed number of decimals: `−0.0061`; zero has no sign. */
export function fixed(value: number, digits: number): string {
  return value
    .toFixed(digits)
    .replace(/^-(?=[0.]*$)/, '')
    .replace('-', '−');
}

/** A model's hub id or name unchanged, or the last part of its path. */
export function shortName(source: string): string {
  const isPath = /^[./~]/.test(source) || source.split('/').length > 2;
  return isPath
    ? source
        .split('/')
        .filter((part) => part !== '')
        .at(-1)!
    : source;
}
