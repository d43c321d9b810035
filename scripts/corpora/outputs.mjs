/** @file Where the files of a corpus go: a folder, or an archive as it is downloaded. Both hold the same files. */
import { closeSync, mkdirSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import path from 'node:path';
import { writeWorkbook } from './workbook-writer.mjs';
import { ZipWriter } from './zip-writer.mjs';

/** Characters kept until they are written together. */
const PIECE = 1 << 20;

/** Files in a folder. `decomposed` leaves the names as macOS does, in NFD. */
export function folderOutput(folder, { decomposed = false } = {}) {
  const folders = new Set();
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

/** Files in an archive. `encodeName` gives the bytes of names where they are not UTF-8; other options as for archives. */
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

function textWriter(bytes, encode = Buffer.from) {
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
