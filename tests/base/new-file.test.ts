import { readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, it } from 'vitest';
import { numberedNames, writeNewFile } from '../../src/base/new-file.js';
import { temporaryFolder } from '../cli.js';

it('new files never replace others, not even a broken link', async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'a.png'), 'earlier');
  symlinkSync('nowhere', join(folder, 'a-2.png'));
  expect(basename(await writeNewFile(folder, numberedNames('a', '.png'), Buffer.from('new')))).toBe('a-3.png');
  expect(readFileSync(join(folder, 'a.png'), 'utf8')).toBe('earlier');
  expect(readFileSync(join(folder, 'a-3.png'), 'utf8')).toBe('new');
});

it('new files written at once all have unique names, and leave nothing else', async () => {
  const folder = temporaryFolder();
  const texts = Array.from({ length: 20 }, (_, i) => String(i));
  const write = (text: string) => writeNewFile(folder, numberedNames('a', '.png'), Buffer.from(text));
  const paths = await Promise.all(texts.map(write));
  expect(paths.map((path) => readFileSync(path, 'utf8'))).toEqual(texts);
  expect(readdirSync(folder)).toHaveLength(texts.length);
});

it('new files cannot be written if the folder does not exist', async () => {
  const folder = join(temporaryFolder(), 'none');
  await expect(writeNewFile(folder, ['a.png'], Buffer.from(''))).rejects.toThrow(
    `${folder}: cannot be written: no such file or folder`,
  );
});
