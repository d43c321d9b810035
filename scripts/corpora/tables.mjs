/** @file The technology and social-science corpora: tables, each as CSV and as JSON. */
import iconv from 'iconv-lite';

/** @import { TextFile, WriteCorpus } from './outputs.mjs' */
/** @import { Row, RowAt } from './rows.mjs' */
/** @typedef {Record<string, string | undefined>} Cells a row's cells by their columns */
/** @typedef {(pair: Row, row: number) => Cells} CellsOf */

const CSV_COLUMNS =
  'sn,file_name,data_set,domain,subdomain,source,ko,mt,en,source_language,target_language,license,style';
const BYTE_ORDER_MARK = '\ufeff';

/**
 * A training set with eight ninths of the rows and a validation set (in code page 949), each as CSV and as JSON.
 *
 * @param {string} code
 * @param {string} dataSet
 * @param {string} domain
 * @returns {WriteCorpus}
 */
export function writeTables(code, dataSet, domain) {
  return (output, rowAt, from, to) => {
    const border = from + Math.floor(((to - from) * 8) / 9);
    /** @type {CellsOf} */
    const cellsOf = (pair, row) => tableCells(pair, code, dataSet, domain, row);
    const sets = /** @type {const} */ ([
      ['train', from, border],
      ['valid', border, to],
    ]);
    for (const [set, first, end] of sets) {
      const name = `1113_${code}_${set}_set_${end - first}`;
      const isResaved = set === 'valid';
      /** @type {RowAt} */
      const pairAt = isResaved ? (row) => composed(rowAt(row)) : rowAt;
      writeCsv(
        isResaved ? output.textFile(`${name}.csv`, toCp949) : output.textFile(`${name}.csv`),
        pairAt,
        cellsOf,
        first,
        end,
        isResaved ? '' : BYTE_ORDER_MARK,
      );
      writeJson(output.textFile(`${name}.json`), pairAt, cellsOf, first, end);
    }
  };
}

/** @param {string} text */
function toCp949(text) {
  return iconv.encode(text, 'cp949');
}

/**
 * Writes rows as CSV in the format of the technology and social-science corpora.
 *
 * @param {TextFile} file
 * @param {RowAt} pairAt
 * @param {CellsOf} cellsOf
 * @param {number} first
 * @param {number} end
 * @param {string} mark what the file begins with
 */
export function writeCsv(file, pairAt, cellsOf, first, end, mark) {
  file.write(`${mark}${CSV_COLUMNS}\r\n`);
  for (let row = first; row < end; row++) {
    const pair = pairAt(row);
    file.write(csvLine(cellsOf(pair, row), pair.fault === 'badRow' ? row : undefined));
  }
  file.close();
}

/**
 * The same as JSON.
 *
 * @param {TextFile} file
 * @param {RowAt} pairAt
 * @param {CellsOf} cellsOf
 * @param {number} first
 * @param {number} end
 */
export function writeJson(file, pairAt, cellsOf, first, end) {
  let separator = '{"data": [';
  for (let row = first; row < end; row++) {
    const pair = pairAt(row);
    if (pair.fault === 'badRow') continue;
    file.write(`${separator}${JSON.stringify(cellsOf(pair, row))}`);
    separator = ', ';
  }
  file.write(']}\n');
  file.close();
}

/**
 * Replaces what code page 949 lacks: decomposed Hangul and no-break spaces.
 *
 * @param {Row} row
 * @returns {Row}
 */
function composed({ fault, ko, en }) {
  return { fault, ko: ko?.normalize('NFC'), en: en.replace('\u00a0', ' ') };
}

/**
 * A row of either corpus, by column.
 *
 * @param {Row} pair
 * @param {string} code
 * @param {string} dataSet
 * @param {string} domain
 * @param {number} row
 * @returns {Cells}
 */
export function tableCells({ ko, en }, code, dataSet, domain, row) {
  return {
    sn: `${code.toUpperCase()}${String(row).padStart(9, '0')}`,
    file_name: `${code}_${row >> 10}.xlsx`,
    data_set: dataSet,
    domain,
    subdomain: `분야${row % 7}`,
    source: 'https://example.org/articles',
    ko,
    mt: `Machine translation:${row % 7 === 0 ? '\r\n' : ' '}${en.slice(0, 80)}`,
    en,
    source_language: 'ko',
    target_language: 'en',
    license: 'open',
    style: '문어체',
  };
}

/**
 * A line of CSV with quoted texts. If `badRow` is a number, the line is broken: cut short, or with extra fields.
 *
 * @param {Cells} cells
 * @param {number | undefined} badRow
 */
function csvLine(cells, badRow) {
  const values = Object.entries(cells).map(([column, value = '']) =>
    /^(ko|mt|en)$/.test(column) ? quoted(value) : value,
  );
  if (badRow === undefined) return `${values.join(',')}\r\n`;
  if ((badRow >> 4) % 2 === 0) return `${values.slice(0, 5).join(',')}\r\n`;
  return `${values.join(',')},one,too,many\r\n`;
}

/** @param {string} text */
function quoted(text) {
  return `"${text.replaceAll('"', '""')}"`;
}
