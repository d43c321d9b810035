import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findFiles } from '../../src/data/files.js';

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

/** Finds files, and returns their paths relative to the test's folder. */
async function find(...paths: string[]): Promise<string[]> {
  const { folders } = await findFiles(paths.map((name) => path.join(folder, name)));
  return folders.flatMap(({ files }) => files.map(({ name }) => name.replace(`${folder}/`, '')));
}

test('folders are searched recursively in the order of their names, which are shown in NFC', async () => {
  await put('b.csv', 'a/z.JSON', 'a/b/c.csv', '나.csv', '가.csv'.normalize('NFD'), 'C.csv');
  expect(await find('.')).toEqual(['a/b/c.csv', 'a/z.JSON', 'C.csv', 'b.csv', '가.csv', '나.csv']);
});

test('documentation, hidden files and model files are skipped', async () => {
  await put(
    'a.csv',
    'README.md',
    'LICENSE',
    '.DS_Store',
    '.hidden/c.csv',
    'tiny/teacher/config.json',
    'tiny/teacher/vocab.json',
    'tiny/pairs.json',
    'vocab.json',
  );
  expect(await find('.')).toEqual(['tiny/pairs.json', 'a.csv', 'vocab.json']);
});

test('a file reached twice is read once', async () => {
  await put('a.csv', 'sub/b.csv');
  await symlink(path.join(folder, 'a.csv'), path.join(folder, 'sub/link.csv'));
  expect(await find('sub/b.csv', '.', 'sub')).toEqual(['sub/b.csv', 'sub/link.csv']);
});

test('a link to a parent folder does not cause endless recursion', async () => {
  await put('sub/a.csv');
  await symlink(folder, path.join(folder, 'sub/up'));
  expect(await find('.')).toEqual(['sub/a.csv']);
});

test('a missing path is reported in one line', async () => {
  await expect(find('none.csv')).rejects.toThrow(
    `${folder}/none.csv: expected a file or folder that can be read, but there is none; check the path`,
  );
  await expect(find('none.csv')).rejects.toHaveProperty('name', 'InputError');
});

test('an unreadable folder is reported in one line', async () => {
  await put('sub/a.csv');
  await put('sub/a.ko');
  await chmod(folder, 0o755);
  await chmod(path.join(folder, 'sub'), 0);
  const asRoot = process.getuid?.() === 0; // root may read it anyway
  if (asRoot) process.seteuid!('nobody');
  try {
    const message = `${folder}/sub: expected a file or folder that can be read, but permission is denied; allow reading it`;
    await expect(find('.')).rejects.toThrow(message);
    if (asRoot) process.seteuid!(0);
    await chmod(path.join(folder, 'sub'), 0o111); // its files can be opened, but not listed
    if (asRoot) process.seteuid!('nobody');
    await expect(find('sub/a.ko')).rejects.toThrow(message);
  } finally {
    if (asRoot) process.seteuid!(0);
    await chmod(path.join(folder, 'sub'), 0o700);
  }
});
