/** @file Numbers and times as people read them. */
import type { Language } from './words.js';

export interface Format {
  /** `123,060,480` */
  count(value: number): string;
  /** A loss: four digits after the point; `–` for what is no number. */
  loss(value: number | null | undefined): string;
  /** Three digits that count: `9,120`, `101`, `14.4`, `0.31`. */
  rate(value: number | null): string;
  /** `64 %` */
  percent(share: number): string;
  /** A date and a time of the day. */
  time(iso: string): string;
  /** `5.0e−5` */
  small(value: number): string;
}

const LOCALES: Readonly<Record<Language, string>> = { en: 'en-GB', ko: 'ko-KR' };

export function formatFor(language: Language): Format {
  const locale = LOCALES[language];
  const dates = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' });
  const finite = (value: number | null | undefined): value is number =>
    value !== null && value !== undefined && Number.isFinite(value);
  return {
    count: (value) => value.toLocaleString(locale),
    loss: (value) => (finite(value) ? value.toFixed(4) : '–'),
    rate: (value) => {
      if (!finite(value)) return '–';
      const digits = value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
      return value.toLocaleString(locale, { minimumFractionDigits: digits, maximumFractionDigits: digits });
    },
    percent(share) {
      const digits = share > 0 && share < 0.01 ? 2 : share >= 0.9995 || share < 0.1 ? 1 : 0;
      return `${(100 * share).toLocaleString(locale, { maximumFractionDigits: digits })} %`;
    },
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

/** A model by its hub id or name as it is, by its path's last part. */
export function shortName(source: string): string {
  const isPath = /^[./~]/.test(source) || source.split('/').length > 2;
  return isPath
    ? source
        .split('/')
        .filter((part) => part !== '')
        .at(-1)!
    : source;
}
