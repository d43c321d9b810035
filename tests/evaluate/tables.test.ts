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

it('columns are aligned with Hangul too, two columns wide per syllable', () => {
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

/** A table as it is in a terminal: none of its lines is longer. */
function inTerminal(table: Table, columns: number): string[] {
  const lines = textTable(table, columns).split('\n');
  expect(lines.filter((line) => stringWidth(line) > columns)).toEqual([]);
  return lines;
}

const RUNS: Table = {
  title: '',
  columns: [{ title: 'run' }, { title: 'best loss', format: (value) => value.toFixed(4) }, { title: 'data' }],
  rows: [
    ['first', 0.4676, 'downloads/일상생활 및 구어체 한-영 번역'],
    ['second', null, 'data/sample'],
  ],
  notes: ['first: validated on a sample of 5 of 8 pairs'],
};

it('texts that are too long for the terminal are wrapped at blanks and slashes', () => {
  expect(inTerminal(RUNS, 40)).toEqual([
    '          best',
    'run       loss  data',
    'first   0.4676  downloads/일상생활 및',
    '                구어체 한-영 번역',
    'second       –  data/sample',
    '(first: validated on a sample of 5 of 8',
    'pairs)',
  ]);
});

it('names and dates are whole where columns are split into parts', () => {
  const titles = ['run', 'state', 'step', 'data', 'begun'].map((title) => ({ title }));
  const columns = [...titles, { title: 'size', format: (bytes: number) => `${bytes} MB` }];
  const row = ['2026-11-22-103000', 'finished', '600/600', 'data/sample', '2026-11-22 10:30', 12.3];
  expect(inTerminal({ title: '', columns, rows: [row], notes: [] }, 40)).toEqual([
    'run                state     step',
    '2026-11-22-103000  finished  600/600',
    '',
    'run                data',
    '2026-11-22-103000  data/sample',
    '',
    'run                begun',
    '2026-11-22-103000  2026-11-22 10:30',
    '',
    'run                   size',
    '2026-11-22-103000  12.3 MB',
  ]);
});

it('a name is not broken while other texts can still be wrapped between words', () => {
  const titles = ['run', 'state', 'data', 'begun'].map((title) => ({ title }));
  const row = ['korean-style-17', 'finished', '/home/kim/downloads', '2026-11-30 14:00'];
  const runs: Table = { title: '', columns: titles, rows: [row], notes: [] };
  expect(inTerminal(runs, 57)).toEqual([
    'run              state     data            begun',
    'korean-style-17  finished  /home/kim/      2026-11-30',
    '                           downloads       14:00',
  ]);
  const long = { ...runs, rows: [row, ['korean-style-17-long-name', ...row.slice(1)]] };
  expect(inTerminal(long, 60)[3]).toMatch(/^korean-style-17-lo/);
  expect(inTerminal(long, 60).slice(1, 3)).toEqual([
    'korean-style-17     finished  /home/kim/      2026-11-30',
    '                              downloads       14:00',
  ]);
});

it('columns that do not fit are shown below, with the key columns repeated', () => {
  expect(inTerminal(TABLE, 35)).toEqual([
    'Both',
    '             a heading that is wide',
    'model         MSE             found',
    '한국어 학생  1.50              0.25',
    'b               –                 1',
    '',
    'model        from',
    '한국어 학생  x|y',
    'b            <b>',
    '(a note)',
  ]);
  const keyed = { ...TABLE, keys: 2, notes: [], columns: TABLE.columns.map(({ title }) => ({ title })) };
  expect(inTerminal(keyed, 20)).toEqual([
    'Both',
    'model     MSE  found',
    '한국어    1.5   0.25',
    '학생',
    'b           –      1',
    '',
    'model      MSE  from',
    '한국어     1.5  x|y',
    '학생',
    'b            –  <b>',
  ]);
});

it('cells are escaped for Markdown', () => {
  expect(markdownTables([TABLE])).toContain('| 한국어 학생 | 1.50 | 0.25 | x\\|y |\n| b | – | 1 | \\<b\\> |');
});
