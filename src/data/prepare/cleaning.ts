/** @file Cleans texts, and checks whether a row by itself is usable. */
import { INVISIBLE } from '../invisible-characters.js';
import { hasHangul } from './direction.js';
import type { DropReason } from './drop-reasons.js';

const NEEDS_FOLDING = /^\s|\s\s|[^\S ]|\s$|\u0085/; // \s is White_Space without U+0085 but with U+FEFF

const ANY_INVISIBLE = new RegExp(INVISIBLE, 'v');
const ALL_INVISIBLE = new RegExp(`${INVISIBLE}+`, 'gv');

/** Joiners, variation selectors and tags, which combine or change characters, as in emoji. */
const SHAPING = '\\p{Join_Control}\\p{Variation_Selector}\\u{e0020}-\\u{e007f}';
const INVISIBLE_ALONE = new RegExp(`(?![${SHAPING}])${INVISIBLE}`, 'gv');
/** Those without effect: any at the beginning of a word, and joiners at its end. */
const SHAPING_NOTHING = new RegExp(`(?<=^|[\\s\\u0085])[${SHAPING}]+|\\p{Join_Control}+(?=[\\s\\u0085]|$)`, 'gu');

/**
 * Normalises a text for storage: to NFC, with each run of white space (Unicode's White_Space) replaced by one space,
 * trimmed, and without invisible characters except those that affect others. The tokenizers of CLIP and BERT ignore
 * differences in white space; they would not know decomposed Hangul (NFD).
 */
export function foldText(text: string): string {
  const composed = text.normalize('NFC');
  const isInvisible = ANY_INVISIBLE.test(composed);
  if (!isInvisible && !NEEDS_FOLDING.test(composed)) return composed;
  const visible = isInvisible ? composed.replace(INVISIBLE_ALONE, '').replace(SHAPING_NOTHING, '') : composed;
  const folded = visible.replace(/[\s\u0085]+/g, ' ').trim();
  return isInvisible ? folded.normalize('NFC') : folded;
}

/** Returns a folded text without any invisible characters, for comparison. Nearly always that is the same string. */
export function visibleText(folded: string): string {
  if (!ANY_INVISIBLE.test(folded)) return folded;
  const visible = folded.replace(ALL_INVISIBLE, '').normalize('NFC');
  return visible.replace(/ {2,}/g, ' ').trim();
}

/** The reason to drop a pair, if any, that does not depend on other pairs. */
export function faultOf(ko: string, en: string): DropReason | undefined {
  if (ko === '' || en === '') return 'empty';
  if (ko === en) return 'identical';
  return hasHangul(ko) ? undefined : 'no_hangul';
}
