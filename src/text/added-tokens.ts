import type { Normalizer } from './normalizer.js';
import type { AddedToken } from './tokenizer-json.js';
import { WHITE_SPACE } from './unicode.js';

/** A stretch of normalised text, or the id of an added token that stood between two such stretches. */
export type Section = string | number;

type Splitter = (text: string) => Section[];

/** `\w` of Rust's regular expressions (UTS #18, annex C). */
const WORD = '[\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\p{Join_Control}]';
const STARTS_WITH_WORD = new RegExp(`^${WORD}`, 'v');
const ENDS_WITH_WORD = new RegExp(`${WORD}$`, 'v');
const LEADING_SPACE = new RegExp(`^${WHITE_SPACE}*`, 'v');
const TRAILING_SPACE = new RegExp(`${WHITE_SPACE}*$`, 'v');

/**
 * Normalises a text and cuts the added tokens out of it, as `tokenizers/src/tokenizer/added_vocabulary.rs` does:
 * first those that are looked for in the raw text, then, in each rest, those that are looked for after normalisation.
 */
export function sectionSplitter(tokens: readonly AddedToken[], normalize: Normalizer): Splitter {
  const isNormalized = (token: AddedToken) => token.normalized ?? !token.special;
  const splitRaw = tokenSplitter(
    tokens.filter((token) => !isNormalized(token)),
    (content) => content,
  );
  const splitNormalized = tokenSplitter(tokens.filter(isNormalized), normalize);
  const splitRest = (section: Section) => (typeof section === 'number' ? section : splitNormalized(normalize(section)));
  return (text) => splitRaw(text).flatMap(splitRest);
}

function tokenSplitter(tokens: readonly AddedToken[], write: Normalizer): Splitter {
  const byContent = new Map(tokens.map((token) => [write(token.content), token]));
  byContent.delete('');
  if (byContent.size === 0) return (text) => (text === '' ? [] : [text]);
  // The leftmost match wins, and of those that start together the longest.
  const contents = [...byContent.keys()].sort((a, b) => b.length - a.length);
  const pattern = new RegExp(
    contents.map((content) => content.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')).join('|'),
    'gv',
  );
  return (text) => cut(text, pattern, byContent);
}

function cut(text: string, pattern: RegExp, byContent: ReadonlyMap<string, AddedToken>): Section[] {
  const sections: Section[] = [];
  let done = 0; // all before this index is in `sections`
  for (const match of text.matchAll(pattern)) {
    const token = byContent.get(match[0])!;
    const before = text.slice(0, match.index);
    const after = text.slice(match.index + match[0].length);
    if (token.single_word && (ENDS_WITH_WORD.test(before) || STARTS_WITH_WORD.test(after))) continue;
    const start = token.lstrip ? Math.max(done, TRAILING_SPACE.exec(before)!.index) : match.index;
    if (start > done) sections.push(text.slice(done, start));
    sections.push(token.id);
    done = text.length - after.length + (token.rstrip ? LEADING_SPACE.exec(after)![0].length : 0);
  }
  if (done < text.length) sections.push(text.slice(done));
  return sections;
}
