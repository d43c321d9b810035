/**
 * @file The four AI Hub corpora as they arrive on disk: names, columns and shapes of their files, with rows of the
 * generator's own. Each layout writes the rows `from` … `to` − 1 to an output.
 */
import iconv from 'iconv-lite';

/** @import { Output, TextFile } from './outputs.mjs' */
/** @import { Row, RowAt } from './rows.mjs' */
/** @typedef {(output: Output, rowAt: RowAt, from: number, to: number) => void} WriteCorpus */
/** @typedef {Record<string, string | undefined>} Cells a row's cells by their columns */
/** @typedef {(pair: Row, row: number) => Cells} CellsOf */

/**
 * The corpora: share of all rows as in the originals, folder or archive, and what writes the files.
 *
 * @type {Record<string, { pairs: number, name: string, write: WriteCorpus }>}
 */
export const LAYOUTS = {
  parallel: { pairs: 1_602_418, name: '한국어-영어 번역(병렬) 말뭉치', write: writeWorkbooks },
  technology: {
    pairs: 1_344_631,
    name: '한국어-영어 번역 말뭉치(기술과학)',
    write: writeTables('tech', '기술과학', '정보통신'),
  },
  'social-science': {
    pairs: 1_361_845,
    name: '한국어-영어 번역 말뭉치(사회과학)',
    write: writeTables('social', '사회과학', '경제'),
  },
  broadcast: { pairs: 587_082, name: '032.방송콘텐츠 한국어-영어 번역 말뭉치', write: writeBroadcast },
};

/**
 * Workbooks: name, columns before the texts. The last one keeps its texts in the cells.
 *
 * @type {readonly [name: string, columns: readonly string[]][]}
 */
const WORKBOOKS = [
  ['1_구어체(1).xlsx', ['SID']],
  ['1_구어체(2).xlsx', ['SID']],
  ['2_대화체.xlsx', ['대분류', '소분류', '상황', 'Set Nr.', '발화자']],
  ['3_문어체_뉴스(1)_200226.xlsx', ['ID', '날짜', '자동분류1', '자동분류2', '자동분류3', 'URL', '언론사']],
  ['3_문어체_뉴스(2).xlsx', ['ID', '날짜', '자동분류1', '자동분류2', '자동분류3', 'URL', '언론사']],
  ['3_문어체_뉴스(3).xlsx', ['ID', '날짜', '자동분류1', '자동분류2', '자동분류3', 'URL', '언론사']],
  ['3_문어체_뉴스(4).xlsx', ['ID', '날짜', '자동분류1', '자동분류2', '자동분류3', 'URL', '언론사']],
  ['4_문어체_한국문화.xlsx', ['ID', '키워드']],
  ['5_문어체_조례.xlsx', ['ID', '지자체']],
  ['6_문어체_지자체웹사이트.xlsx', ['ID', '지자체']],
];

const CSV_COLUMNS =
  'sn,file_name,data_set,domain,subdomain,source,ko,mt,en,source_language,target_language,license,style';
const BYTE_ORDER_MARK = '\ufeff';

/** One file in so many of the broadcast corpus says that its source is English. */
const ENGLISH_SOURCE = { every: 8, at: 3 };

/**
 * Whether a row of the broadcast corpus is written the other way round.
 *
 * @param {number} row
 */
export function isFromEnglish(row) {
  return row % ENGLISH_SOURCE.every === ENGLISH_SOURCE.at;
}

/** @type {WriteCorpus} */
function writeWorkbooks(output, rowAt, from, to) {
  for (const [i, [name, columns]] of WORKBOOKS.entries()) {
    const [first, end] = [
      from + share(to - from, i, WORKBOOKS.length),
      from + share(to - from, i + 1, WORKBOOKS.length),
    ];
    const rows = function* () {
      yield [...columns, '원문', '번역문'];
      for (let row = first; row < end; row++) yield workbookCells(rowAt(row), columns, row);
    };
    output.workbook(name, rows, { inline: i === WORKBOOKS.length - 1 });
  }
}

/**
 * @param {Row} pair
 * @param {readonly string[]} columns
 * @param {number} row
 */
function workbookCells({ fault, ko, en }, columns, row) {
  const before = columns.map((column, i) => (i === 0 ? row + 1 : `${column}-${row % 10}`));
  return [...before, ko, fault === 'badRow' ? { error: '#NAME?' } : en];
}

/**
 * A training set of eight ninths and a validation set (in code page 949), each as CSV and as JSON.
 *
 * @param {string} code
 * @param {string} dataSet
 * @param {string} domain
 * @returns {WriteCorpus}
 */
function writeTables(code, dataSet, domain) {
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
 * Rows as the CSV of the technology and the social-science corpus.
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
 * Code page 949 has neither decomposed Hangul nor a space that does not break.
 *
 * @param {Row} row
 * @returns {Row}
 */
function composed({ fault, ko, en }) {
  return { fault, ko: ko?.normalize('NFC'), en: en.replace('\u00a0', ' ') };
}

/**
 * A row of either, by columns.
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
 * A line of CSV, its texts in quotes; bad where `badRow` is a number: cut short, or with fields too many.
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

/**
 * Nine tenths in files of a sentence each, the rest in one array.
 *
 * @type {WriteCorpus}
 */
function writeBroadcast(output, rowAt, from, to) {
  const border = from + Math.floor(((to - from) * 9) / 10);
  for (let row = from; row < border; row++) {
    const text = JSON.stringify(broadcastObject(rowAt(row), row), undefined, 2);
    const isBad = rowAt(row).fault === 'badRow';
    output.smallFile(
      `Training/TL_${row % 2 === 0 ? '드라마' : '예능'}/${broadcastId(row)}.json`,
      isBad ? text.slice(0, text.length / 2) : text,
    );
  }
  const array = output.textFile('Validation/VL_교양.json');
  for (let row = border; row < to; row++) {
    const object = rowAt(row).fault === 'badRow' ? null : broadcastObject(rowAt(row), row);
    array.write(`${row === border ? '[' : ','}\n${JSON.stringify(object)}`);
  }
  array.write(border === to ? '[]\n' : '\n]\n');
  array.close();
}

/**
 * What its file is called.
 *
 * @param {number} row
 */
export function broadcastId(row) {
  return `BC${String(row).padStart(8, '0')}`;
}

/**
 * A sentence of the broadcast corpus.
 *
 * @param {Row} pair
 * @param {number} row
 */
export function broadcastObject({ ko, en }, row) {
  const [source, target] = isFromEnglish(row) ? [en, ko] : [ko, en];
  const language = isFromEnglish(row) ? 'en' : 'ko';
  return {
    ID: broadcastId(row),
    대분류: '방송',
    소분류: `장르${row % 5}`,
    source_language: language,
    원문: source,
    '1차번역문': 'draft',
    최종번역문: target,
  };
}

/**
 * Where part `i` of `parts` of a number of rows begins.
 *
 * @param {number} rows
 * @param {number} i
 * @param {number} parts
 */
function share(rows, i, parts) {
  return Math.floor((rows * i) / parts);
}
