/** @file What a row must be to be used, as far as the row alone can tell. */
import { hasHangul } from './direction.js';

/** Why a row is not used, in the order in which the reasons are looked for, each with its name for people. */
export const DROP_REASONS = {
  unreadable: 'row that cannot be read',
  empty: 'empty text',
  identical: 'same text on both sides',
  no_hangul: 'no Hangul in the Korean text',
  duplicate_pair: 'copy of another pair',
  duplicate_ko: 'another pair with this Korean text is kept',
  duplicate_en: 'another pair with this English text is kept',
  too_long: 'over 77 tokens',
} as const;

export type DropReason = keyof typeof DROP_REASONS;

const NEEDS_FOLDING = /^\s|\s\s|[^\S ]|\s$|\u0085/; // \s is White_Space without U+0085, and with U+FEFF

/** Zero-width spaces and joiners, soft hyphens, fillers, selectors, marks of direction, tags. */
const INVISIBLE = /\p{Default_Ignorable_Code_Point}/u;

/** Joiners, variation selectors and tags, which make one of several characters, or another one, as in emoji. */
const SHAPING = '\\p{Join_Control}\\p{Variation_Selector}\\u{e0020}-\\u{e007f}';
const INVISIBLE_ALONE = new RegExp(`(?![${SHAPING}])\\p{Default_Ignorable_Code_Point}`, 'gu');
/** Those with nothing to work on: the first in a word, and joiners that are its last. */
const SHAPING_NOTHING = new RegExp(`(?<=^|[\\s\\u0085])[${SHAPING}]+|\\p{Join_Control}+(?=[\\s\\u0085]|$)`, 'gu');

/**
 * A text as it is stored: in NFC, every stretch of white space (Unicode's White_Space) one blank, none at the ends, and
 * without invisible characters (Unicode's Default_Ignorable_Code_Point) but for those that shape others. Tokenizers of
 * CLIP and BERT see no difference in white space; Hangul in single letters (NFD) they would not know.
 */
export function foldText(text: string): string {
  const composed = text.normalize('NFC');
  const isInvisible = INVISIBLE.test(composed);
  if (!isInvisible && !NEEDS_FOLDING.test(composed)) return composed;
  const visible = isInvisible ? composed.replace(INVISIBLE_ALONE, '').replace(SHAPING_NOTHING, '') : composed;
  const folded = visible.replace(/[\s\u0085]+/g, ' ').trim();
  return isInvisible ? folded.normalize('NFC') : folded;
}

/**
 * What a folded text is compared by: the text without any invisible character. The same string where there is none, as
 * nearly everywhere.
 */
export function visibleText(folded: string): string {
  if (!INVISIBLE.test(folded)) return folded;
  const visible = folded.replace(/\p{Default_Ignorable_Code_Point}+/gu, '').normalize('NFC');
  return visible.replace(/ {2,}/g, ' ').trim();
}

/** The reason not to use a pair of visible texts, if there is one that shows without looking at other pairs. */
export function faultOf(ko: string, en: string): DropReason | undefined {
  if (ko === '' || en === '') return 'empty';
  if (ko === en) return 'identical';
  return hasHangul(ko) ? undefined : 'no_hangul';
}
