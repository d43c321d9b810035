import type * as fs from 'node:fs';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { openLines } from '../../src/runs/line-file.js';
import { temporaryFolder } from '../cli.js';

let isFull = false;
vi.mock('node:fs', async (original) => {
  const real = await original<typeof fs>();
  return {
    ...real,
    writeSync: (...args: Parameters<typeof real.writeSync>): number => {
      if (isFull) throw Object.assign(new Error('no space'), { code: 'ENOSPC', syscall: 'write' });
      return real.writeSync(...args);
    },
  };
});

it('what did not fit on the disk is written before the next checkpoint if there is room again', () => {
  const path = join(temporaryFolder(), 'lines');
  const file = openLines(path);
  file.line('1');
  isFull = true;
  file.line('2');
  file.sync();
  expect(readFileSync(path, 'utf8')).toBe('1\n');
  isFull = false;
  file.sync(); // a checkpoint follows, and then perhaps the end of the process
  expect(readFileSync(path, 'utf8')).toBe('1\n2\n');
  file.close();
});
