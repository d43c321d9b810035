/** @file Responses with limits on time and size. */
import { untilAborted } from '../base/abort.js';
import { InputError } from '../base/errors.js';
import { AnswerError, reasonOf, seconds, UnreachableError } from './http-errors.js';

/** The slowest acceptable rate, in bytes a second: less than a modem's. */
const MIN_RATE = 4096;

/** The limits of a response. */
export interface AnswerLimits {
  /** The hub's address, for messages. */
  readonly hubUrl: string;
  /** Milliseconds between two chunks. */
  readonly timeout: number;
  /** Bytes, after decompression. */
  readonly most: number;
  /** Milliseconds for the whole response. */
  readonly whole: number;
  /** Ends it. */
  readonly signal?: AbortSignal | undefined;
}

/** A response that fails if its bytes come too slowly or are too many. */
export function limited(response: Response, limits: AnswerLimits): Response {
  const { body, status, statusText, headers } = response;
  if (body === null) return response;
  const pieces = paced(body, limits);
  const answer = new Response(ReadableStream.from<Uint8Array>(pieces), { status, statusText, headers });
  return Object.defineProperty(answer, 'url', { value: response.url });
}

async function* paced(
  body: ReadableStream<Uint8Array>,
  { hubUrl, timeout, most, whole, signal }: AnswerLimits,
): AsyncGenerator<Uint8Array> {
  const reader = body.getReader();
  let [received, total, waited] = [0, 0, 0];
  const end = performance.now() + whole;
  try {
    for (;;) {
      const began = performance.now();
      const next = inTime(reader.read(), Math.min(timeout, end - began), timeout);
      const { done, value } = await untilAborted(next, signal);
      if (done) return;
      total += value.length;
      if (total > most)
        throw new AnswerError(`${hubUrl} sends more than ${most} bytes where few are expected; check HF_ENDPOINT`);
      // The time that the reader needs for the bytes does not count.
      [received, waited] = [received + value.length, waited + performance.now() - began];
      if (waited > timeout) {
        if (received < (MIN_RATE * waited) / 1000)
          throw new UnreachableError(`only ${received} bytes came within ${seconds(waited)}`);
        [received, waited] = [0, 0];
      }
      yield value;
    }
  } catch (error) {
    if (error instanceof InputError) throw error;
    signal?.throwIfAborted();
    throw new UnreachableError(reasonOf(error), '', { cause: error });
  } finally {
    void reader.cancel().catch(() => undefined); // closes the connection, if the response has not ended
  }
}

/** The promise's result, unless it takes too long. */
async function inTime<T>(promise: Promise<T>, milliseconds: number, timeout: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () => {
        reject(
          new UnreachableError(
            milliseconds < timeout ? 'the answer does not end' : `nothing came for ${seconds(timeout)}`,
          ),
        );
      },
      Math.max(0, milliseconds),
    );
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
