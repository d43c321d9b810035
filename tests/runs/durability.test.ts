/** @file A checkpoint survives a power cut: its folder is on disk before it gets its name, and then its name is. */
import type * as fs from 'node:fs/promises';
import { mkdirSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, it, vi } from 'vitest';
import type * as files from '../../src/base/files.js';
import { writeUnpointed } from '../../src/runs/checkpoint.js';
import { setAside } from '../../src/runs/find-checkpoint.js';
import { temporaryFolder } from '../cli.js';

/** What was flushed and renamed, in order, by the last part of its path. */
const calls = vi.hoisted((): string[] => []);
vi.mock('../../src/base/files.js', async (original) => {
  const real = await original<typeof files>();
  return {
    ...real,
    syncFolder: (folder: string) => {
      calls.push(`sync ${basename(folder)}`);
      return real.syncFolder(folder);
    },
  };
});
vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof fs>();
  return {
    ...real,
    rename: async (from: string, to: string) => {
      await real.rename(from, to);
      if (/step-\d+$/.test(to)) calls.push(`rename ${basename(to)}`);
    },
  };
});

// oxlint-disable-next-line typescript/require-await -- an async iterable, as engines give one
async function* values(...names: string[]) {
  for (const name of names) yield { name, shape: [1], values: Float32Array.of(1) };
}

it('flushes a checkpoint before renaming it, and its run after', async () => {
  const run = join(temporaryFolder(), 'run');
  mkdirSync(run);
  const write = (): Promise<string> =>
    writeUnpointed(run, {
      step: 3,
      parameters: values('a'),
      shapes: { a: [1] },
      moments: values('exp_avg/a', 'exp_avg_sq/a'),
      trained: { a: [1] },
      config: '{}',
      files: [],
      trainer: '{}',
    });
  await write();
  const order = ['sync .tmp-step-00000003', 'rename step-00000003', 'sync run'];
  expect(calls).toEqual(order);
  calls.length = 0;
  await write(); // replaces the first, which is removed once the second has its name
  expect(calls).toEqual([order[0], 'rename .replaced-step-00000003', ...order.slice(1)]);
  expect(readdirSync(run)).toEqual(['step-00000003']);
  calls.length = 0;
  expect(await setAside(run, undefined)).toEqual(['.aside-step-00000003']);
  expect(calls).toEqual(['rename .aside-step-00000003', 'sync run']);
});
