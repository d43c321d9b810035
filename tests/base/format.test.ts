import { expect, it } from 'vitest';
import { formatBytes, formatCount, formatCounted, formatDuration, formatRate } from '../../src/base/format.js';

it('rates have three significant digits', () => {
  expect([0, 0.314, 9.994, 9.996, 14.43, 99.94, 99.96, 101.4, 9120].map(formatRate)).toEqual([
    '0.00',
    '0.31',
    '9.99',
    '10.0',
    '14.4',
    '99.9',
    '100',
    '101',
    '9,120',
  ]);
});

it('durations have hours, minutes and seconds', () => {
  expect([0, 59.4, 59.6, 65, 3599.9, 3600, 360_000].map(formatDuration)).toEqual([
    '0:00:00',
    '0:00:59',
    '0:01:00',
    '0:01:05',
    '1:00:00',
    '1:00:00',
    '100:00:00',
  ]);
  expect([Infinity, NaN].map(formatDuration)).toEqual(['–', '–']);
});

it('bytes have a unit that keeps them short', () => {
  expect([0, 999, 1000, 99_940, 460_000, 999_600, 1_949_000_000, 2.5e15].map(formatBytes)).toEqual([
    '0 B',
    '999 B',
    '1.0 kB',
    '99.9 kB',
    '460 kB',
    '1.0 MB',
    '1.9 GB',
    '2500 TB',
  ]);
});

it('counts have thousands separators', () => {
  expect([0, 999, 123_060_480].map(formatCount)).toEqual(['0', '999', '123,060,480']);
});

it('a single thing is in the singular', () => {
  expect([0, 1, 2, 2000].map((count) => formatCounted(count, 'row'))).toEqual([
    '0 rows',
    '1 row',
    '2 rows',
    '2,000 rows',
  ]);
});
