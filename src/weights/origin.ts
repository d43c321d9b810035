/** @file Where a model came from: a folder on this machine, or the hub. */
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parseModelId } from './hub.js';

/** A revision of a model on the hub, or a folder. */
export type ModelOrigin = { readonly hub: string; readonly revision: string } | { readonly folder: string };

/** Where a model of this name is opened from, as in `resolveModelFolder`: an existing folder takes precedence. */
export async function originOf(idOrFolder: string): Promise<ModelOrigin> {
  const isThere = await stat(idOrFolder).then(
    () => true,
    () => false,
  );
  const model = isThere ? undefined : parseModelId(idOrFolder);
  return model === undefined ? { folder: resolve(idOrFolder) } : { hub: model.name, revision: model.revision };
}
