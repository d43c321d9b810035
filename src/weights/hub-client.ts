/** @file The hub: commits, files, and byte ranges of files. Every error is one line. */
import { setTimeout as wait } from 'node:timers/promises';
import { InputError, messageOf } from '../base/errors.js';
import type { ByteSource } from './byte-source.js';
import type { HubFile } from './hub-listing.js';
import { fileFrom, MOST_FILES } from './hub-listing.js';
import { refusal, retryPause } from './hub-refusal.js';
import type { RequestLimits } from './http.js';
import { hubFetch, PLACEHOLDER_TOKEN } from './http.js';
import { AnswerError, UnreachableError } from './http-errors.js';
import { shown, shownValue } from './wording.js';
import type { ModelId, HubAccess } from './hub-access.js';

export type { HubFile } from './hub-listing.js';

/** A file on the hub, open for reading. */
export interface RemoteFile extends ByteSource {
  /** The bytes from `start` to `end` as they arrive; resumes if the connection breaks. */
  stream(start: number, end: number): AsyncGenerator<Uint8Array>;
}

/** One model on the hub. */
export interface HubModel {
  /** The commit that the revision names now. */
  commit(): Promise<string>;
  /** The files of a commit, by path. */
  files(commit: string): Promise<ReadonlyMap<string, HubFile>>;
  open(commit: string, file: HubFile): RemoteFile;
}

/** Attempts in a row with almost no progress, after which to give up. */
const MOST_FAILURES = 5;
/** Bytes that an attempt must bring to count as progress. */
const LEAST_PROGRESS = 65_536;
/** Attempts at a request while the hub is too busy. */
const MOST_TRIES = 3;
/** A page of a thousand files takes some hundred kilobytes. */
const LARGEST_ANSWER = 20_000_000;
const MOST_PAGES = 200;
/** How many timeouts a whole response about a model may take. */
const PATIENCE = 6;

/** A model on the hub. Every call throws InputError, in one line, if the hub cannot be reached or refuses. */
export function hubModel(model: ModelId, access: HubAccess): HubModel {
  const { hubUrl } = access;
  const common = { hubUrl, accessToken: PLACEHOLDER_TOKEN };
  const ask = (): typeof fetch =>
    requesterFor(model, access, { most: LARGEST_ANSWER, whole: PATIENCE * access.timeout });
  const understood = <T>(answer: Promise<T>): Promise<T> =>
    answer.catch((error: unknown) => {
      throw explained(error, model, access);
    });
  return {
    async commit() {
      const { modelInfo } = await import('@huggingface/hub');
      const { sha } = await understood(modelInfo({ ...common, fetch: ask(), ...model, additionalFields: ['sha'] }));
      if (typeof sha === 'string' && /^[0-9a-f]{40}$/.test(sha)) return sha;
      throw new InputError(
        `${model.name}: expected a commit of 40 hexadecimal digits from ${hubUrl}, got ${shownValue(sha)}`,
      );
    },
    async files(commit) {
      const { listFiles } = await import('@huggingface/hub');
      const fetchPage = atMost(MOST_PAGES, ask(), hubUrl);
      const entries = listFiles({ ...common, fetch: fetchPage, repo: model.name, revision: commit, recursive: true });
      const files = new Map<string, HubFile>();
      for (const entry of await understood(toArray(entries, hubUrl))) {
        const file = fileFrom(entry, model.name, hubUrl);
        if (file !== undefined) files.set(file.path, file);
      }
      return files;
    },
    open(commit, { path, size }) {
      // The plain address, even for files in xet storage: byte ranges are exact there and can be resumed.
      const place = [encodeURIComponent(commit), ...path.split('/').map(encodeURIComponent)].join('/');
      const location = `${model.name}/${path}`;
      const request = requesterFor(model, access);
      const readRange = rangeReader(request, `${hubUrl}/${model.name}/resolve/${place}`, location, size);
      return remoteFile(location, size, readRange, access.retryDelay);
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
  const said = messageOf(error);
  const page = said.includes("token '<'") ? 'a web page, perhaps one to log in to this network: ' : '';
  return new InputError(`${name}: expected the answer of a hub from ${hubUrl}, got another: ${page}${shown(said)}`);
}

function remoteFile(location: string, size: number, readRange: RangeReader, retryDelay: number): RemoteFile {
  async function* stream(start: number, end: number): AsyncGenerator<Uint8Array> {
    let position = start;
    for (let failures = 0; position < end;) {
      const began = position;
      try {
        for await (const chunk of await readRange(position, end)) {
          position += chunk.length;
          if (position > end) throw new InputError(`${location}: expected ${end - start} bytes from the hub, got more`);
          yield chunk;
        }
        if (position < end) throw new UnreachableError(`the connection closed at byte ${position} of ${end}`);
      } catch (error) {
        if (error instanceof AnswerError) throw new InputError(`${location}: ${error.message}`, { cause: error });
        if (!(error instanceof UnreachableError)) throw error;
        failures = position - began >= LEAST_PROGRESS ? 1 : failures + 1;
        if (failures === MOST_FAILURES) {
          throw new InputError(
            `${location}: the download broke off, and ${MOST_FAILURES} tries brought nothing more (${error.reason}); ` +
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

async function toArray<T>(items: AsyncIterable<T>, hubUrl: string): Promise<T[]> {
  const array: T[] = [];
  for await (const item of items) {
    if (array.push(item) > MOST_FILES)
      throw new AnswerError(`${hubUrl} lists more than ${MOST_FILES} files; check HF_ENDPOINT`);
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

/** Requests one range of a file. */
type RangeReader = (start: number, end: number) => Promise<AsyncIterable<Uint8Array>>;

function rangeReader(request: typeof fetch, url: string, location: string, size: number): RangeReader {
  const { origin } = new URL(url);
  return async (start, end) => {
    const headers = {
      Authorization: `Bearer ${PLACEHOLDER_TOKEN}`,
      Range: `bytes=${start}-${end - 1}`,
      'Accept-Encoding': 'identity',
    };
    const response = await request(url, { headers });
    const total = /\/(\d+)$/.exec(response.headers.get('Content-Range') ?? '')?.[1];
    const isWhole = total === undefined || Number(total) === size;
    if (response.status === 206 && response.body && isWhole) return response.body;
    await response.body?.cancel();
    if (!isWhole)
      throw new InputError(`${location}: expected ${size} bytes, as ${origin} lists, found ${total}; try again later`);
    throw new InputError(
      `${location}: expected a part of the file (status 206) from ${origin}, got status ${response.status}`,
    );
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
      const pause = tries < MOST_TRIES ? retryPause(response, access.retryDelay * 2 ** (tries - 1)) : undefined;
      if (pause === undefined) throw new InputError(`${model.name}: ${refusal(response, model, access)}`);
      await wait(pause);
    }
  };
}
