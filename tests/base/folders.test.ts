import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkIsWritable, makeFolders, nearestFolder } from '../../src/base/folders.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kd-folders-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

describe('makeFolders', () => {
  it('creates what is missing, and returns the topmost new folder', async () => {
    expect(await makeFolders(join(folder, 'a', 'b', 'c'))).toBe(join(folder, 'a'));
    expect(statSync(join(folder, 'a', 'b', 'c')).isDirectory()).toBe(true);
    expect(await makeFolders(join(folder, 'a', 'b', 'd'))).toBe(join(folder, 'a', 'b', 'd'));
    expect(await makeFolders(join(folder, 'a', 'b'))).toBeUndefined();
  });

  it('follows links to folders', async () => {
    mkdirSync(join(folder, 'there'));
    symlinkSync('there', join(folder, 'link'));
    expect(await makeFolders(join(folder, 'link'))).toBeUndefined();
    await makeFolders(join(folder, 'link', 'new'));
    expect(readdirSync(join(folder, 'there'))).toEqual(['new']);
  });

  it('gives the same to several callers at once', async () => {
    const made = await Promise.all(Array.from({ length: 8 }, (_, i) => makeFolders(join(folder, 'x', 'y', String(i)))));
    expect(made.filter((each) => each === join(folder, 'x'))).toHaveLength(1);
    expect(readdirSync(join(folder, 'x', 'y'))).toHaveLength(8);
  });

  it.each([
    { path: ['file'], code: 'EEXIST' },
    { path: ['file', 'a'], code: 'ENOTDIR' },
    { path: ['nowhere'], code: 'EEXIST' },
    { path: ['nowhere', 'a'], code: 'EEXIST' },
  ])('throws if something else is in the place: $path', async ({ path, code }) => {
    writeFileSync(join(folder, 'file'), '');
    symlinkSync('gone', join(folder, 'nowhere'));
    await expect(makeFolders(join(folder, ...path))).rejects.toMatchObject({ code });
  });

  it.runIf(process.platform === 'linux')('ends if the system accepts no new folders', async () => {
    for (const path of ['/proc/kd', '/proc/kd/a/b', '/proc/self/fd/kd'])
      await expect(makeFolders(path)).rejects.toMatchObject({ code: 'ENOENT', syscall: 'mkdir' });
  });
});

it('a folder can be created or written to, but not where a file is', async () => {
  const file = join(folder, 'file');
  writeFileSync(file, '');
  for (const path of [folder, join(folder, 'a', 'b')]) await expect(checkIsWritable(path)).resolves.toBeUndefined();
  await expect(checkIsWritable(file)).rejects.toThrow(`${file}: expected a folder, or nothing there, found a file; `);
  const inside = join(file, 'a');
  await expect(checkIsWritable(inside)).rejects.toThrow(`${inside}: cannot be written: a part of the path is not`);
});

describe('nearestFolder', () => {
  it('is the folder itself, or its nearest existing parent', async () => {
    expect(await nearestFolder(folder)).toBe(folder);
    expect(await nearestFolder(join(folder, 'a', 'b'))).toBe(folder);
    expect(await nearestFolder('/')).toBe('/');
  });
});
