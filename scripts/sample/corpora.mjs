/** @file Writes the sample as files: one in each of the formats of AI Hub's corpora. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { broadcastId, broadcastObject } from '../corpora/broadcast.mjs';
import { tableCells, writeCsv, writeJson } from '../corpora/tables.mjs';
import { archiveOutput, folderOutput } from '../corpora/outputs.mjs';

/** @import { Output } from '../corpora/outputs.mjs' */
/** @import { Pair } from '../corpora/sentences.mjs' */
/** @typedef {typeof writeCsv | typeof writeJson} WriteRows */

/** The file that marks the folder as the project's own sample: see `src/data/files.ts`. */
const MARKER =
  'kd passes this folder over where it searches another: it is used where it is named, as in --data data/sample\n';

/** Archives and workbooks have the same bytes on every machine. */
const ARCHIVE = { reproducible: true };

/** An empty row. */
const NONE = { ko: undefined, en: '' };

/** One in three pairs in the archive is for validation. */
const VALIDATION = { every: 3, at: 2 };

/**
 * Writes the pairs of each kind to a folder.
 *
 * @param {string} folder
 * @param {Record<'scenes' | 'things' | 'pictures', readonly Pair[]>} pairs
 */
export function writeSample(folder, { scenes, things, pictures }) {
  mkdirSync(folder, { recursive: true });
  const output = folderOutput(folder);
  const half = pictures.length / 2;
  output.workbook('1_구어체.xlsx', () => workbookRows(scenes), ARCHIVE);
  writeTable(output, writeCsv, 'csv', things, ['tech', '기술과학', '사물']);
  writeTable(output, writeJson, 'json', pictures.slice(0, half), ['social', '사회과학', '그림']);
  writeArchive(archiveOutput(path.join(folder, '방송콘텐츠.zip'), ARCHIVE), pictures.slice(half));
  writeFileSync(path.join(folder, '.kd-sample'), MARKER);
}

/** @param {readonly Pair[]} pairs */
function* workbookRows(pairs) {
  yield ['SID', '원문', '번역문'];
  for (const [i, { ko, en }] of pairs.entries()) yield [i + 1, ko, en];
}

/**
 * @param {Output} output
 * @param {WriteRows} write
 * @param {string} ending
 * @param {readonly Pair[]} pairs
 * @param {readonly [code: string, dataSet: string, domain: string]} names
 */
function writeTable(output, write, ending, pairs, [code, dataSet, domain]) {
  const file = output.textFile(`1113_${code}_train_set_${pairs.length}.${ending}`);
  write(
    file,
    (row) => pairs[row] ?? NONE,
    (pair, row) => tableCells(pair, code, dataSet, domain, row),
    0,
    pairs.length,
    '',
  );
}

/**
 * Writes one file per sentence; if its source is English, the two texts are swapped.
 *
 * @param {Output} archive
 * @param {readonly Pair[]} pairs
 */
function writeArchive(archive, pairs) {
  for (const [i, pair] of pairs.entries()) {
    const folder = i % VALIDATION.every === VALIDATION.at ? 'Validation/VL_그림' : 'Training/TL_그림';
    archive.smallFile(`${folder}/${broadcastId(i)}.json`, JSON.stringify(broadcastObject(pair, i)));
  }
  archive.close();
}
