/** @file A judged pair of sentences as files hold it: the names of its parts, and what is accepted. */
import { InputError } from '../base/errors.js';
import type { StsPair } from './sts.js';

/** The possible names of the parts, the most telling first. */
export const NAMES = {
  score: ['score', 'label', 'similarity', '점수', '유사도'],
  sentence1: ['sentence1', 'sentence_1', 'sentence 1', '문장1', '문장 1'],
  sentence2: ['sentence2', 'sentence_2', 'sentence 2', '문장2', '문장 2'],
} as const;

/**
 * Checks a pair's parts as they were read.
 *
 * @param where the file and the line or item, for messages
 * @throws InputError for something that is no score, or for a sentence that is missing, empty or no text
 */
export function checkedPair(score: unknown, sentence1: unknown, sentence2: unknown, where: string): StsPair {
  if (!isScore(score))
    throw new InputError(`${where}: expected a score, got ${shown(score)}; correct the row or remove it`);
  const [first, second] = [sentence1, sentence2].map((sentence) => {
    if (typeof sentence === 'string') return sentence.trim();
    throw new InputError(`${where}: expected two sentences, got ${shown(sentence)}; correct the row or remove it`);
  }) as [string, string];
  if (first === '' || second === '')
    throw new InputError(`${where}: expected two sentences, got an empty one; complete the row or remove it`);
  if (NOT_TEXT.test(first + second))
    throw new InputError(
      `${where}: expected two sentences, got bytes that are not text; save the file as UTF-8, or correct the row`,
    );
  return { score: numberOf(score), sentence1: first, sentence2: second };
}

/** The beginning of a value; `none` for a missing one. */
const shown = (value: unknown): string => (JSON.stringify(value) ?? 'none').slice(0, 60);

/** A null character, and the replacement character of invalid bytes. */
const NOT_TEXT = /[\0\ufffd]/;

/** Whether a value is a score: a decimal number, or its text, in which a comma may stand for the point. */
export function isScore(value: unknown): boolean {
  return Number.isFinite(numberOf(value));
}

/** The number of a score; NaN for anything else. */
function numberOf(value: unknown): number {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && DECIMAL.test(value.trim()) ? Number(value.replace(',', '.')) : NaN;
}

/** `Number` also takes `0x10` for a number. */
const DECIMAL = /^[+-]?(\d+[.,]?\d*|[.,]\d+)(e[+-]?\d+)?$/i;
