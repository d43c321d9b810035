/** @file Where pairs come from: the files under some paths, told apart and put in order. */
import path from 'node:path';
import { InputError } from '../errors.js';
import { shellQuote } from '../shell.js';
import type { ColumnNames } from './columns.js';
import { titleOf, withoutCopies } from './copies.js';
import { CORPORA } from './corpora.js';
import { compareNames, findFiles, type FileFolder } from './files.js';
import { probeFile, probeSmallFiles, shapeOf, type Probed, type Verdict } from './probe.js';
import type { StoredFile } from './readers/stored-file.js';
import type { PairSource, SkippedFile } from './source.js';

export type { PairSource, Shape, SkippedFile } from './source.js';
export { readBatches, readSource } from './read-source.js';

export interface Sources {
  /** In an order that depends on names and contents alone. */
  readonly sources: readonly PairSource[];
  readonly skipped: readonly SkippedFile[];
  /** Names of columns that the user gave. */
  readonly names?: ColumnNames;
}

/** A folder with so many small JSON files is read in slices. */
const MANY_FILES = 100;
const SMALL_FILE_BYTES = 1 << 16;
/** Files in a slice. */
const SLICE = 2000;

/**
 * Finds all sources of pairs under the given files, folders and archives, reading no more than the beginnings of files.
 * They come by corpus, then by name, then by path, in which an archive counts as the folder that it would be unpacked
 * to; the order of the paths and of the file system does not matter. Throws an `InputError` for what cannot be read,
 * for a file given by name that holds no pairs, and where nothing is found.
 */
export async function findSources(paths: readonly string[], names: ColumnNames = {}): Promise<Sources> {
  const { folders, skipped, samples } = await findFiles(paths);
  const given = new Set(paths.map((name) => path.normalize(name)));
  const [sources, unrecognised]: [PairSource[], SkippedFile[]] = [[], []];
  for (const { files, verdict } of await probeAll(folders, names)) {
    if (typeof verdict !== 'string') sources.push(...verdict.map((table) => sourceOf(files, table, verdict.length > 1)));
    else if (given.has(path.normalize(files[0].path)) && files[0].member === undefined) throw notGiven(files[0].name, verdict);
    else unrecognised.push({ file: files[0].name, why: verdict });
  }
  const all = [...skipped, ...unrecognised];
  if (sources.length === 0) throw samples.length > 0 && all.length === 0 ? onlySample(paths, samples[0]) : nothingFound(paths, all);
  const passedOver = samples.map((file) => ({ file, why: 'the sample, which is used where it is named' }));
  const { kept, copies } = await withoutCopies(sources.sort(compareSources));
  const byName = (a: SkippedFile, b: SkippedFile): number => compareNames(a.file, b.file);
  return { sources: kept.flatMap(slicesOf), skipped: [...all, ...copies, ...passedOver].sort(byName), names };
}

async function probeAll(folders: readonly FileFolder[], names: ColumnNames): Promise<{ files: readonly StoredFile[]; verdict: Verdict }[]> {
  const probed: { files: readonly StoredFile[]; verdict: Verdict }[] = [];
  for (const { files } of folders) {
    const small = files.filter(({ name, bytes }) => shapeOf(name) === 'json' && bytes <= SMALL_FILE_BYTES);
    const isMany = small.length >= MANY_FILES;
    if (isMany) probed.push({ files: small, verdict: probeSmallFiles(small, names) });
    const inSlices = new Set(isMany ? small : []);
    for (const file of files) {
      if (!inSlices.has(file)) probed.push({ files: [file], verdict: await probeFile(file, names) });
    }
  }
  return probed;
}

function sourceOf(files: readonly StoredFile[], { shape, corpus, columns, sheet }: Probed, isOneOfMany: boolean): PairSource {
  const [{ name }] = files;
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  const source = { id: sheet !== undefined && isOneOfMany ? `${name}/${sheet.name.normalize('NFC')}` : name, bytes, corpus, shape, columns, files };
  return sheet === undefined ? source : { ...source, sheet: sheet.part };
}

/** Cuts a folder of small files into slices, so that work can be spread evenly. */
function slicesOf(source: PairSource): PairSource[] {
  if (source.files.length <= SLICE) return [source];
  const slices: PairSource[] = [];
  for (let start = 0; start < source.files.length; start += SLICE) {
    const files = source.files.slice(start, start + SLICE);
    slices.push({ ...source, id: files[0].name, bytes: files.reduce((sum, { bytes }) => sum + bytes, 0), files });
  }
  return slices;
}

/** By corpus, name and path: the same for files in an archive, unpacked here, or unpacked into a folder of its name. */
function compareSources(a: PairSource, b: PairSource): number {
  const byCorpus = CORPORA.indexOf(a.corpus) - CORPORA.indexOf(b.corpus);
  const asFolder = (id: string): string => id.replace(/\.zip(?=\/)/gi, '').replaceAll('/', '\0'); // a folder's files before its neighbours'
  return byCorpus || compareNames(titleOf(a), titleOf(b)) || compareNames(asFolder(a.id), asFolder(b.id)) || compareNames(a.id, b.id);
}

function notGiven(name: string, why: string): InputError {
  return new InputError(why.startsWith('line ') ? `${name} ${why}` : `${name}: ${why}`);
}

/** A new clone: there is nothing but the project's sample, which is for trying things. */
function onlySample(paths: readonly string[], sample: string): InputError {
  const folder = paths[0].replace(/\/*$/, '/');
  return new InputError(
    `${folder}: expected files of pairs, got none but the sample; put corpora there or name them with --data, or try the sample: --data ${shellQuote(sample)}`,
  );
}

function nothingFound(paths: readonly string[], skipped: readonly SkippedFile[]): InputError {
  const [first, ...others] = skipped;
  const more = others.length === 0 ? '' : `, and ${others.length} more`;
  const found = first === undefined ? 'nothing' : `${first.file} (${first.why})${more}`;
  return new InputError(`${paths.join(', ')}: expected files of pairs, got ${found}; name the data with --data`);
}
