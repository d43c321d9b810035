/** @file The texts of the pages with the values that are put into them. */
import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { WORDS } from '../../src/report/browser/words.js';

const { en, ko } = WORDS;
const KOREAN = new URL('../../src/report/browser/words/ko/', import.meta.url);

it('one is singular in English', () => {
  expect(en.lastBatchNote('1')).toMatch(/only 1 pair and/);
  expect(en.lastBatchNote('2')).toMatch(/only 2 pairs and/);
  expect([en.groupPairs('1'), en.groupPairs('1,001')]).toEqual(['1 pair', '1,001 pairs']);
});

it('published durations have Korean units', () => {
  const note = (duration: string): string => ko.publishedNote('roberta-1m', '0.7460', '0.3277', '0.4183', duration);
  expect(note('24 h 42 m 58 s')).toContain('24시간 42분 58초');
  expect(note('3 h 06 m')).toContain('3시간 6분');
});

it('no value is followed by a Korean particle that depends on how the value is read', () => {
  const lines = readdirSync(KOREAN).flatMap((name) => readFileSync(new URL(name, KOREAN), 'utf8').split('\n'));
  expect(lines.filter((line) => /\}(?:을|를|은|는|이|가|과|와|로|으로)(?![가-힣])/.test(line))).toEqual([]);
});
