/** @file The hub as this program uses it: which commit, which files, and their bytes by range; every failure in one line. */
import { setTimeout as wait } from 'node:timers/promises';
import { fileDownloadInfo, listFiles, modelInfo } from '@huggingface/hub';
import { InputError, messageOf } from '../errors.js';
import type { ByteSource } from './byte-source.js';
import { shown, shownValue } from './wording.js';

/** A model on the hub. */
export interface ModelId {
  /** `owner/name`. */
  readonly name: string;
  /** A branch, tag or commit. */
  readonly revision: string;
}

/** Where the hub is, and who asks. */
export interface HubAccess {
  readonly hubUrl: string;
  readonly accessToken: string | undefined;
  /** The flag that takes a local folder instead, for messages. */
  readonly flag: string;
  /** Milliseconds before a broken download goes on for the first time; doubled each time. */
  readonly retryDelay: number;
}

/** A file of a model, as the hub lists it. */
export interface HubFile {
  readonly path: string;
  readonly size: number;
  /** What names its content: the SHA-256 of a large file, the git object id of another. The name of its blob in the cache. */
  readonly contentId: string;
  /** SHA-256 of the content, of large files only. */
  readonly sha256: string | undefined;
}

/** A file on the hub, open for reading. */
export interface RemoteFile extends ByteSource {
  /** The bytes from `start` to `end` as they arrive; goes on where it stopped when the connection breaks. */
  stream(start: number, end: number): AsyncGenerator<Uint8Array>;
}

/** One model on the hub. */
export interface HubModel {
  /** The commit that the revision names now. */
  commit(): Promise<string>;
  /** The files of a commit, by path. */
  files(commit: string): Promise<ReadonlyMap<string, HubFile>>;
  open(commit: string, file: HubFile): Promise<RemoteFile>;
}

/** The connection failed, as opposed to the hub refusing. */
class UnreachableError extends InputError {}

/** Tries in a row that bring no byte. */
const MOST_FAILURES = 5;

/** A model on the hub. Every call throws InputError, in one line, if the hub cannot be reached or refuses. */
export function hubModel(model: ModelId, access: HubAccess): HubModel {
  const request = requesterFor(model, access);
  const { hubUrl, accessToken } = access;
  const common = { hubUrl, fetch: request, ...(accessToken === undefined ? {} : { accessToken }) };
  /** What the hub's library throws of its own is about an answer that is not a hub's. */
  const understood = async <T>(answer: Promise<T>): Promise<T> =>
    answer.catch((error: unknown) => {
      if (error instanceof InputError) throw error;
      throw new InputError(
        `${model.name}: expected the answer of a hub from ${hubUrl}, got another: ${shown(messageOf(error))}`,
      );
    });
  return {
    async commit() {
      const { sha } = await understood(modelInfo({ ...common, ...model, additionalFields: ['sha'] }));
      if (/^[0-9a-f]{40}$/.test(sha)) return sha;
      throw new InputError(
        `${model.name}: expected a commit of 40 hexadecimal digits from ${hubUrl}, got ${shownValue(sha)}`,
      );
    },
    async files(commit) {
      const files = new Map<string, HubFile>();
      const entries = await understood(
        toArray(listFiles({ ...common, repo: model.name, revision: commit, recursive: true })),
      );
      for (const { type, path, size, oid = '', lfs } of entries) {
        if (type !== 'file') continue;
        const contentId = lfs?.oid ?? oid;
        // It becomes a file name: nothing but what the hub has always sent may pass.
        if (!/^[0-9a-f]{40,64}$/.test(contentId)) {
          throw new InputError(
            `${model.name}/${shown(path)}: expected a hexadecimal content id from ${hubUrl}, got ${shown(contentId)}`,
          );
        }
        files.set(path, { path, size, contentId, sha256: lfs?.oid });
      }
      return files;
    },
    async open(commit, { path, size }) {
      // The plain address, also of files in xet storage: byte ranges are exact there, and resume where they broke off.
      const info = await understood(fileDownloadInfo({ ...common, repo: model.name, revision: commit, path }));
      const location = `${model.name}/${path}`;
      if (info?.size !== size) {
        throw new InputError(
          `${location}: expected ${size} bytes, as ${hubUrl} lists, found ${info?.size ?? 'no such file'}`,
        );
      }
      return remoteFile(location, size, rangeReader(request, info.url, location, accessToken), access.retryDelay);
    },
  };
}

function remoteFile(location: string, size: number, readRange: RangeReader, retryDelay: number): RemoteFile {
  async function* stream(start: number, end: number): AsyncGenerator<Uint8Array> {
    let position = start;
    for (let failures = 0; position < end;) {
      try {
        for await (const chunk of await readRange(position, end)) {
          position += chunk.length;
          failures = 0;
          if (position > end) throw new InputError(`${location}: expected ${end - start} bytes from the hub, got more`);
          yield chunk;
        }
        if (position < end)
          throw new UnreachableError(`${location}: the connection closed at byte ${position} of ${end}`);
      } catch (error) {
        if (error instanceof InputError && !(error instanceof UnreachableError)) throw error;
        if (++failures === MOST_FAILURES) {
          throw new InputError(
            `${location}: the download broke off, and ${MOST_FAILURES} tries brought nothing more (${reasonOf(error)}); ` +
              'run the same command again',
          );
        }
        await wait(retryDelay * 2 ** (failures - 1));
      }
    }
  }
  return {
    location,
    size,
    stream,
    async read(position, length) {
      if (position + length > size)
        throw new InputError(`${location}: expected ${position + length} bytes or more, found ${size}`);
      const bytes = new Uint8Array(length);
      let done = 0;
      for await (const chunk of stream(position, position + length)) {
        bytes.set(chunk, done);
        done += chunk.length;
      }
      return bytes.buffer;
    },
  };
}

async function toArray<T>(items: AsyncIterable<T>): Promise<T[]> {
  const array: T[] = [];
  for await (const item of items) array.push(item);
  return array;
}

/** Requests one range of a file. */
type RangeReader = (start: number, end: number) => Promise<AsyncIterable<Uint8Array>>;

function rangeReader(
  request: typeof fetch,
  url: string,
  location: string,
  accessToken: string | undefined,
): RangeReader {
  const authorization = accessToken === undefined ? {} : { Authorization: `Bearer ${accessToken}` };
  return async (start, end) => {
    const response = await request(url, { headers: { Range: `bytes=${start}-${end - 1}`, ...authorization } });
    if (response.status === 206 && response.body) return response.body;
    await response.body?.cancel();
    throw new InputError(
      `${location}: expected a part of the file (status 206) from ${new URL(url).origin}, got status ${response.status}`,
    );
  };
}

/** `fetch` for calls about one model, whose failures are InputErrors. */
function requesterFor(model: ModelId, access: HubAccess): typeof fetch {
  return async (input, init) => {
    let response: Response;
    try {
      response = await fetch(input, init);
    } catch (error) {
      throw new UnreachableError(
        `${model.name}: no such folder, and the hub (${access.hubUrl}) cannot be reached (${reasonOf(error)}); ` +
          `connect, or give a local folder to ${access.flag}`,
        { cause: error },
      );
    }
    if (response.ok) return response;
    await response.body?.cancel();
    throw new InputError(`${model.name}: ${refusal(response, model, access)}`);
  };
}

/** Why the hub refused. Codes: https://github.com/huggingface/huggingface_hub/blob/v0.24.0/src/huggingface_hub/utils/_errors.py */
function refusal(
  { status, headers }: Response,
  { name, revision }: ModelId,
  { hubUrl, accessToken, flag }: HubAccess,
): string {
  const code = headers.get('X-Error-Code');
  const token = accessToken === undefined ? 'set HF_TOKEN' : 'use an HF_TOKEN that may read it';
  if (code === 'GatedRepo') return `the model is gated; accept its terms at ${hubUrl}/${name} and ${token}`;
  if (code === 'RevisionNotFound') return `the model has no revision ${revision}`;
  if (status === 401 || status === 404) {
    return `no such folder, and no such model at ${hubUrl}, unless it is private; check the name given to ${flag}, or ${token}`;
  }
  if (status === 403) return `${hubUrl} does not allow it to be read; ${token}`;
  if (status === 429) return `${hubUrl} gets too many requests; wait a few minutes, or set HF_TOKEN`;
  return `${hubUrl} answers with status ${status}; try again later, or give a local folder to ${flag}`;
}

/** What went wrong below `fetch failed`, which says nothing. */
function reasonOf(error: unknown): string {
  if (error instanceof Error && error.cause instanceof Error) return reasonOf(error.cause);
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  return code ?? messageOf(error);
}
