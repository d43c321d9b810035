/** @file Where a model came from: a folder on this machine, or the hub. */
import { resolve } from 'node:path';
import { exists } from '../base/existence.js';
import { parseModelId } from './hub.js';

/** A revision of a model on the hub, or a folder. */
export type ModelOrigin = { readonly hub: string; readonly revision: string } | { readonly folder: string };

/** Where a model of this name is opened from, as in `resolveModelFolder`: an existing folder takes precedence. */
export async function originOf(idOrFolder: string): Promise<ModelOrigin> {
  const model = (await exists(idOrFolder)) ? undefined : parseModelId(idOrFolder);
  return model === undefined ? { folder: resolve(idOrFolder) } : { hub: model.name, revision: model.revision };
}
