/** @file The bytes of a file on the hub, by range; broken transfers are resumed. */
import { setTimeout as wait } from 'node:timers/promises';
import { InputError } from '../base/errors.js';
import type { ByteSource } from './byte-source.js';
import { AnswerError, UnreachableError } from './http-errors.js';
import { PLACEHOLDER_TOKEN } from './http.js';
import { damagedFile } from './wording.js';

/** A file on the hub, open for reading. */
export interface RemoteFile extends ByteSource {
  /** The bytes from `start` to `end` as they arrive; resumes if the connection breaks. */
  stream(start: number, end: number): AsyncGenerator<Uint8Array>;
}

/** Where a file is, and how it is requested. */
export interface RemotePlace {
  /** `owner/name/path`, for messages. */
  readonly location: string;
  /** Bytes, as the hub lists it. */
  readonly size: number;
  readonly url: string;
  readonly request: typeof fetch;
  /** Milliseconds before a broken transfer is resumed for the first time; doubled each time. */
  readonly retryDelay: number;
  /** Ends transfers. */
  readonly signal?: AbortSignal | undefined;
}

/** Attempts in a row that bring almost nothing. */
const MAX_FAILURES = 5;
/** Bytes that an attempt must bring to count as progress. */
const MIN_PROGRESS = 65_536;

/** Opens a file on the hub. Nothing is requested until it is read; reading throws InputError, in one line. */
export function openRemoteFile(place: RemotePlace): RemoteFile {
  const { location, size, retryDelay, signal } = place;
  async function* stream(start: number, end: number): AsyncGenerator<Uint8Array> {
    let position = start;
    for (let failures = 0; position < end;) {
      const began = position;
      try {
        for await (const chunk of await readRange(place, position, end)) {
          position += chunk.length;
          if (position > end)
            throw new InputError(
              `${location}: expected ${end - start} bytes from the hub, got more; check HF_ENDPOINT, and the proxy ` +
                'if there is one',
            );
          yield chunk;
        }
        if (position < end) throw new UnreachableError(`the connection closed at byte ${position} of ${end}`);
      } catch (error) {
        if (error instanceof AnswerError) throw new InputError(`${location}: ${error.message}`, { cause: error });
        if (!(error instanceof UnreachableError)) throw error;
        failures = position - began >= MIN_PROGRESS ? 1 : failures + 1;
        if (failures === MAX_FAILURES) {
          throw new InputError(
            `${location}: the download broke off, and ${MAX_FAILURES} attempts got no further (${error.reason}); ` +
              'run the same command again',
          );
        }
        await wait(retryDelay * 2 ** (failures - 1), undefined, { signal });
      }
    }
  }
  return {
    location,
    size,
    stream,
    async read(position, length) {
      if (position + length > size)
        throw damagedFile(
          location,
          `expected ${position + length} bytes or more, found ${size}`,
          'take another revision',
        );
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

/** Requests the bytes from `start` to `end`. */
async function readRange(
  { location, size, url, request }: RemotePlace,
  start: number,
  end: number,
): Promise<AsyncIterable<Uint8Array>> {
  const headers = {
    Authorization: `Bearer ${PLACEHOLDER_TOKEN}`,
    Range: `bytes=${start}-${end - 1}`,
    'Accept-Encoding': 'identity',
  };
  const response = await request(url, { headers });
  const { body, status } = response;
  const { from, total } = sentRange(response);
  if (body && status === 206 && (from ?? start) === start && (total ?? size) === size) return body;
  if (body && status === 200 && total === size) return between(body, start, end); // ranges are optional in HTTP
  await body?.cancel();
  const { origin } = new URL(url);
  if (status === 200 && response.headers.get('Content-Type')?.startsWith('text/html') === true)
    throw new InputError(
      `${location}: expected the file from ${origin}, got a web page, perhaps one to log in to this network; check ` +
        'HF_ENDPOINT, and the proxy if there is one',
    );
  if (total !== undefined && total !== size)
    throw new InputError(`${location}: expected ${size} bytes, as ${origin} lists, found ${total}; try again later`);
  const got = from === undefined || from === start ? '' : `, from byte ${from}`;
  throw new InputError(
    `${location}: expected the file from byte ${start} (status 206) from ${origin}, got status ${status}${got}; ` +
      'check HF_ENDPOINT, and the proxy if there is one',
  );
}

/** The first byte that a response has of a file, and the size of the file, where it says so. */
function sentRange({ status, headers }: Response): { from: number | undefined; total: number | undefined } {
  const numbered = (text: string | null | undefined): number | undefined =>
    /^\d+$/.test(text ?? '') ? Number(text) : undefined;
  const [, from, total] = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(headers.get('Content-Range') ?? '') ?? [];
  if (status !== 200) return { from: numbered(from), total: numbered(total) };
  return { from: 0, total: headers.has('Content-Encoding') ? undefined : numbered(headers.get('Content-Length')) };
}

/** The bytes from `start` to `end` of a whole file. */
async function* between(body: AsyncIterable<Uint8Array>, start: number, end: number): AsyncGenerator<Uint8Array> {
  let position = 0;
  for await (const chunk of body) {
    const wanted = chunk.subarray(Math.max(0, start - position), Math.max(0, end - position));
    position += chunk.length;
    if (wanted.length > 0) yield wanted;
    if (position >= end) return;
  }
}
