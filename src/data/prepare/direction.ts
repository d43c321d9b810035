/** @file Determines which text of a pair is the Korean one. */

const HANGUL = /\p{Script=Hangul}/u;
const HANGUL_LETTERS = /\p{Script=Hangul}/gu;
const LETTERS = /\p{Letter}/gu;

/** A text is mostly Korean if more than this share of its letters is Hangul. */
const MOSTLY = 0.5;

/** Whether a text contains any Hangul. */
export function hasHangul(text: string): boolean {
  return HANGUL.test(text);
}

/**
 * Whether a pair is swapped: only its English text contains Hangul, or both do and only the English one is mostly
 * Korean. So a Korean sentence with Latin names and an English one that quotes a Korean word stay where they are.
 */
export function isReversed(ko: string, en: string): boolean {
  if (!hasHangul(en)) return false;
  return !hasHangul(ko) || (hangulShare(en) > MOSTLY && hangulShare(ko) < MOSTLY);
}

/** The share of Hangul among the letters of a text, from 0 to 1. */
function hangulShare(text: string): number {
  const count = (pattern: RegExp): number => text.match(pattern)?.length ?? 0;
  return count(HANGUL_LETTERS) / Math.max(count(LETTERS), 1);
}
