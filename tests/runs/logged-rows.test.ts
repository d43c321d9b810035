import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { countRows, rowDifferences } from '../../src/runs/logged-rows.js';
import { temporaryFolder } from '../cli.js';

it('complete rows count, without headers; a missing log has none', () => {
  const run = temporaryFolder();
  writeFileSync(join(run, 'loss.csv'), 'step,loss\n1,0.5\n2,0.4\n3,0.'); // the last was cut off
  writeFileSync(join(run, 'loss.jsonl'), '{"step":1,"loss":0.5}\n{"step":2,');
  expect(countRows(run, ['loss.csv', 'loss.jsonl', 'skipped.csv'])).toEqual({
    'loss.csv': 2,
    'loss.jsonl': 1,
    'skipped.csv': 0,
  });
});

it('differences name the log; logs that are not known are left out', () => {
  const expected = { 'loss.csv': 1200, 'loss.jsonl': 3, 'later.csv': 9 };
  expect(rowDifferences(expected, { 'loss.csv': 2, 'loss.jsonl': 3 })).toEqual([
    'loss.csv (expected 1,200 rows, found 2)',
  ]);
});
