import { beginRun, makeRunFolder } from '../../src/runs/run-folder.js';

/** Begins a run under the current folder, as `kd train` does, but for the lock. */
export async function newRun(name: string, config: object): Promise<string> {
  const folder = await makeRunFolder(name);
  await beginRun(folder, config);
  return folder;
}
