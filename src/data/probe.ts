/** @file Recognises a file's format by its beginning. */
import type { ColumnNames } from './columns.js';
import { isNoPairs, type Beginning, type NoPairs, type Verdict } from './format.js';
import { FORMATS } from './formats.js';
import { DELIMITED } from './formats/delimited.js';
import { adviceByName, kindOf } from './kinds.js';
import { isZip, listArchive } from './readers/archive.js';
import { decodeBeginning, utf8Pieces } from './readers/encoding.js';
import { growthOf, isGzip } from './readers/gzip.js';
import { otherDocument } from './readers/workbook-parts.js';
import type { RandomAccess } from './readers/random-access.js';
import { openStoredFile, readPieces, type StoredFile } from './readers/stored-file.js';
import { DamagedArchiveError, UnreadableFileError } from './unreadable-file.js';

/** How many bytes of a file to examine. */
const BEGINNING_BYTES = 1 << 16;

/** How many bytes to estimate the compression ratio of gzip from. */
const GROWTH_BYTES = 1 << 14;

const INNER_ARCHIVE = 'an archive inside an archive; unpack the outer one';

/** What was found out about a file. */
export interface ProbedFile {
  /** The file, with how to read it. */
  readonly file: StoredFile;
  /** `archive` for a zip archive on disk whose files are to be examined. */
  readonly verdict: Verdict | 'archive';
}

/** Determines what a file holds by its beginning. Throws an `InputError` if it cannot be read. */
export async function probeFile(stored: StoredFile, names: ColumnNames): Promise<ProbedFile> {
  let file = stored;
  let { bytes, damage } = await firstBytes(file);
  if (isGzip(bytes)) {
    file = { ...file, isGzip: true, bytes: Math.round(file.bytes * growthOf(bytes.subarray(0, GROWTH_BYTES))) };
    ({ bytes, damage } = await firstBytes(file));
  }
  const isWhole = bytes.length < BEGINNING_BYTES;
  const beginning = { bytes, ...decodeBeginning(bytes), isWhole };
  for (const format of FORMATS) {
    if (format === DELIMITED) break;
    if (await format.matches(beginning, file)) return { file, verdict: await format.probe(file, names, beginning) };
  }
  if (isZip(bytes)) return { file, verdict: whatArchive(file) };
  const kind = kindOf(beginning);
  if (kind !== undefined) return { file, verdict: { reason: kind } };
  const verdict = await probeText(file, names, beginning);
  if (damage !== undefined && isNoPairs(verdict) && isNamedAsPairs(file.name)) throw damage;
  return { file, verdict };
}

function isNamedAsPairs(name: string): boolean {
  return FORMATS.some(({ endings }) => endings.some((ending) => isNamed(name, ending)));
}

/** A text that no other format claims, such as a table or prose. */
async function probeText(file: StoredFile, names: ColumnNames, beginning: Beginning): Promise<Verdict> {
  const verdict = await probeDelimited(file, names, beginning);
  if (!isNoPairs(verdict)) return verdict;
  if (file.member !== undefined && /\.zip$/i.test(file.name)) return { reason: INNER_ARCHIVE };
  const advice = adviceByName(file.name);
  if (advice !== undefined) return { reason: advice };
  if (!beginning.isText && isNamedAsText(file.name)) return (await whyNoText(file)) ?? verdict;
  const named = FORMATS.find(({ endings }) => endings.some((ending) => isNamed(file.name, ending)));
  if (named !== undefined && named !== DELIMITED) return named.probe(file, names, beginning);
  if (isNamedAsText(file.name) || beginning.bytes.length === 0) return verdict;
  const isTable = beginning.isText && (verdict.columns ?? 1) > 1;
  return isTable ? verdict : { reason: notPairs() };
}

async function probeDelimited(...args: Parameters<typeof DELIMITED.probe>): Promise<Verdict> {
  try {
    return await DELIMITED.probe(...args);
  } catch (error) {
    if (!(error instanceof UnreadableFileError)) throw error;
    return noPairs(error);
  }
}

function noPairs({ reason, place }: UnreadableFileError): NoPairs {
  return place === undefined ? { reason } : { reason, place };
}

function isNamed(name: string, ending: string): boolean {
  return name.toLowerCase().replace(/\.gz$/, '').endsWith(ending);
}

function isNamedAsText(name: string): boolean {
  return /\.(csv|tsv|tab|jsonl|ndjson|json)(\.gz)?$/i.test(name);
}

/** The first line and byte that are not text. */
async function whyNoText(file: StoredFile): Promise<NoPairs | undefined> {
  try {
    for await (const piece of utf8Pieces(readPieces(file), file.name)) if (piece.length > BEGINNING_BYTES) break;
    return undefined;
  } catch (error) {
    if (!(error instanceof UnreadableFileError)) throw error;
    return noPairs(error);
  }
}

/** A zip archive that is not a workbook. */
function whatArchive(file: StoredFile): NoPairs | 'archive' {
  if (file.member !== undefined || file.isGzip === true) return { reason: INNER_ARCHIVE };
  const access = openStoredFile(file);
  try {
    const paths = pathsIn(access, file.name);
    if (!(paths instanceof Set)) return paths;
    const other = otherDocument(paths);
    if (other !== undefined) return { reason: other };
    const isDocument = ['[Content_Types].xml', 'mimetype', 'META-INF/MANIFEST.MF'].some((path) => paths.has(path));
    return isDocument ? { reason: 'a document or program packed as .zip; save its table as .xlsx or .csv' } : 'archive';
  } finally {
    access.close();
  }
}

/**
 * The paths in an archive, or what to do if its name says that it is part of a split one. Throws a
 * `DamagedArchiveError`.
 */
function pathsIn(archive: RandomAccess, name: string): Set<string> | NoPairs {
  try {
    return new Set(listArchive(archive).map(({ path }) => path));
  } catch (error) {
    const reason = error instanceof DamagedArchiveError ? adviceByName(name) : undefined;
    if (reason === undefined) throw error;
    return { reason };
  }
}

function notPairs(): string {
  const endings = [...new Set(FORMATS.toReversed().flatMap((format) => format.endings))];
  return `not a kind of file that holds pairs (${endings.join(', ')}, .zip); save a table of pairs as one of them`;
}

/** The first bytes of a file, and what is wrong after them: a file that is damaged there may still be recognised. */
async function firstBytes(file: StoredFile): Promise<{ bytes: Buffer; damage?: UnreadableFileError }> {
  const pieces: Buffer[] = [];
  let size = 0;
  try {
    for await (const piece of readPieces(file)) {
      pieces.push(piece);
      size += piece.length;
      if (size >= BEGINNING_BYTES) break;
    }
  } catch (error) {
    if (!(error instanceof UnreadableFileError) || size === 0) throw error;
    return { bytes: Buffer.concat(pieces), damage: error };
  }
  return { bytes: Buffer.concat(pieces).subarray(0, BEGINNING_BYTES) };
}
