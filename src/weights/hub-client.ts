/** @file The hub: commits, files, and byte ranges of files. Every error is one line. */
import { setTimeout as wait } from 'node:timers/promises';
import { InputError, messageOf } from '../base/errors.js';
import type { HubFile } from './hub-listing.js';
import { fileFrom, MAX_FILES } from './hub-listing.js';
import { refusal, retryPause } from './hub-refusal.js';
import type { RequestLimits } from './http.js';
import { hubFetch, PLACEHOLDER_TOKEN } from './http.js';
import { AnswerError, isBrokenOff, RefusedError, UnreachableError } from './http-errors.js';
import { openRemoteFile, type RemoteFile } from './remote-file.js';
import { shown, shownValue } from './wording.js';
import type { ModelId, HubAccess } from './hub-access.js';

export type { HubFile } from './hub-listing.js';
export type { RemoteFile } from './remote-file.js';

/** One model on the hub. */
export interface HubModel {
  /** The commit that the revision names now. */
  commit(): Promise<string>;
  /** The files of a commit, by path. */
  files(commit: string): Promise<ReadonlyMap<string, HubFile>>;
  open(commit: string, file: HubFile): RemoteFile;
}

/** Attempts at a request while the hub is too busy. */
const MAX_TRIES = 3;
/** A page of a thousand files takes some hundred kilobytes. */
const LARGEST_ANSWER = 20_000_000;
const MAX_PAGES = 200;
/** How many timeouts a whole response about a model may take. */
const PATIENCE = 6;

/** A model on the hub. Every call throws InputError, in one line, if the hub cannot be reached or refuses. */
export function hubModel(model: ModelId, access: HubAccess): HubModel {
  const { hubUrl } = access;
  const common = { hubUrl, accessToken: PLACEHOLDER_TOKEN };
  const ask = (): typeof fetch =>
    requesterFor(model, access, { most: LARGEST_ANSWER, whole: PATIENCE * access.timeout });
  const understood = async <T>(ask: () => Promise<T>): Promise<T> => {
    for (let tries = 1; ; tries++) {
      try {
        return await ask();
      } catch (error) {
        access.signal?.throwIfAborted();
        if (tries === MAX_TRIES || !isBrokenOff(error)) throw explained(error, model, access);
        await wait(access.retryDelay * 2 ** (tries - 1), undefined, { signal: access.signal });
      }
    }
  };
  return {
    async commit() {
      const { modelInfo } = await import('@huggingface/hub');
      const { sha } = await understood(() =>
        modelInfo({ ...common, fetch: ask(), ...model, additionalFields: ['sha'] }),
      );
      if (typeof sha === 'string' && /^[0-9a-f]{40}$/.test(sha)) return sha;
      throw new InputError(
        `${model.name}: expected a commit of 40 hexadecimal digits from ${hubUrl}, got ${shownValue(sha)}; ` +
          'check HF_ENDPOINT',
      );
    },
    async files(commit) {
      const { listFiles } = await import('@huggingface/hub');
      const list = (): Promise<unknown[]> => {
        const fetchPage = atMost(MAX_PAGES, ask(), hubUrl);
        const entries = listFiles({ ...common, fetch: fetchPage, repo: model.name, revision: commit, recursive: true });
        return toArray(entries, hubUrl);
      };
      const files = new Map<string, HubFile>();
      for (const entry of await understood(list)) {
        const file = fileFrom(entry, model.name, hubUrl);
        if (file !== undefined) files.set(file.path, file);
      }
      return files;
    },
    open(commit, { path, size }) {
      // The plain address, even for files in xet storage: byte ranges are exact there and can be resumed.
      const place = [encodeURIComponent(commit), ...path.split('/').map(encodeURIComponent)].join('/');
      return openRemoteFile({
        location: `${model.name}/${path}`,
        size,
        url: `${hubUrl}/${model.name}/resolve/${place}`,
        request: requesterFor(model, access),
        retryDelay: access.retryDelay,
        signal: access.signal,
      });
    },
  };
}

/**
 * Converts anything a call threw to an InputError. The hub library's own errors mean that the response is not a hub's.
 */
function explained(error: unknown, { name }: ModelId, { hubUrl, flag }: HubAccess): InputError {
  if (error instanceof UnreachableError) {
    return new InputError(
      `${name}: no such folder, and the hub (${hubUrl}) cannot be reached (${error.reason}); ` +
        `connect, or give a local folder to ${flag}`,
      { cause: error },
    );
  }
  if (error instanceof AnswerError) return new InputError(`${name}: ${error.message}`, { cause: error });
  if (error instanceof InputError) return error;
  return new InputError(`${name}: ${wrongAnswer(error, hubUrl)}`);
}

/** What to say of a response that is not a hub's. `error` is what its parser threw. */
export function wrongAnswer(error: unknown, hubUrl: string, said: (text: string) => string = shown): string {
  const text = messageOf(error);
  const found = text.includes("token '<'")
    ? 'a web page, perhaps one to log in to this network'
    : error instanceof TypeError // its own words are about this code
      ? 'JSON with other contents'
      : `something else (${said(text)})`;
  return `expected an answer of the hub's API from ${hubUrl}, got ${found}; check HF_ENDPOINT`;
}

async function toArray<T>(items: AsyncIterable<T>, hubUrl: string): Promise<T[]> {
  const array: T[] = [];
  for await (const item of items) {
    if (array.push(item) > MAX_FILES)
      throw new AnswerError(`${hubUrl} lists more than ${MAX_FILES} files; check HF_ENDPOINT`);
  }
  return array;
}

/** A `fetch` with a limit on the number of pages. */
function atMost(most: number, request: typeof fetch, hubUrl: string): typeof fetch {
  let count = 0;
  return (input, init) => {
    if (++count > most) throw new AnswerError(`${hubUrl} lists files on more than ${most} pages; check HF_ENDPOINT`);
    return request(input, init);
  };
}

/** `fetch` for calls about one model: refusals become InputErrors; retries while the hub is too busy. */
function requesterFor(model: ModelId, access: HubAccess, limits: RequestLimits = {}): typeof fetch {
  const request = hubFetch(access, limits);
  return async (input, init) => {
    for (let tries = 1; ; tries++) {
      const response = await request(input, init);
      if (response.ok) return response;
      await response.body?.cancel();
      const pause = tries < MAX_TRIES ? retryPause(response, access.retryDelay * 2 ** (tries - 1)) : undefined;
      if (pause === undefined) {
        const reason = response.headers.get('X-Error-Code') ?? undefined;
        throw new RefusedError(`${model.name}: ${refusal(response, model, access)}`, reason);
      }
      await wait(pause, undefined, { signal: access.signal });
    }
  };
}
