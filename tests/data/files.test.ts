import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findCorpusFiles } from '../../src/data/files.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'kd-files-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function put(...names: string[]): Promise<void> {
  for (const name of names) {
    await mkdir(path.dirname(path.join(folder, name)), { recursive: true });
    await writeFile(path.join(folder, name), name.endsWith('config.json') ? '{"model_type": "roberta"}' : '');
  }
}

/** Finds files, and names them from the test's folder on. */
async function find(...paths: string[]): Promise<{ files: string[]; unrecognised: string[] }> {
  const { files, unrecognised } = await findCorpusFiles(paths.map((name) => path.join(folder, name)), ['.csv', '.json']);
  const shorten = (file: string) => path.relative(folder, file);
  return { files: files.map(shorten), unrecognised: unrecognised.map(shorten) };
}

test('folders are searched in full, in the order of their names', async () => {
  await put('b.csv', 'a/z.JSON', 'a/b/c.csv', '나.csv', '가.csv'.normalize('NFD'), 'C.csv');
  expect((await find('.')).files).toEqual(['C.csv', 'a/b/c.csv', 'a/z.JSON', 'b.csv', '가.csv'.normalize('NFD'), '나.csv']);
});

test('files of no known kind are named, but for documentation and hidden files', async () => {
  await put('a.csv', 'b.xlsx', 'sub/notes.txt', 'README.md', 'LICENSE', '.DS_Store', '.hidden/c.csv');
  expect(await find('.')).toEqual({ files: ['a.csv'], unrecognised: ['b.xlsx', 'sub/notes.txt'] });
});

test('the JSON files of a model are not taken for pairs', async () => {
  await put('tiny/teacher/config.json', 'tiny/teacher/vocab.json', 'tiny/pairs.json', 'vocab.json');
  expect((await find('.')).files).toEqual(['tiny/pairs.json', 'vocab.json']);
});

test('paths keep the order in which they are given, and a file reached twice counts once', async () => {
  await put('a.csv', 'sub/b.csv');
  await symlink(path.join(folder, 'a.csv'), path.join(folder, 'sub/link.csv'));
  expect((await find('sub/b.csv', '.', 'sub')).files).toEqual(['sub/b.csv', 'a.csv']);
});

test('a link to a folder above does not go round in circles', async () => {
  await put('sub/a.csv');
  await symlink(folder, path.join(folder, 'sub/up'));
  expect((await find('.')).files).toEqual(['sub/a.csv']);
});

test('a path that is not there, a file of another kind and a folder without data get one line', async () => {
  await put('a.xlsx', 'empty/README.md');
  await expect(find('none.csv')).rejects.toThrow(
    `${folder}/none.csv: expected a file or folder that can be read, but there is none; check the path`,
  );
  await expect(find('a.xlsx')).rejects.toThrow(`${folder}/a.xlsx: expected a folder or a file ending in .csv, .json; convert the file`);
  await expect(find('empty')).rejects.toThrow(`${folder}/empty: expected files ending in .csv, .json, got nothing; name the data with --data`);
  await expect(find('.')).rejects.toThrow(`${folder}: expected files ending in .csv, .json, got ${folder}/a.xlsx; name the data with --data`);
});
