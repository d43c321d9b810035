/** @file A document in Korean has the blocks, commands, code, numbers and links of the one in English. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { methodPictures } from '../../scripts/pictures/method.mjs';
import { blocksOf, commandsOf, DOCUMENTS, PAIRS, ROOT, textOf } from './documents.js';
import { anchorsOf, blockKindsOf, codeWordsOf, linksOf, numbersOf } from './structure.js';

const ENGLISH_OF = new Map(PAIRS.map(([english, korean]) => [korean, english]));
const KOREAN_OF = new Map(PAIRS.map(([english, korean]) => [english, korean]));

const isLocal = (link: string): boolean => !link.includes('://');

/** A link as the document in English has it: to its page, and to the heading at the same place. */
function inEnglish(link: string): string {
  const [file, anchor] = link.split('#');
  const english = ENGLISH_OF.get(file) ?? file.replace('docs/ko/', 'docs/');
  if (anchor === undefined || !isLocal(link)) return isLocal(link) ? english : link;
  return `${english}#${anchorsOf(english)[anchorsOf(file).indexOf(decodeURIComponent(anchor))]}`;
}

/** The links of a document, in English, but for that to itself in the other language. */
const linksElsewhere = (document: string): string[] =>
  [...new Set(linksOf(document).map(inEnglish))].filter((link) => link !== inEnglish(document)).sort();

/** Whether a number may be a word in English, such as ten or a two-hundredth. */
const mayBeWord = (number: string): boolean => /^\d+$/.test(number) && Number(number) <= 1000;

describe.each(PAIRS)('%s and %s', (english, korean) => {
  it('have the same headings, paragraphs, items, table rows and code blocks, in the same order', () => {
    expect(blockKindsOf(korean)).toEqual(blockKindsOf(english));
  });

  it('show the same commands and the same code', () => {
    expect(commandsOf(korean)).toEqual(commandsOf(english));
    for (const language of ['text', 'python', 'yaml', 'ts'])
      expect(blocksOf(korean, language)).toEqual(blocksOf(english, language));
  });

  it('name the same files, flags and values, and the same numbers', () => {
    expect(codeWordsOf(korean)).toEqual(codeWordsOf(english));
    const numbers = numbersOf(english);
    expect(numbersOf(korean).filter((number) => numbers.includes(number) || !mayBeWord(number))).toEqual(numbers);
  });

  it('have the same links; the Korean ones lead to Korean pages where these exist', () => {
    expect(linksElsewhere(korean)).toEqual(linksElsewhere(english));
    const pages = linksOf(korean).map((link) => link.replace(/#.*/, ''));
    expect(pages.filter((page) => KOREAN_OF.has(page) && page !== english)).toEqual([]);
  });

  it('link to each other', () => {
    expect(linksOf(english)).toContain(korean);
    expect(linksOf(korean)).toContain(english);
  });
});

/** What is wrong with a link within the project, if anything. */
function problemOf(link: string): string[] {
  const [file, anchor] = link.split('#');
  if (!existsSync(join(ROOT, file))) return [`${link}: no such file`];
  const found = anchor === undefined || anchorsOf(file).includes(decodeURIComponent(anchor));
  return found ? [] : [`${link}: no such heading`];
}

it.each([...DOCUMENTS, ...ENGLISH_OF.keys()])('%s links to files and headings that exist', (document) => {
  expect(linksOf(document).filter(isLocal).flatMap(problemOf)).toEqual([]);
});

it('the README in Korean links to every page in Korean', () => {
  const pages = [...ENGLISH_OF.keys()].filter((page) => page !== 'README.ko.md');
  expect(linksOf('README.ko.md')).toEqual(expect.arrayContaining(pages));
});

it('the pictures of the method equal the output of scripts/pictures/method.mjs', () => {
  for (const [path, svg] of Object.entries(methodPictures())) expect(textOf(path) === svg, path).toBe(true);
});
