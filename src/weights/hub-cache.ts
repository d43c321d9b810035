/**
 * @file The hub's cache on disk, shared with Python's `huggingface_hub`: `models--owner--name/` with `refs/<revision>`
 * (a commit), `blobs/<content id>`, `snapshots/<commit>/<file>`, links to blobs, and `.no_exist/<commit>/<file>`, empty
 * files for those that the commit does not have. Where a file system has no links, as FAT, the files are in
 * `snapshots` themselves.
 * Source: https://huggingface.co/docs/huggingface_hub/guides/manage-cache
 */
import { readFile, rename, rm, symlink } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { InputError } from '../base/errors.js';
import { exists } from '../base/existence.js';
import { pendingName } from '../base/files.js';
import { fileError } from '../base/system-errors.js';
import { makeFolders } from '../base/folders.js';
import { hasContent, hashFor, isSha256, kindOfId } from './content-id.js';
import type { HubFile } from './hub-client.js';
import type { ModelId } from './hub-access.js';
import { hubCacheFolder, ownCacheFolder } from './hub-environment.js';
import { noteSha256 } from './verified-files.js';
import { bytesKept, type PartialSource } from './free-parts.js';
import { cacheError, writeFileResumably, writeFileWhole } from './whole-file.js';

/** Where a model's files are stored. */
export interface ModelCache {
  /** The files of a commit, as on the hub. */
  snapshot(commit: string): string;
  /** The files of a commit with the weights of its text model only. */
  textModel(commit: string): string;
  /** The file with the commit of the model's revision. */
  readonly ref: string;
  /** The commit of the model's revision when it was last looked up. */
  knownCommit(): Promise<string | undefined>;
  remember(commit: string): Promise<void>;
  /** Whether a commit is known to have no file of this name. */
  isAbsent(commit: string, name: string): Promise<boolean>;
  /** Notes that a commit has no file of this name; where that cannot be written, the hub is asked again next time. */
  noteAbsent(commit: string, name: string): Promise<void>;
  /**
   * Where the content of a commit's file is, in its snapshot or as a blob only; undefined if it is missing or damaged.
   */
  find(commit: string, file: HubFile): Promise<string | undefined>;
  /**
   * Stores a file's content as a blob, once it is complete and matches its id. A large file that an earlier attempt
   * began is continued.
   *
   * @param bytesFrom the file's bytes from a position to its end
   */
  store(file: HubFile, bytesFrom: (position: number) => AsyncIterable<Uint8Array>): Promise<void>;
  /** How many bytes of a file an earlier attempt has left. */
  bytesKept(file: HubFile): number;
  /** Links a file whose content is cached into a commit's snapshot. */
  addToSnapshot(commit: string, file: HubFile): Promise<void>;
}

/** The cache of one model, in Python's folder for the hub and, for parts of files, in `XDG_CACHE_HOME`. */
export function modelCache({ name, revision }: ModelId): ModelCache {
  const folder = `models--${name.replace('/', '--')}`;
  const root = join(hubCacheFolder(), folder);
  const textRoot = join(ownCacheFolder(), folder);
  const isCommit = (text: string): boolean => /^[0-9a-f]{40}$/.test(text);
  const ref = join(root, 'refs', revision);
  const blob = ({ contentId }: HubFile): string => join(root, 'blobs', contentId);
  const pointer = (commit: string, { path }: HubFile): string => join(root, 'snapshots', commit, path);
  const absence = (commit: string, name: string): string => join(root, '.no_exist', commit, name);
  const knownCommit = async (): Promise<string | undefined> => {
    if (isCommit(revision)) return revision;
    const text = (await readFile(ref, 'utf8').catch(() => '')).trim();
    return isCommit(text) ? text : undefined;
  };
  return {
    snapshot: (commit) => join(root, 'snapshots', commit),
    textModel: (commit) => join(textRoot, commit),
    ref,
    knownCommit,
    async remember(commit) {
      if (commit !== (await knownCommit())) await writeFileWhole(ref, [Buffer.from(commit)]);
    },
    isAbsent: (commit, name) => exists(absence(commit, name)),
    async noteAbsent(commit, name) {
      if (await exists(absence(commit, name))) return;
      await writeFileWhole(absence(commit, name), []).catch((error: unknown) => {
        if (!(error instanceof InputError)) throw error;
      });
    },
    async find(commit, file) {
      for (const path of [pointer(commit, file), blob(file)])
        if (await hasContent(path, file.contentId, file.size)) return path;
      return undefined;
    },
    async store(file, bytesFrom) {
      const mismatch = mismatchOf(file, `${name}/${file.path}`);
      if (!isSha256(file.contentId)) return writeFileWhole(blob(file), verified(bytesFrom(0), file, mismatch));
      await writeFileResumably(blob(file), { ...partOf(file), bytesFrom, mismatch });
      await noteSha256(blob(file), file.contentId);
    },
    bytesKept: (file) => (isSha256(file.contentId) ? bytesKept(blob(file), partOf(file)) : 0),
    async addToSnapshot(commit, file) {
      if (!(await hasContent(pointer(commit, file), file.contentId, file.size)))
        await linkOr(rename, blob(file), pointer(commit, file), relative(dirname(pointer(commit, file)), blob(file)));
    },
  };
}

/** What a file system without symbolic links says: FAT and exFAT, network drives, FUSE. */
const WITHOUT_LINKS = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'];

/**
 * Replaces `path` by a link to a file atomically: readers find either the old or the new.
 *
 * @param target what the link says: by default the file's own path
 * @param otherwise puts the file in the link's place where the file system has none: moves or copies it
 */
export async function linkOr(
  otherwise: (file: string, path: string) => Promise<void>,
  file: string,
  path: string,
  target = file,
): Promise<void> {
  const temporary = join(dirname(path), pendingName());
  try {
    await makeFolders(dirname(path));
    await symlink(target, temporary).catch((error: unknown) => {
      if (!WITHOUT_LINKS.includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
      return otherwise(file, temporary);
    });
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw cacheError(path, fileError(path, 'cannot be written', error));
  }
}

/** Passes bytes on, and throws at their end if they do not match the hub's listing. */
async function* verified(
  bytes: AsyncIterable<Uint8Array>,
  { size, contentId }: HubFile,
  mismatch: (bytes: number, id: string) => InputError,
): AsyncGenerator<Uint8Array> {
  const hash = hashFor(contentId, size);
  let received = 0;
  for await (const chunk of bytes) {
    hash.update(chunk);
    received += chunk.length;
    yield chunk;
  }
  const found = hash.digest('hex');
  if (received !== size || found !== contentId) throw mismatch(received, found);
}

/** A large file, as a source of a partial one. */
function partOf({ contentId, size }: HubFile): PartialSource {
  return { key: contentId, size, sha256: contentId };
}

/** The error for a download that does not match the hub's listing. */
function mismatchOf({ size, contentId }: HubFile, location: string): (bytes: number, id: string) => InputError {
  return (bytes, id) => {
    const [expected, got] =
      bytes === size ? [`content of ${kindOfId(contentId)} ${contentId}`, id] : [`${size} bytes`, String(bytes)];
    return new InputError(`${location}: expected ${expected} from the hub, got ${got}; run the same command again`);
  };
}
