/** @file Finds the token store of a run. */
import { join, resolve } from 'node:path';
import { isStore } from '../data/store/manifest.js';

/**
 * The folders in which a run's store may be. Its configuration names it relative to the folder in which the run was
 * started: the current one, or the one that holds `checkpoints/`.
 *
 * @param run the run's folder
 * @param store as the run's configuration names it
 */
export function storePlaces(run: string, store: string): string[] {
  return [...new Set([resolve(store), resolve(join(run, '../..'), store)])];
}

/** The folder of a run's store, or undefined if it no longer exists. */
export async function findStore(run: string, store: string): Promise<string | undefined> {
  for (const place of storePlaces(run, store)) if (await isStore(place)) return place;
  return undefined;
}
