/** @file The texts of the pages with the values that are put into them. */
import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { fixed } from '../../src/report/browser/format.js';
import { WORDS } from '../../src/report/browser/words.js';

const { en, ko } = WORDS;
const KOREAN = new URL('../../src/report/browser/words/ko/', import.meta.url);

it('one is singular in English', () => {
  expect(en.lastBatchNote('1')).toMatch(/only 1 pair and/);
  expect(en.lastBatchNote('2')).toMatch(/only 2 pairs and/);
  expect([en.groupPairs('1'), en.groupPairs('1,001')]).toEqual(['1 pair', '1,001 pairs']);
});

it('negative scores have a minus sign, and zero has none', () => {
  expect([-0.0061, 0.25, -0.00001, 0].map((value) => fixed(value, 4))).toEqual([
    '−0.0061',
    '0.2500',
    '0.0000',
    '0.0000',
  ]);
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

it.each([
  ['as the run began', '학습을 시작할 때의 정밀도'],
  ['321 GFLOP/s in float32, 1.2 TFLOP/s in bfloat16', 'float32 321 GFLOP/s, bfloat16 1.2 TFLOP/s'],
  ['the CPU has no bfloat16 instructions', 'CPU에 bfloat16 명령어가 없음'],
  ['compute capability unknown', 'compute capability를 알 수 없음'],
  ['compute capability 9.0', 'compute capability 9.0'],
  ['ONEDNN_MAX_CPU_ISA=AVX2', 'ONEDNN_MAX_CPU_ISA=AVX2'],
])('why a precision was chosen is said in Korean: %s', (reason, korean) => {
  expect(ko.environmentValue('precisionReason', reason)).toBe(korean);
  expect(en.environmentValue('precisionReason', reason)).toBe(reason);
  expect(ko.environmentValue('cpu', reason)).toBe(reason);
});
