import { messageOf } from '../../src/base/errors.js';
import { fileError } from '../../src/base/system-errors.js';
import { expect, it, vi } from 'vitest';

let left = { files: 0, ffree: 0 };
vi.mock('node:fs', async (original) => ({ ...(await original<object>()), statfsSync: () => left }));

const FULL = Object.assign(new Error('ENOSPC'), { code: 'ENOSPC', syscall: 'open' });
const INODES =
  'a/b: cannot be written: no room for another file, as all inodes of the device are in use (df -i); ' +
  'remove files there';

it.each([
  ['has no inodes left', { files: 60, ffree: 0 }, INODES],
  ['has some', { files: 60, ffree: 1 }, 'a/b: cannot be written: no space left on the device'],
  ['does not limit them', { files: 0, ffree: 0 }, 'a/b: cannot be written: no space left on the device'],
])('no space on a device that %s', (_, there, message) => {
  left = there;
  expect(messageOf(fileError('a/b', 'cannot be written', FULL))).toBe(message);
});
