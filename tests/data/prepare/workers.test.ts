/** @file Worker threads that are ended before they have loaded what they need. */
import { readdirSync, readlinkSync } from 'node:fs';
import { setTimeout as after } from 'node:timers/promises';
import { expect, it, vi } from 'vitest';
import { TOKENIZER_MODULE } from '#dist/app/row-tokenizers.js';
import { workerRunner } from '#dist/data/prepare/workers.js';
import { temporaryFolder } from '../../cli.js';

/** The files of modules that this process has open. */
function openModules(): string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/self/fd/${fd}`)].filter((path) => path.endsWith('.js'));
    } catch {
      return []; // the one of this listing
    }
  });
}

it.runIf(process.platform === 'linux')('leave no file open', async () => {
  const setup = { spillFolder: temporaryFolder(), name: '0', seed: 1, tokenizerModule: TOKENIZER_MODULE };
  for (let milliseconds = 40; milliseconds <= 400; milliseconds += 40) {
    const runner = workerRunner({ ...setup, tokenizerFolders: { teacher: '', student: '' } });
    await after(milliseconds);
    await runner.close();
  }
  await vi.waitUntil(() => openModules().length === 0, 2000).catch(() => undefined);
  expect(openModules()).toEqual([]);
});
