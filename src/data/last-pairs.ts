/** @file The last pairs of a CSV or JSON file, found without parsing what comes before them. */
import { Readable } from 'node:stream';
import type { Row } from './pair.js';
import { readDelimited } from './readers/delimited.js';
import { utf8Pieces } from './readers/encoding.js';
import { readJsonArrays } from './formats/json-arrays.js';
import { openFile, PIECE } from './readers/random-access.js';
import { readPieces, type StoredFile } from './readers/stored-file.js';
import type { PairSource } from './source.js';
import { UnreadableFileError } from './unreadable-file.js';

const LINE_FEED = 0x0a;

/** The beginning of a JSON object with keys. Inside a string, a backslash would precede the quote. */
const OBJECT = /\{\s*"/;

/**
 * Returns the last pairs of a source of shape `csv` or `json`: those found in the last 256 KiB, or none if that cannot
 * be decoded on its own, as with UTF-16. Throws an `InputError` if the file cannot be read.
 */
export async function lastPairs(source: PairSource, count: number): Promise<[ko: string, en: string][]> {
  const end = await lastBytes(source.files[0]!);
  let rows: Row[] = [];
  try {
    for await (const batch of source.shape === 'csv' ? csvRows(end, source) : jsonRows(end, source))
      rows = rows.concat(batch);
  } catch (error) {
    if (!(error instanceof UnreadableFileError)) throw error; // damage is reported when the file is read
  }
  return rows.flatMap((row): [string, string][] => ('ko' in row ? [[row.ko, row.en]] : [])).slice(-count);
}

function csvRows(end: Buffer, source: PairSource): AsyncGenerator<Row[]> {
  const dialect = { ...source.dialect!, rowsBefore: 0 };
  return readDelimited(textOf(end.subarray(end.indexOf(LINE_FEED) + 1), source.id), { ...source, dialect });
}

function jsonRows(end: Buffer, source: PairSource): AsyncGenerator<Row[]> {
  if (end.length < PIECE) return readJsonArrays(textOf(end, source.id), source); // it is the whole file
  const start = Math.max(0, end.toString('latin1').search(OBJECT));
  const elements = end.subarray(start, end.lastIndexOf(']') + 1);
  return readJsonArrays(textOf(Buffer.concat([Buffer.from('['), elements]), source.id), source);
}

function textOf(bytes: Buffer, name: string): AsyncGenerator<Buffer> {
  return utf8Pieces(Readable.from([bytes]), name);
}

/** The last bytes of a file, unpacked. */
async function lastBytes(file: StoredFile): Promise<Buffer> {
  if (file.member === undefined && file.isGzip !== true) {
    const access = openFile(file.path, file.name);
    try {
      return access.read(Math.max(0, access.size - PIECE), PIECE);
    } finally {
      access.close();
    }
  }
  let end: Buffer = Buffer.alloc(0);
  for await (const piece of readPieces(file)) end = Buffer.concat([end, piece]).subarray(-PIECE);
  return end;
}
