/** @file Answers within limits of time and size. */
import { InputError } from '../base/errors.js';
import { AnswerError, reasonOf, seconds, UnreachableError } from './http-errors.js';

/** Bytes a second that an answer must bring: less than a modem's. */
const LEAST_RATE = 4096;

/** What is allowed of an answer. */
export interface AnswerLimits {
  /** The hub's address, for messages. */
  readonly hubUrl: string;
  /** Milliseconds between two pieces. */
  readonly timeout: number;
  /** Bytes, unpacked. */
  readonly most: number;
  /** Milliseconds for all of it. */
  readonly whole: number;
}

/** An answer whose bytes must come in time, and not be too many. */
export function limited(response: Response, limits: AnswerLimits): Response {
  const { body, status, statusText, headers } = response;
  if (body === null) return response;
  const pieces = paced(body, limits);
  return new Response(ReadableStream.from<Uint8Array>(pieces), { status, statusText, headers });
}

async function* paced(
  body: ReadableStream<Uint8Array>,
  { hubUrl, timeout, most, whole }: AnswerLimits,
): AsyncGenerator<Uint8Array> {
  const reader = body.getReader();
  let [received, total, waited] = [0, 0, 0];
  const end = performance.now() + whole;
  try {
    for (;;) {
      const began = performance.now();
      const { done, value } = await inTime(reader.read(), Math.min(timeout, end - began), timeout);
      if (done) return;
      total += value.length;
      if (total > most)
        throw new AnswerError(
          `${hubUrl} answers with more than ${most} bytes where few were expected; check HF_ENDPOINT`,
        );
      // The time that whoever takes the bytes needs for them does not count.
      [received, waited] = [received + value.length, waited + performance.now() - began];
      if (waited > timeout) {
        if (received < (LEAST_RATE * waited) / 1000)
          throw new UnreachableError(`only ${received} bytes came within ${seconds(waited)}`);
        [received, waited] = [0, 0];
      }
      yield value;
    }
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new UnreachableError(reasonOf(error), '', { cause: error });
  } finally {
    void reader.cancel().catch(() => undefined); // closes the connection, if the answer has not ended
  }
}

/** What is promised, unless it takes too long. */
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
