import type { Normalizer } from './normalizer.js';
import type { AddedToken } from './tokenizer-json.js';
import { WHITE_SPACE, WORD } from './unicode.js';

/** A piece of normalised text, or the id of an added token between two such pieces. */
export type Section = string | number;

type Splitter = (text: string) => Section[];

const WORD_CHARACTER = new RegExp(`^${WORD}$`, 'v');
const SPACE = new RegExp(`^${WHITE_SPACE}$`, 'v');

/**
 * Normalises a text and splits it at added tokens, as `tokenizers/src/tokenizer/added_vocabulary.rs` does: first at
 * those matched in the raw text, then, in each rest, at those matched after normalisation. Takes time linear in the
 * text, whatever the text and the tokens.
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

/** A node of a trie of the tokens over UTF-16 code units; it holds the token that ends there. */
interface TrieNode {
  token?: AddedToken;
  readonly next: Map<number, TrieNode>;
}

function tokenSplitter(tokens: readonly AddedToken[], write: Normalizer): Splitter {
  const root: TrieNode = { next: new Map() };
  for (const token of tokens) {
    let node = root;
    const content = write(token.content);
    for (let i = 0; i < content.length; i++) {
      const unit = content.charCodeAt(i);
      let child = node.next.get(unit);
      if (child === undefined) node.next.set(unit, (child = { next: new Map() }));
      node = child;
    }
    if (content !== '') node.token ??= token; // the first of equal tokens counts
  }
  if (root.next.size === 0) return (text) => (text === '' ? [] : [text]);
  const starts = [...root.next.keys()].map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`);
  const start = new RegExp(`[${starts.join('')}]`, 'g');
  return (text) => cut(text, root, start);
}

function cut(text: string, root: TrieNode, start: RegExp): Section[] {
  const sections: Section[] = [];
  let done = 0; // everything before this index is in `sections`
  let spaceEnd = 0; // end of the last stripped white space
  start.lastIndex = 0;
  for (let found = start.exec(text); found !== null; found = start.exec(text)) {
    const token = tokenAt(text, found.index, root);
    if (token === undefined) continue;
    const [from, to] = [found.index, found.index + token.length];
    start.lastIndex = to; // even if the match is rejected
    const { id, single_word: singleWord, lstrip, rstrip } = token.token;
    if (singleWord && (WORD_CHARACTER.test(characterBefore(text, from)) || WORD_CHARACTER.test(characterAt(text, to))))
      continue;
    const first = lstrip ? spaceBefore(text, from, done) : from;
    if (first > done) sections.push(text.slice(done, first));
    if (rstrip) spaceEnd = spaceAfter(text, Math.max(to, spaceEnd));
    const end = rstrip ? spaceEnd : to;
    if (first < end) sections.push(id); // else the token before it took all of its white space
    done = end; // stripped white space may still be a token
  }
  if (done < text.length) sections.push(text.slice(done));
  return sections;
}

/** The longest token that begins at an index. */
function tokenAt(
  text: string,
  from: number,
  root: TrieNode,
): { readonly token: AddedToken; readonly length: number } | undefined {
  let longest: { token: AddedToken; length: number } | undefined;
  let node: TrieNode | undefined = root;
  for (let i = from; node !== undefined; i++) {
    if (node.token !== undefined) longest = { token: node.token, length: i - from };
    node = i < text.length ? node.next.get(text.charCodeAt(i)) : undefined;
  }
  return longest;
}

/** The start of the white space before an index, but not before `bound`. White space is in the basic plane. */
function spaceBefore(text: string, index: number, bound: number): number {
  let first = index;
  while (first > bound && SPACE.test(text[first - 1]!)) first--;
  return Math.max(first, bound);
}

function spaceAfter(text: string, index: number): number {
  let end = index;
  while (end < text.length && SPACE.test(text[end]!)) end++;
  return end;
}

function characterAt(text: string, index: number): string {
  return index < text.length ? String.fromCodePoint(text.codePointAt(index)!) : '';
}

function characterBefore(text: string, index: number): string {
  if (index === 0) return '';
  const low = text.charCodeAt(index - 1);
  const isLow = low >= 0xdc00 && low <= 0xdfff && index > 1;
  return characterAt(text, isLow ? index - 2 : index - 1);
}
