/** @file The cache on a file system without symbolic links, as FAT or a network drive. */
import { lstat, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { resolveModelFolder } from '../../src/weights/hub.js';
import { askHub, COMMIT, startFakeHub, type FakeHub } from './fake-hub.js';
import { fixture, temporaryFolder } from './support.js';

vi.mock('node:fs/promises', async (original) => ({
  ...(await original<object>()),
  symlink: () =>
    Promise.reject(
      Object.assign(new Error('EPERM: operation not permitted, symlink'), { code: 'EPERM', syscall: 'symlink' }),
    ),
}));

let hub: FakeHub;
let home: string;
beforeEach(async () => {
  hub = await startFakeHub();
  home = await temporaryFolder();
  askHub(hub, home);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await hub.close();
});

it.each([['student'], ['teacher', 'variants/teacher-inside-full-clip']])(
  'has the files themselves of %s',
  async (...folders) => {
    const files = new Map<string, Buffer>();
    for (const folder of folders.map(fixture))
      for (const name of await readdir(folder)) files.set(name, await readFile(join(folder, name)));
    hub.models.set('owner/model', files);
    const resolve = (): Promise<string> => resolveModelFolder('owner/model', { flag: '--teacher', retryDelay: 1 });
    const folder = await resolve();
    for (const name of (await readdir(folder)).filter((name) => !name.startsWith('.')))
      expect((await lstat(join(folder, name))).isFile(), name).toBe(true);
    const root = join(home, 'hub', 'models--owner--model');
    expect(await readdir(join(root, 'blobs'))).toEqual([]); // moved, so that they are there once
    hub.requests.length = 0;
    expect(await resolve()).toBe(folder);
    expect(hub.requests).toEqual([]);
    await rm(join(root, 'snapshots', COMMIT, 'config.json'));
    await rm(join(folder, 'config.json'), { force: true });
    expect(await resolve()).toBe(folder);
    expect(hub.requests.filter((request) => request.includes('/resolve/'))).toHaveLength(1);
  },
);
