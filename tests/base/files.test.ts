import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/base/errors.js';
import { createPendingFile, writeFileAtomic } from '../../src/base/files.js';
import { fileError } from '../../src/base/system-errors.js';
import { folderUntilExit, makeTemporaryFolder, removeFolder } from '../../src/base/temporary-folder.js';
import { makerTag } from '../../src/base/stale-files.js';
import { thisProcess } from '../../src/base/processes.js';
import { temporaryFolder } from '../cli.js';

describe('writeFileAtomic', () => {
  it('does not replace a pipe or a device with a file', async () => {
    const pipe = join(temporaryFolder(), 'pipe');
    expect(spawnSync('mkfifo', [pipe]).status).toBe(0);
    for (const path of [pipe, '/dev/null'])
      await expect(writeFileAtomic(path, 'text')).rejects.toThrow(
        `${path}: expected a file, or a name that is free, got a device or a pipe; name a file`,
      );
    expect((await stat(pipe)).isFIFO()).toBe(true);
    expect((await stat('/dev/null')).isCharacterDevice()).toBe(true);
  });

  it('replaces the existing file and leaves nothing beside it', async () => {
    const folder = temporaryFolder();
    const path = join(folder, 'note.txt');
    await writeFileAtomic(path, 'a longer first text');
    await writeFileAtomic(path, '두 번째');
    expect(await readFile(path, 'utf8')).toBe('두 번째');
    await writeFileAtomic(path, Uint8Array.of(1, 2));
    expect([...(await readFile(path))]).toEqual([1, 2]);
    expect(await readdir(folder)).toEqual(['note.txt']);
  });

  it('names the file it cannot write, and leaves nothing beside it', async () => {
    const folder = temporaryFolder();
    await mkdir(join(folder, 'taken'));
    await expect(writeFileAtomic(join(folder, 'taken'), 'x')).rejects.toThrow(
      new InputError(`${folder}/taken: cannot be written: is a folder`, { code: 'SYSTEM' }),
    );
    await expect(createPendingFile(join(folder, 'taken'))).rejects.toThrow('taken: cannot be written: is a folder');
    await expect(writeFileAtomic(join(folder, 'none/x'), 'x')).rejects.toThrow(
      `${folder}/none/x: cannot be written: there is no folder ${folder}/none; make it first`,
    );
    expect(await readdir(folder)).toEqual(['taken']);
  });
});

describe('a pending file', () => {
  it('appears when committed, and can be filled in any order', async () => {
    const folder = temporaryFolder();
    const path = join(folder, 'numbers.bin');
    await writeFile(path, 'old');
    const file = await createPendingFile(path);
    await file.write(Uint8Array.of(3, 4), 2);
    await file.write(Uint8Array.of(1, 2), 0);
    await file.resize(5);
    expect(await readFile(path, 'utf8')).toBe('old');
    await file.commit();
    expect([...(await readFile(path))]).toEqual([1, 2, 3, 4, 0]);
  });

  it('has a unique name, even within one process, and never writes through a link', async () => {
    const folder = temporaryFolder();
    const path = join(folder, 'numbers.bin');
    await writeFile(join(folder, 'other'), 'other');
    for (const name of [`numbers.bin.${process.pid}.tmp`, 'numbers.bin.tmp'])
      await symlink('other', join(folder, name));
    const files = [await createPendingFile(path), await createPendingFile(path)];
    for (const [i, file] of files.entries()) await file.write(Uint8Array.of(i, i), 0);
    await files[1].commit();
    expect([...(await readFile(path))]).toEqual([1, 1]);
    await files[0].commit();
    expect([...(await readFile(path))]).toEqual([0, 0]);
    expect(await readFile(join(folder, 'other'), 'utf8')).toBe('other');
  });

  it('may have a name of the maximum length', async () => {
    const folder = temporaryFolder();
    await writeFileAtomic(join(folder, '가'.repeat(85)), 'x'); // 255 bytes
    expect(await readdir(folder)).toEqual(['가'.repeat(85)]);
  });

  it('leaves the old file when discarded', async () => {
    const folder = temporaryFolder();
    const path = join(folder, 'numbers.bin');
    await writeFile(path, 'old');
    const file = await createPendingFile(path);
    await file.write(Uint8Array.of(1), 0);
    await file.discard();
    expect(await readFile(path, 'utf8')).toBe('old');
    expect(await readdir(folder)).toEqual(['numbers.bin']);
  });
});

describe('fileError', () => {
  it('words system errors, and passes bugs on', () => {
    const full = Object.assign(new Error('ENOSPC: write'), { code: 'ENOSPC', syscall: 'write' });
    expect(fileError('a/b', 'cannot be written', full)).toEqual(
      new InputError('a/b: cannot be written: no space left on the device', { code: 'SYSTEM' }),
    );
    const odd = Object.assign(new Error('EXDEV: rename'), { code: 'EXDEV', syscall: 'rename' });
    expect(fileError('a/b', 'cannot be written', odd)).toEqual(
      new InputError('a/b: cannot be written: EXDEV', { code: 'SYSTEM' }),
    );
    const bug = new TypeError('x is not a function');
    expect(fileError('a/b', 'cannot be written', bug)).toBe(bug);
  });
});

describe('a temporary folder', () => {
  it('removes those that a killed process left under the same prefix', () => {
    // another had this number
    const left = join(tmpdir(), `kd-test-left-${makerTag({ ...thisProcess(), started: '1' })}`);
    mkdirSync(left);
    rmSync(makeTemporaryFolder('kd-test-left-'), { recursive: true });
    expect(existsSync(left)).toBe(false);
  });

  it('of which many are made is removed, or will be at the end, by one listener', () => {
    const before = process.listenerCount('exit');
    const folders = Array.from({ length: 20 }, () => folderUntilExit());
    expect(process.listenerCount('exit') - before).toBeLessThanOrEqual(1);
    for (const folder of folders) removeFolder(folder);
    expect(folders.filter(existsSync)).toEqual([]);
  });

  it('needs a writable temporary folder of the system, and says so in one line', () => {
    const before = process.env.TMPDIR;
    const none = join(temporaryFolder(), 'none');
    process.env.TMPDIR = none;
    try {
      expect(() => makeTemporaryFolder('kd-test-')).toThrow(
        new InputError(
          `${none}: expected a folder for temporary files, but nothing can be made there: no such file or ` +
            'folder; name another in TMPDIR',
        ),
      );
    } finally {
      if (before === undefined) delete process.env.TMPDIR;
      else process.env.TMPDIR = before;
    }
  });
});
