/** @file Lines of prose keep to 120 columns, in which a Korean letter takes two. */
import { expect, it } from 'vitest';
import { DOCUMENTS, PAIRS, textOf } from './documents.js';

const COLUMNS = 120;

/** Columns of a line as terminals and editors show it: two for each Korean letter. */
const widthOf = (line: string): number =>
  line.length + (line.match(/[\u1100-\u11ff\u3130-\u318f\uac00-\ud7a3]/g) ?? []).length;

/** The lines of prose that are too long; tables, HTML, images, blocks of code and a command alone cannot be wrapped. */
function tooLong(text: string): string[] {
  let inCode = false;
  return text.split('\n').flatMap((line, i) => {
    if (/^\s*```/.test(line)) inCode = !inCode;
    const wrapped = !inCode && !/^\s*(?:\||<|!\[|`[^`]*`$)/.test(line);
    return wrapped && widthOf(line) > COLUMNS ? [`line ${i + 1}: ${widthOf(line)} columns`] : [];
  });
}

it.each([...DOCUMENTS, ...PAIRS.map(([, korean]) => korean)])('%s keeps lines of prose to 120 columns', (document) => {
  expect(tooLong(textOf(document))).toEqual([]);
});

it('a line that is too long is found, but not in a table or a block of code', () => {
  const long = 'a '.repeat(61);
  expect(tooLong(`${long}\n| ${long}|\n\`\`\`sh\n${long}\n\`\`\`\n`)).toEqual(['line 1: 122 columns']);
  expect(tooLong('가'.repeat(61))).toEqual(['line 1: 122 columns']);
});
