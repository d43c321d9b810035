/**
 * @file Writes Excel workbooks with one sheet row by row (ECMA-376, part 1, section 18), with texts in the table of
 * shared strings, like Excel, or in the cells, like some libraries.
 */
import { ZipWriter } from './zip-writer.mjs';

/** @typedef {string | number | { error: string } | undefined} Cell a text, a number, or `{ error: '#NAME?' }` */
/** @typedef {() => Iterable<readonly Cell[]>} Rows the rows, from the first on at each call */
/** @typedef {{ inline?: boolean, reproducible?: boolean }} WorkbookOptions `inline`: texts in the cells */

const XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n';
const SPREADSHEET = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main';
const RELATIONSHIPS = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
const CONTENT_TYPES = 'application/vnd.openxmlformats-officedocument.spreadsheetml';
const PACKAGE = 'http://schemas.openxmlformats.org/package/2006';
const PIECE = 1 << 20;

const FRAME = {
  '[Content_Types].xml':
    `<Types xmlns="${PACKAGE}/content-types">` +
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>' +
    `<Override PartName="/xl/workbook.xml" ContentType="${CONTENT_TYPES}.sheet.main+xml"/>` +
    `<Override PartName="/xl/worksheets/sheet1.xml" ContentType="${CONTENT_TYPES}.worksheet+xml"/>` +
    `<Override PartName="/xl/sharedStrings.xml" ContentType="${CONTENT_TYPES}.sharedStrings+xml"/></Types>`,
  '_rels/.rels':
    `<Relationships xmlns="${PACKAGE}/relationships">` +
    `<Relationship Id="rId1" Type="${RELATIONSHIPS}/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
  'xl/workbook.xml':
    `<workbook xmlns="${SPREADSHEET}" xmlns:r="${RELATIONSHIPS}">` +
    '<sheets><sheet name="Sheet1" sheetId="1" r:id="rId1"/></sheets></workbook>',
  'xl/_rels/workbook.xml.rels':
    `<Relationships xmlns="${PACKAGE}/relationships">` +
    `<Relationship Id="rId1" Type="${RELATIONSHIPS}/worksheet" Target="worksheets/sheet1.xml"/>` +
    `<Relationship Id="rId2" Type="${RELATIONSHIPS}/sharedStrings" Target="sharedStrings.xml"/></Relationships>`,
};

/**
 * Writes a workbook. `rows` is called twice, for the sheet and for the strings, and must return an iterator over the
 * rows each time, so that nothing has to be stored. Options are those of archives.
 *
 * @param {string} path
 * @param {Rows} rows
 * @param {WorkbookOptions} [options]
 */
export function writeWorkbook(path, rows, { inline = false, reproducible = false } = {}) {
  const zip = new ZipWriter(path, { reproducible });
  for (const [name, content] of Object.entries(FRAME)) writeMember(zip, name, [XML, content]);
  writeMember(zip, 'xl/worksheets/sheet1.xml', sheet(rows(), inline));
  writeMember(zip, 'xl/sharedStrings.xml', sharedStrings(inline ? [] : rows()));
  zip.close();
}

/**
 * @param {ZipWriter} zip
 * @param {string} name
 * @param {Iterable<string>} texts
 */
function writeMember(zip, name, texts) {
  const member = zip.member(name);
  let piece = '';
  for (const text of texts) {
    piece += text;
    if (piece.length < PIECE) continue;
    member.write(Buffer.from(piece));
    piece = '';
  }
  member.write(Buffer.from(piece));
  member.close();
}

/**
 * @param {Iterable<readonly Cell[]>} rows
 * @param {boolean} inline
 */
function* sheet(rows, inline) {
  yield `${XML}<worksheet xmlns="${SPREADSHEET}"><sheetData>`;
  let [row, strings] = [0, 0];
  for (const cells of rows) {
    row++;
    let text = `<row r="${row}">`;
    for (const [column, value] of cells.entries()) {
      const place = `${String.fromCharCode(65 + column)}${row}`;
      if (value === undefined) continue;
      if (typeof value === 'number') text += `<c r="${place}"><v>${value}</v></c>`;
      else if (typeof value === 'object') text += `<c r="${place}" t="e"><v>${value.error}</v></c>`;
      else if (inline)
        text += `<c r="${place}" t="inlineStr"><is><t xml:space="preserve">${escaped(value)}</t></is></c>`;
      else text += `<c r="${place}" t="s"><v>${strings++}</v></c>`;
    }
    yield `${text}</row>`;
  }
  yield '</sheetData></worksheet>';
}

/** @param {Iterable<readonly Cell[]>} rows */
function* sharedStrings(rows) {
  yield `${XML}<sst xmlns="${SPREADSHEET}">`;
  for (const cells of rows) {
    for (const value of cells)
      if (typeof value === 'string') yield `<si><t xml:space="preserve">${escaped(value)}</t></si>`;
  }
  yield '</sst>';
}

/** @type {Record<string, string>} */
const ENTITIES = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

/** @param {string} text */
function escaped(text) {
  return text.replace(/[&<>]/g, (character) => ENTITIES[character] ?? character);
}
