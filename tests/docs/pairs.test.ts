/** @file A document in Korean has the commands, headings, code and links of the one in English. */
import { existsSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { methodPictures } from '../../scripts/pictures/method.mjs';
import { blocksOf, commandsOf, PAIRS, ROOT, textOf } from './documents.js';

/** The levels of a document's headings, in order. */
const headingsOf = (document: string): number[] =>
  [
    ...textOf(document)
      .replace(/```[^]*?```/g, '')
      .matchAll(/^(#+) /gm),
  ].map(([, marks]) => marks.length);

/** Where a document's links lead, from the root of the project; each once. */
function linksOf(document: string): string[] {
  const links = [...textOf(document).matchAll(/\]\(([^)]+)\)|(?:src|srcset)="([^"]+)"/g)];
  return [...new Set(links.map(([, link, image]) => link ?? image))].map((link) =>
    link.includes('://') || link.startsWith('#') ? link : relative('.', join(dirname(document), link)),
  );
}

/** A link to a page of `docs/`, whatever its language. */
const inEnglish = (link: string): string => link.replace('docs/ko/', 'docs/').replace('README.ko.md', 'README.md');

/** The links of a document but for that to itself in the other language. */
const linksElsewhere = (document: string): string[] =>
  [...new Set(linksOf(document).map(inEnglish))].filter((link) => link !== inEnglish(document)).sort();

describe.each(PAIRS)('%s and %s', (english, korean) => {
  it('show the same commands and the same code', () => {
    expect(commandsOf(korean)).toEqual(commandsOf(english));
    for (const language of ['text', 'python', 'yaml', 'ts'])
      expect(blocksOf(korean, language)).toEqual(blocksOf(english, language));
  });

  it('have the same headings and links', () => {
    expect(headingsOf(korean)).toEqual(headingsOf(english));
    expect(linksElsewhere(korean)).toEqual(linksElsewhere(english));
  });

  it('link to files that exist', () => {
    const files = [english, korean].flatMap(linksOf).filter((link) => !link.includes('://') && !link.startsWith('#'));
    expect(files.filter((file) => !existsSync(join(ROOT, file.replace(/#.*/, ''))))).toEqual([]);
  });
});

it('the pictures of the method are those that scripts/pictures/method.mjs draws', () => {
  for (const [path, svg] of Object.entries(methodPictures())) expect(textOf(path) === svg, path).toBe(true);
});
