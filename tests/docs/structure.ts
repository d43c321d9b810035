/** @file What a document and its translation have in common: the order of blocks, links, code, and numbers. */
import { dirname, join, relative } from 'node:path';
import { textOf } from './documents.js';

/** A document without its blocks of code; a block's place is kept by the line `<code>`. */
const proseOf = (document: string): string => textOf(document).replace(/^ *```[^]*?^ *```$/gm, '<code>');

/** What begins on a line; nothing for the later lines of a paragraph or an item. */
const KINDS: readonly (readonly [RegExp, string])[] = [
  [/^<code>/, 'code'],
  [/^<picture>|^!\[/, 'picture'],
  [/^\|/, 'row'],
  [/^ *- /, 'item'],
];

/** The document's blocks in order, such as `['# ', 'paragraph', 'row', 'row', '## ', 'item', 'code']`. */
export function blockKindsOf(document: string): string[] {
  const lines = proseOf(document).split('\n');
  return lines.flatMap((line, i) => {
    const kind = /^#+ /.exec(line)?.[0] ?? KINDS.find(([pattern]) => pattern.test(line))?.[1];
    if (kind !== undefined) return [kind];
    const begins = line !== '' && (i === 0 || lines[i - 1] === '' || lines[i - 1] === '<code>');
    return begins && !/^<\/?\w/.test(line) ? ['paragraph'] : [];
  });
}

/** The anchors of a document's headings, in order, as GitHub makes them. */
export function anchorsOf(document: string): string[] {
  const headings = [...proseOf(document).matchAll(/^#+ (.*)$/gm)].map(([, text]) => text);
  return headings.map((text) =>
    text
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

/** Where a document's links lead, from the root of the project, with their anchors; each once. */
export function linksOf(document: string): string[] {
  const links = [...textOf(document).matchAll(/\]\(([^)]+)\)|(?:src|srcset)="([^"]+)"/g)];
  const targets = links.map(([, link, image]) => link ?? image);
  const fromRoot = (link: string): string => {
    if (link.includes('://')) return link;
    return link.startsWith('#') ? document + link : relative('.', join(dirname(document), link));
  };
  return [...new Set(targets.map(fromRoot))];
}

/** What stands in backticks within the text, in order, each once. */
export function codeWordsOf(document: string): string[] {
  const words = [...proseOf(document).matchAll(/(`+)([^]*?)\1/g)].map(([, , word]) => word.replace(/\s+/g, ' '));
  return [...new Set(words)].sort();
}

/** The numbers that are written in digits in the text, in order, each once. */
export function numbersOf(document: string): string[] {
  const text = proseOf(document)
    .replace(/(`+)[^]*?\1/g, '')
    .replace(/\]\([^)]*\)|="[^"]*"|<http[^>]*>/g, '');
  const numbers = text.match(/\d+(?:[.,:]\d+)*/g) ?? [];
  return [...new Set(numbers)].sort();
}
