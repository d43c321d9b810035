/** @file What a row must be to be used, as far as the row alone can tell. */

/** Why a row is not used, in the order in which the reasons are looked for, each with its name for people. */
export const DROP_REASONS = {
  unreadable: 'row that cannot be read',
  empty: 'empty text',
  identical: 'same text on both sides',
  no_hangul: 'no Hangul in the Korean text',
  duplicate_pair: 'pair seen before',
  duplicate_ko: 'Korean text seen before',
  duplicate_en: 'English text seen before',
  too_long: 'over 77 tokens',
} as const;

export type DropReason = keyof typeof DROP_REASONS;

const HANGUL = /\p{Script=Hangul}/u;
const NEEDS_FOLDING = /^\s|\s\s|[^\S ]|\s$/;

/**
 * A text as it is compared and stored: in NFC, every stretch of white space one blank, none at the ends. Tokenizers of
 * CLIP and BERT see no difference but for Hangul in single letters (NFD), which they would not know.
 */
export function foldText(text: string): string {
  const composed = text.normalize('NFC');
  return NEEDS_FOLDING.test(composed) ? composed.replace(/\s+/g, ' ').trim() : composed;
}

/** The reason not to use a pair of folded texts, if there is one that shows without looking at other pairs. */
export function faultOf(ko: string, en: string): DropReason | undefined {
  if (ko === '' || en === '') return 'empty';
  if (ko === en) return 'identical';
  return HANGUL.test(ko) ? undefined : 'no_hangul';
}
