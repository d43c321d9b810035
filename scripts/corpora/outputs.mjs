/**
 * @file Where the files of a corpus are written: a folder, or an archive as downloaded. Both contain the same files.
 */
import { closeSync, mkdirSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import path from 'node:path';
import { writeWorkbook } from './workbook-writer.mjs';
import { ZipWriter } from './zip-writer.mjs';

/** @import { Rows, WorkbookOptions } from './workbook-writer.mjs' */
/** @import { ByteSink } from './zip-writer.mjs' */
/** @import { RowAt } from './rows.mjs' */
/** @typedef {(text: string) => Buffer} Encode */
/** @typedef {{ write: (text: string) => void, close: () => void }} TextFile */

/**
 * Where the files of a corpus go.
 *
 * @typedef {object} Output
 * @property {(name: string, encode?: Encode) => TextFile} textFile one that is written piece by piece, in UTF-8 unless
 *   encoded
 * @property {(name: string, text: string) => void} smallFile one that is written at once
 * @property {(name: string, rows: Rows, options?: WorkbookOptions) => void} workbook
 * @property {() => void} close
 */

/**
 * Writes a corpus with the rows `from` … `to` − 1.
 *
 * @typedef {(output: Output, rowAt: RowAt, from: number, to: number) => void} WriteCorpus
 */

/** @typedef {{ encodeName?: (name: string) => string | Buffer, reproducible?: boolean }} ArchiveOptions */

/** Characters to buffer before writing. */
const PIECE = 1 << 20;

/**
 * Files in a folder. `decomposed` writes names in NFD, like macOS.
 *
 * @param {string} folder
 * @param {{ decomposed?: boolean }} [options]
 * @returns {Output}
 */
export function folderOutput(folder, { decomposed = false } = {}) {
  /** @type {Set<string>} */
  const folders = new Set();
  /** @param {string} name */
  const placed = (name) => {
    const file = path.join(folder, decomposed ? name.normalize('NFD') : name);
    const parent = path.dirname(file);
    if (!folders.has(parent)) mkdirSync(parent, { recursive: true });
    folders.add(parent);
    return file;
  };
  return {
    textFile: (name, encode) => {
      const file = openSync(placed(name), 'w');
      return textWriter({ write: (bytes) => writeSync(file, bytes), close: () => closeSync(file) }, encode);
    },
    smallFile: (name, text) => writeFileSync(placed(name), text),
    workbook: (name, rows, options) => writeWorkbook(placed(name), rows, options),
    close: () => undefined,
  };
}

/**
 * Files in an archive. `encodeName` encodes names that are not UTF-8; the other options are those of archives.
 *
 * @param {string} file
 * @param {ArchiveOptions} [options]
 * @returns {Output}
 */
export function archiveOutput(file, { encodeName = (name) => name, ...options } = {}) {
  const zip = new ZipWriter(file, options);
  return {
    textFile: (name, encode) => textWriter(zip.member(encodeName(name)), encode),
    smallFile: (name, text) => {
      const member = zip.member(encodeName(name));
      member.write(Buffer.from(text));
      member.close();
    },
    workbook: (name, rows, workbookOptions) => {
      const whole = `${file}.workbook.tmp`;
      writeWorkbook(whole, rows, workbookOptions);
      zip.addFile(encodeName(name), whole);
      rmSync(whole);
    },
    close: () => zip.close(),
  };
}

/**
 * @param {ByteSink} bytes
 * @param {Encode} [encode]
 * @returns {TextFile}
 */
function textWriter(bytes, encode = (text) => Buffer.from(text)) {
  let piece = '';
  const flush = () => {
    bytes.write(encode(piece));
    piece = '';
  };
  return {
    write: (text) => {
      piece += text;
      if (piece.length >= PIECE) flush();
    },
    close: () => {
      flush();
      bytes.close();
    },
  };
}
