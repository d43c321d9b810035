import stringWidth from 'string-width';
import { expect, it } from 'vitest';
import { markdownTables } from '../../src/evaluate/results-markdown.js';
import { textTable } from '../../src/evaluate/table-text.js';
import type { Table } from '../../src/evaluate/table.js';

const TABLE: Table = {
  title: 'Both',
  columns: [
    { title: 'model' },
    { title: 'MSE', group: 'a heading that is wide', format: (value) => value.toFixed(2), bar: 'magnitude' },
    { title: 'found', group: 'a heading that is wide', bar: 'share' },
    { title: 'from' },
  ],
  rows: [
    ['한국어 학생', 1.5, 0.25, 'x|y'],
    ['b', null, 1, '<b>'],
  ],
  notes: ['a note'],
};

it('columns stand under each other with Hangul too, two columns wide a syllable', () => {
  expect(textTable(TABLE)).toBe(
    [
      'Both',
      '             a heading that is wide',
      'model         MSE             found  from',
      '한국어 학생  1.50              0.25  x|y',
      'b               –                 1  <b>',
      '(a note)',
    ].join('\n'),
  );
  const [, , ...lines] = textTable(TABLE).split('\n');
  const start = (line: string, last: string): number => stringWidth(line.slice(0, line.lastIndexOf(last)));
  expect(new Set([start(lines[0], 'from'), start(lines[1], 'x|y'), start(lines[2], '<b>')]).size).toBe(1);
});

it('Markdown takes nothing in a cell for its own', () => {
  expect(markdownTables([TABLE])).toContain('| 한국어 학생 | 1.50 | 0.25 | x\\|y |\n| b | – | 1 | \\<b\\> |');
});
