/** @file Reads the rows of Parquet files. */
import type { UnreadColumn } from '../column-faults.js';
import type { Row } from '../pair.js';
import type { PairSource } from '../source.js';
import type { ParquetFile } from './parquet-file.js';
import { rowOfValues } from './row-maker.js';
import type { RandomAccess } from './random-access.js';
import { openStoredFile, type StoredFile } from './stored-file.js';

/** The columns of a Parquet file, and the values of the first rows in those that have one value per row. */
export async function probeParquet(
  file: StoredFile,
  rows: number,
): Promise<{ columns: readonly string[]; unread: readonly UnreadColumn[]; rows: unknown[][] }> {
  const access = openStoredFile(file);
  try {
    const parquet = await open(access);
    return { columns: parquet.columns, unread: parquet.unread, rows: await firstRows(parquet, rows) };
  } finally {
    access.close();
  }
}

/** Reads the rows of a Parquet file. Throws an `InputError` if it is damaged. */
export async function* readParquet({ id: file, files: [stored], corpus, columns }: PairSource): AsyncGenerator<Row[]> {
  const access = openStoredFile(stored!);
  try {
    const parquet = await open(access);
    const names = [columns.ko, columns.en, ...(columns.language === undefined ? [] : [columns.language])];
    let row = 0;
    for await (const [ko, en, language] of parquet.read(names)) {
      yield ko!.map((text, i) => rowOfValues({ file, row: ++row, corpus }, columns, [text, en![i], language?.[i]]));
    }
  } finally {
    access.close();
  }
}

async function firstRows({ columns, read }: ParquetFile, count: number): Promise<unknown[][]> {
  for await (const values of read(columns)) {
    const rows = Math.min(count, values[0]?.length ?? 0);
    return Array.from({ length: rows }, (_, row) => values.map((column) => column[row]));
  }
  return [];
}

/** Opens a file. The library is imported only here, as it is slow to load and rarely needed. */
async function open(access: RandomAccess): Promise<ParquetFile> {
  const { openParquet } = await import('./parquet-file.js');
  return openParquet(access);
}
