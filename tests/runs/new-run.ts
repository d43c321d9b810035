import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beginRun, makeRunFolder } from '../../src/runs/run-folder.js';

/** Begins a run under the current folder, as `kd train` does, but for the lock. */
export async function newRun(name: string, config: object): Promise<string> {
  const folder = await makeRunFolder(name);
  await beginRun(folder, config);
  return folder;
}

/** The file that says which process holds the lock of a folder. */
export function claimOf(run: string): string {
  return join(
    run,
    readdirSync(run).find((name) => /^lock-[0-9a-f]{16}$/.test(name))!,
  );
}
