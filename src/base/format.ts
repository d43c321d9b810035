/** @file Formats numbers for people to read. */

/** A rate with about three significant digits: `9,120`, `101`, `14.4`, `0.31`. */
export function formatRate(rate: number): string {
  const digits = rate >= 99.95 ? 0 : rate >= 9.995 ? 1 : 2;
  return rate.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** A whole number below 100 with two digits: `07`. */
export function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}

/** A day in local time: `2026-11-22`. */
export function formatDay(time: Date): string {
  return [time.getFullYear(), twoDigits(time.getMonth() + 1), twoDigits(time.getDate())].join('-');
}

/** Seconds as `0:01:05`. */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds)) return '–';
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 3600)}:${twoDigits(Math.floor(whole / 60) % 60)}:${twoDigits(whole % 60)}`;
}

/** Floating-point operations per second: `1.2 TFLOP/s`, `330 GFLOP/s`. */
export function formatFlops(rate: number): string {
  return rate >= 1e12 ? `${(rate / 1e12).toFixed(rate >= 1e14 ? 0 : 1)} TFLOP/s` : `${Math.round(rate / 1e9)} GFLOP/s`;
}

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'];

/** Bytes as `1.9 GB`, `460 kB`, in powers of 1000. */
export function formatBytes(bytes: number): string {
  let [value, power] = [bytes, 0];
  while (value >= 999.5 && power < UNITS.length - 1) [value, power] = [value / 1000, power + 1];
  const digits = power === 0 || value >= 99.95 ? 0 : 1;
  return `${value.toFixed(digits)} ${UNITS[power]}`;
}

/** Formats sizes for comparison: exact to the byte if they would otherwise look the same. */
export function formatBytesApart(...values: readonly number[]): string[] {
  const texts = values.map(formatBytes);
  const differ = new Set(values).size === new Set(texts).size;
  return differ ? texts : values.map((bytes) => `${formatCount(bytes)} B`);
}

/** The first digits of a hexadecimal hash, such as a fingerprint: enough to tell it from others. */
export function formatHash(hash: string): string {
  return hash.slice(0, 12);
}

/** A whole number with thousands separators: `123,060,480`. */
export function formatCount(count: number): string {
  return count.toLocaleString('en-US');
}

/** A count with its noun: `1 row`, `2,000 rows`. */
export function formatCounted(count: number, noun: string): string {
  return withNoun(formatCount(count), noun);
}

/** A formatted count with its noun, in the plural unless it is one. */
export function withNoun(count: string, noun: string): string {
  return `${count} ${noun}${count === '1' ? '' : 's'}`;
}
