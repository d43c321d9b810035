import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect } from 'vitest';
import { InputError } from '../../src/base/errors.js';
import type { ColumnNames } from '../../src/data/columns.js';
import { isUnreadable, type Row } from '../../src/data/pair.js';
import { findSources, readSource, type Sources } from '../../src/data/sources.js';

/** A folder for a test's files, with functions that read them; recreated for each test of the file that calls this. */
export function readingFolder() {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'kd-reading-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const inFolder = (name: string): string => path.join(folder, name);
  const shorten = (text: string): string => text.replaceAll(`${folder}/`, '');

  const put = async (name: string, content: string | Buffer): Promise<void> => {
    await mkdir(path.dirname(inFolder(name)), { recursive: true });
    await writeFile(inFolder(name), content);
  };
  const find = async (names: readonly string[] = ['.'], columns: ColumnNames = {}): Promise<Sources> => {
    const { sources, skipped } = await findSources(names.map(inFolder), columns);
    return {
      sources: sources.map((source) => ({ ...source, id: shorten(source.id) })),
      skipped: skipped.map(({ file, why }) => ({ file: shorten(file), why: shorten(why) })),
    };
  };
  /** All rows: `[ko, en, file:row, corpus]` for a pair, `[fault, file:row]` for an unreadable row. */
  const read = async (names: readonly string[] = ['.'], columns: ColumnNames = {}): Promise<string[][]> => {
    const { sources } = await findSources(names.map(inFolder), columns);
    const rows: string[][] = [];
    for (const source of sources) for await (const row of readSource(source)) rows.push(briefly(row));
    return rows.map((row) => row.map(shorten));
  };
  const expectError = async (
    names: readonly string[],
    message: string | RegExp,
    columns: ColumnNames = {},
  ): Promise<void> => {
    const error = await read(names, columns).then(
      () => undefined,
      (thrown: unknown) => thrown as Error,
    );
    expect(error).toBeInstanceOf(InputError);
    const found = shorten(error!.message);
    if (typeof message === 'string') expect(found).toBe(message);
    else expect(found).toMatch(message);
    expect(found).not.toContain('\n');
  };
  return { put, find, read, expectError, inFolder };
}

function briefly(row: Row): string[] {
  const place = `${row.file}:${row.row}`;
  if (isUnreadable(row)) expect(row.fault).toMatch(/^expected .+, got .+; .+/);
  return isUnreadable(row) ? [row.fault, place] : [row.ko, row.en, place, row.corpus];
}
