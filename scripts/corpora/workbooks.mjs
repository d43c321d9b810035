/** @file The corpus of parallel sentences: ten workbooks. */

/** @import { WriteCorpus } from './outputs.mjs' */
/** @import { Row } from './rows.mjs' */

/**
 * Workbooks: name, columns before the texts. The last one has its texts in the cells.
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

/** @type {WriteCorpus} */
export function writeWorkbooks(output, rowAt, from, to) {
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
 * Where part `i` of `parts` begins within a number of rows.
 *
 * @param {number} rows
 * @param {number} i
 * @param {number} parts
 */
function share(rows, i, parts) {
  return Math.floor((rows * i) / parts);
}
