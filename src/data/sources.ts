import { stat } from 'node:fs/promises';
import path from 'node:path';
import type { ColumnNames } from './columns.js';
import { readPairs } from './corpus.js';
import type { CorpusName } from './corpora.js';
import { findCorpusFiles } from './files.js';
import type { Row } from './pair.js';

/** What a source is read as. */
export type Shape = 'csv' | 'tsv' | 'json' | 'jsonl';

/** A file that holds pairs, or a slice of a folder of files with one pair each: what one worker reads at a time. */
export interface PairSource {
  /** Path of the file, with `/` and in NFC, or of the first file of a slice; no two sources have the same. */
  readonly id: string;
  /** Size on disk, roughly: how much work it is, compared with the others. */
  readonly bytes: number;
  readonly corpus: CorpusName;
  readonly shape: Shape;
}

/** A file that is not read, and why. */
export interface SkippedFile {
  readonly file: string;
  readonly why: string;
}

export interface Sources {
  /** In an order that depends on names and contents alone. */
  readonly sources: readonly PairSource[];
  readonly skipped: readonly SkippedFile[];
}

/**
 * Finds all files of pairs under the given files and folders, reading no more than their beginnings. Throws an
 * `InputError` for a path that cannot be read and where nothing is found.
 */
export async function findSources(paths: readonly string[], _columns: ColumnNames = {}): Promise<Sources> {
  const { files, unrecognised } = await findCorpusFiles(paths, ['.csv', '.tsv', '.json', '.jsonl']);
  const sources = files.map(async (file): Promise<PairSource> => {
    const shape = path.extname(file).slice(1).toLowerCase() as Shape;
    return { id: file.normalize('NFC'), bytes: (await stat(file)).size, corpus: 'other', shape };
  });
  return {
    sources: await Promise.all(sources),
    skipped: unrecognised.map((file) => ({ file, why: 'not a kind of file that holds pairs' })),
  };
}

/**
 * The rows of a source, one by one, in its order. A source is plain data, so that any thread can read it. Throws an
 * `InputError` for a file that is damaged as a whole; a damaged row is given as such.
 */
export function readSource(source: PairSource, columns: ColumnNames = {}): AsyncIterable<Row> {
  return readPairs(source.id, columns);
}
