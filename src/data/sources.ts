/** @file Finds the sources of pairs under some paths, recognises them and sorts them. */
import path from 'node:path';
import { InputError } from '../base/errors.js';
import { alignedAmong, alignedSource, whyAlone } from './aligned-files.js';
import type { ColumnNames } from './columns.js';
import { titleOf, withoutCopies } from './copies.js';
import { CORPORA } from './corpus-name.js';
import { filesInArchive } from './archive-files.js';
import { findFiles } from './files.js';
import { compareNames, type FileFolder, type FoundFiles } from './found-files.js';
import { isNoPairs, type NoPairs, type Probed } from './format.js';
import { probeSmallFiles } from './formats/small-json.js';
import { nothingFound, onlySample } from './nothing-found.js';
import { probeFile } from './probe.js';
import type { StoredFile } from './readers/stored-file.js';
import { skippedFile, type SkippedFile } from './skipped-file.js';
import type { PairSource } from './source.js';
import { DamagedArchiveError, UnreadableFileError } from './unreadable-file.js';

export type { PairSource, Shape } from './source.js';
export { readBatches, readSource } from './read-source.js';

/** The sources of pairs that were found, and the files that were skipped. */
export interface Sources {
  /** In an order that depends only on names and contents. */
  readonly sources: readonly PairSource[];
  readonly skipped: readonly SkippedFile[];
  /** The columns that the user named. */
  readonly names?: ColumnNames;
}

/** A folder with this many small JSON files is read in slices. */
const MANY_FILES = 100;
const SMALL_FILE_BYTES = 1 << 16;
/** Files per slice. */
const SLICE = 2000;

/** What the files of a search hold. */
interface Findings {
  readonly sources: PairSource[];
  readonly skipped: SkippedFile[];
  readonly ignored: string[];
  readonly samples: string[];
  /** Why files could not be read at all. */
  readonly errors: InputError[];
}

/**
 * Finds all sources of pairs under the given files, folders and archives, reading only the beginnings of files (but the
 * whole of tab-separated files with quotes). They are sorted by corpus, then name, then path, with an archive counting
 * as the folder that it would be unpacked to; the order of the paths and of the file system does not matter. A file in
 * a folder or archive that is not recognised as pairs, whatever the reason, is listed as skipped. Throws an
 * `InputError` if a file named by the user is not recognised, an archive is damaged, or nothing is found.
 */
export async function findSources(paths: readonly string[], names: ColumnNames = {}): Promise<Sources> {
  const given = new Set(paths.map((name) => path.normalize(name)));
  const findings: Findings = { sources: [], skipped: [], ignored: [], samples: [], errors: [] };
  await addFindings(await findFiles(paths), { names, given }, findings);
  const { skipped, samples } = findings;
  if (findings.sources.length === 0) {
    const isNew = samples.length > 0 && skipped.length === 0;
    throw isNew ? onlySample(paths, samples[0]!) : nothingFound(paths, findings);
  }
  const skippedSamples = samples.map((file) => ({ file, why: 'the sample, which is used where it is named' }));
  const { kept, copies } = await withoutCopies(findings.sources.sort(compareSources));
  const byName = (a: SkippedFile, b: SkippedFile): number => compareNames(a.file, b.file);
  return { sources: kept.flatMap(slicesOf), skipped: [...skipped, ...copies, ...skippedSamples].sort(byName), names };
}

/** What the user requested. */
interface Request {
  readonly names: ColumnNames;
  /** The paths of files that the user named. */
  readonly given: ReadonlySet<string>;
}

async function addFindings(found: FoundFiles, request: Request, findings: Findings): Promise<void> {
  const aligned = await addAligned(found.folders, request, findings);
  // One by one: there may be more than a call can have arguments.
  for (const file of found.skipped) findings.skipped.push(file);
  for (const file of found.ignored) findings.ignored.push(file);
  for (const folder of found.samples) findings.samples.push(folder);
  for (const folder of found.folders) await addFolder(folder, request, aligned, findings);
}

/** Adds aligned files, which may be in different folders, and returns them. */
async function addAligned(
  folders: readonly FileFolder[],
  { names }: Request,
  findings: Findings,
): Promise<ReadonlySet<StoredFile>> {
  const given = folders.flatMap(({ files }) => files);
  const known = new Set(given.map(({ name }) => name));
  const partners = folders.flatMap((folder) => folder.partners ?? []).filter(({ name }) => !known.has(name));
  const aligned = new Set<StoredFile>();
  for (const both of alignedAmong([...given, ...partners])) {
    const source = await alignedSource(both, names);
    if (source === undefined) continue;
    findings.sources.push(source);
    both.forEach((file) => aligned.add(file));
  }
  return aligned;
}

async function addFolder(
  { files }: FileFolder,
  request: Request,
  aligned: ReadonlySet<StoredFile>,
  findings: Findings,
): Promise<void> {
  const small = files.filter(({ name, bytes }) => /\.json$/i.test(name) && bytes <= SMALL_FILE_BYTES);
  const inSlices = small.length >= MANY_FILES ? await addSmallFiles(small, request, findings) : new Set<StoredFile>();
  for (const file of files)
    if (!inSlices.has(file) && !aligned.has(file)) await addFile(file, files, request, findings);
}

/**
 * Adds many small files, and returns them. Of those that are not objects with pairs, one of each kind is examined like
 * any other file, and if it has pairs, so are the others of its kind.
 */
async function addSmallFiles(
  small: readonly StoredFile[],
  request: Request,
  findings: Findings,
): Promise<Set<StoredFile>> {
  const { tables, others } = probeSmallFiles(small, request.names);
  findings.sources.push(...tables.map(({ table, files }) => sourceOf(files, table, false)));
  const kinds = new Map<string, boolean>();
  for (const { file, reason } of others) {
    const sources = findings.sources.length;
    if (kinds.get(reason) === false) findings.skipped.push(skippedFile(file.name, reason));
    else await addFile(file, small, request, findings);
    if (!kinds.has(reason)) kinds.set(reason, findings.sources.length > sources);
  }
  return new Set(small);
}

/**
 * @param beside the files of its folder
 */
async function addFile(
  stored: StoredFile,
  beside: readonly StoredFile[],
  request: Request,
  findings: Findings,
): Promise<void> {
  const isGiven = stored.member === undefined && request.given.has(path.normalize(stored.path));
  try {
    const { file, verdict: found } = await probeFile(stored, request.names);
    const alone = found !== 'archive' && isNoPairs(found) ? whyAlone(file, beside) : undefined;
    const verdict = alone === undefined ? found : { reason: alone };
    if (verdict === 'archive') await addFindings(filesInArchive(file.path), request, findings);
    else if (!isNoPairs(verdict)) {
      for (const { others, ...table } of verdict) {
        findings.sources.push(sourceOf([file], table, verdict.length > 1));
        if (others !== undefined) findings.skipped.push(skippedFile(file.name, others));
      }
    } else if (isGiven) throw new UnreadableFileError(file.name, verdict.reason, verdict.place);
    else findings.skipped.push(skippedFile(file.name, whyOf(verdict)));
  } catch (error) {
    const isOfArchive = error instanceof DamagedArchiveError && stored.member !== undefined;
    if (isGiven || isOfArchive || !(error instanceof InputError)) throw error;
    findings.errors.push(error);
    const why = error instanceof UnreadableFileError ? error.why : error.message;
    findings.skipped.push(skippedFile(stored.name, why));
  }
}

function whyOf({ reason, place }: NoPairs): string {
  return place === undefined ? reason : `${place}: ${reason}`;
}

function sourceOf(files: readonly StoredFile[], { sheet, ...table }: Probed, isOneOfMany: boolean): PairSource {
  const { name } = files[0]!;
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  const id = sheet !== undefined && isOneOfMany ? `${name}/${sheet.name.normalize('NFC')}` : name;
  const source = { id, bytes, ...table, files };
  return sheet === undefined ? source : { ...source, sheet: sheet.part };
}

/** Cuts a folder of small files into slices, so that the work can be distributed evenly. */
function slicesOf(source: PairSource): PairSource[] {
  if (source.shape !== 'json-files' || source.files.length <= SLICE) return [source];
  const slices: PairSource[] = [];
  for (let start = 0; start < source.files.length; start += SLICE) {
    const files = source.files.slice(start, start + SLICE);
    slices.push({ ...source, id: files[0]!.name, bytes: files.reduce((sum, { bytes }) => sum + bytes, 0), files });
  }
  return slices;
}

/** Sorts by corpus, name and path, regardless of whether files are in an archive, unpacked here, or in its folder. */
function compareSources(a: PairSource, b: PairSource): number {
  const byCorpus = CORPORA.indexOf(a.corpus) - CORPORA.indexOf(b.corpus);
  // A folder's files come before its neighbours'.
  const asFolder = (id: string): string => id.replace(/\.zip(?=\/)/gi, '').replaceAll('/', '\0');
  return (
    byCorpus ||
    compareNames(titleOf(a), titleOf(b)) ||
    compareNames(asFolder(a.id), asFolder(b.id)) ||
    compareNames(a.id, b.id)
  );
}
