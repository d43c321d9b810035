/**
 * @file Models by folder or hub id. Cached models are used without contacting the hub, so that a run is the same
 * tomorrow; `owner/name@revision` names another revision.
 */
import { stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { InputError } from '../base/errors.js';
import type { ModelCache } from './hub-cache.js';
import { isSound } from './content-id.js';
import { modelCache } from './hub-cache.js';
import type { HubAccess, ModelId } from './hub-access.js';
import { withInnerFolder } from './inner-folder.js';
import type { Commit } from './wanted-files.js';
import type { DownloadProgress } from './hub-download.js';
import { downloadParts, openCommit } from './hub-download.js';
import { findReadToken, hubAddress, hubTimeout, offlineVariable } from './hub-environment.js';
import { filesOfPart, partIn, type ModelPart } from './model-parts.js';
import { shown } from './wording.js';

export type { DownloadProgress } from './hub-download.js';
export type { FolderPart, ModelPart } from './model-parts.js';

/** Options for finding a model. */
export interface ResolveOptions {
  /** The flag that had the value, for messages. */
  readonly flag: string;
  /** The parts of the model that are needed; default: all. */
  readonly parts?: readonly ModelPart[];
  readonly onProgress?: (progress: DownloadProgress) => void;
  /** Called with a message if the hub does not answer soon. */
  readonly onWait?: (text: string) => void;
  /** Ends downloads; the next one continues them. */
  readonly signal?: AbortSignal | undefined;
  /** The hub's address; default: `HF_ENDPOINT`, else the public hub. */
  readonly hubUrl?: string;
  /** Milliseconds before a broken download is resumed for the first time; doubled each time. */
  readonly retryDelay?: number;
}

/** After how long without the hub's answer that is said, in milliseconds. */
const SOON_MS = 3000;

/**
 * The folder of a model: the one given or, for a hub id (`owner/name`, `owner/name@revision`), the one in the cache,
 * after downloading what is missing. Of a whole CLIP in safetensors only the text model's bytes are downloaded. In a
 * model that an old sentence-transformers wrote, the folder with the transformer's files.
 *
 * @throws InputError if there is no such folder or model, or the hub cannot be reached or refuses
 */
export async function resolveModelFolder(idOrFolder: string, options: ResolveOptions): Promise<string> {
  const { flag, parts = ['config', 'tokenizer', 'weights'], onProgress } = options;
  if (await isFolder(idOrFolder, flag)) return withInnerFolder(idOrFolder);
  const model = parseModelId(idOrFolder);
  if (!model) {
    throw new InputError(
      `${flag} ${shown(idOrFolder)}: no such folder; expected a model's folder, or a model on the hub as owner/name`,
    );
  }
  const cache = modelCache(model);
  const cached = await findCached(cache, parts);
  const damaged = cached === undefined ? undefined : await firstDamaged(cached.folder, parts);
  if (cached?.isComplete === true && damaged === undefined) return cached.folder;
  try {
    const commit = await openOnHub(model, options, cache).catch((error: unknown) => {
      if (cached === undefined || damaged !== undefined || !(error instanceof InputError)) throw error;
      return undefined; // what is cached will do
    });
    return commit === undefined ? cached!.folder : await downloadParts(commit, parts, onProgress);
  } catch (error) {
    if (damaged === undefined || !(error instanceof InputError)) throw error;
    throw new InputError(`${damaged}: this cached file is damaged and cannot be downloaded again: ${error.message}`, {
      cause: error,
    });
  }
}

/** `owner/name` or `owner/name@revision`; undefined for anything else. */
export function parseModelId(text: string): ModelId | undefined {
  const match = /^([a-z0-9][\w.-]*\/[a-z0-9][\w.-]*)(?:@(\w[\w.-]*(?:\/\w[\w.-]*)*))?$/i.exec(text);
  return match ? { name: match[1]!, revision: match[2] ?? 'main' } : undefined;
}

async function isFolder(path: string, flag: string): Promise<boolean> {
  const stats = await stat(path).catch(() => undefined);
  if (stats && !stats.isDirectory()) {
    throw new InputError(`${flag} ${shown(path)}: expected a model's folder, found a file; give the folder it is in`);
  }
  return stats !== undefined;
}

async function openOnHub(model: ModelId, options: ResolveOptions, cache: ModelCache): Promise<Commit> {
  const access = await accessFrom(model, options);
  const timer = setTimeout(() => {
    options.onWait?.(`${model.name}: waiting for an answer from ${access.hubUrl}`);
  }, SOON_MS);
  try {
    return await openCommit(model, access, cache);
  } finally {
    clearTimeout(timer);
  }
}

async function accessFrom(
  { name }: ModelId,
  { flag, hubUrl, retryDelay = 1000, signal }: ResolveOptions,
): Promise<HubAccess> {
  const forbidding = offlineVariable();
  if (forbidding !== undefined) {
    throw new InputError(
      `${name}: no such folder, and the cache does not have the whole model, while ${forbidding} forbids ` +
        `contacting the hub; unset ${forbidding}, or give a local folder to ${flag}`,
    );
  }
  const { url, authorization } = hubAddress(hubUrl);
  const common = { hubUrl: url, timeout: hubTimeout(), flag, retryDelay, signal };
  if (authorization !== undefined)
    return { ...common, authorization, credentials: 'the user name and password in HF_ENDPOINT' };
  const token = await findReadToken();
  if (token === undefined) return { ...common, authorization, credentials: undefined };
  return { ...common, authorization: `Bearer ${token.value}`, credentials: `the token in ${token.source}` };
}

/** The cached folder that has all parts, if there is one: sooner one that is known to have all files of them. */
async function findCached(
  cache: ModelCache,
  parts: readonly ModelPart[],
): Promise<{ readonly folder: string; readonly isComplete: boolean } | undefined> {
  const commit = await cache.knownCommit();
  if (commit === undefined) return undefined;
  let usable: string | undefined;
  for (const root of [cache.textModel(commit), cache.snapshot(commit)]) {
    const folder = await withInnerFolder(root);
    const isAbsent = (name: string): Promise<boolean> => cache.isAbsent(commit, relative(root, join(folder, name)));
    const found = await Promise.all(parts.map((part) => partIn(folder, part, isAbsent)));
    if (found.every((each) => each === 'complete')) return { folder, isComplete: true };
    if (!found.includes('missing')) usable ??= folder;
  }
  return usable === undefined ? undefined : { folder: usable, isComplete: false };
}

/** The first file of these parts that does not match the name of its blob. */
async function firstDamaged(folder: string, parts: readonly ModelPart[]): Promise<string | undefined> {
  for (const part of parts) {
    for await (const name of filesOfPart(folder, part)) {
      const path = join(folder, name);
      if (!(await isSound(path))) return path;
    }
  }
  return undefined;
}
