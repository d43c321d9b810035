/**
 * @file Writes generated pairs, including planted faults, as plain CSV files that Python's `csv` can read.
 *
 *     node scripts/bench/pairs-csv.mjs <rows> <folder>
 */
import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { COUNT } from '#dist/base/kinds.js';
import { readArguments, refuse } from '../arguments.mjs';
import { corpusRows } from '../corpora/rows.mjs';

const FILES = 4;
const FLUSH = 10_000;

const { others } = readArguments(import.meta.filename, {}, 'rows and folder');
const [rows, folder = ''] = [COUNT.parse(others[0] ?? ''), others[1]];
if (!COUNT.is(rows) || folder === '') refuse(`expected the number of rows and a folder, got ${others.join(' ')}`);
const rowAt = corpusRows(rows, { seed: 0, faults: true });
/** @param {string} text */
const quote = (text) => `"${text.replaceAll('"', '""')}"`;

mkdirSync(folder, { recursive: true });
for (let number = 0; number < FILES; number++) {
  const file = openSync(join(folder, `pairs-${number}.csv`), 'w');
  let lines = ['sn,ko,en'];
  for (let row = Math.floor((rows * number) / FILES); row < Math.floor((rows * (number + 1)) / FILES); row++) {
    const { fault, ko = '', en = '' } = rowAt(row);
    lines.push(fault === 'badRow' ? `${row},${quote(ko)}` : `${row},${quote(ko)},${quote(en)}`);
    if (lines.length >= FLUSH) {
      writeSync(file, `${lines.join('\n')}\n`);
      lines = [];
    }
  }
  writeSync(file, `${lines.join('\n')}\n`);
  closeSync(file);
}
