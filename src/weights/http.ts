/**
 * @file Requests to the hub and to where it sends on. The token goes to the hub's own origin and to no other: it is
 * added here, by the address of each request, in the place of a placeholder, and nobody else has it. Answers have
 * limits in time and size.
 */
import { fetch as send, type RequestInit as SendInit } from 'undici';
import { InputError, messageOf } from '../base/errors.js';
import { dispatcherFor, proxyFor } from './proxy.js';

/** The hub as requests are made to it. */
export interface HubOrigin {
  /** Its address, without user name and password. */
  readonly hubUrl: string;
  /** What goes into the header `Authorization`, to this origin alone. */
  readonly authorization: string | undefined;
  /** Milliseconds to an answer's beginning, and between two pieces of it. */
  readonly timeout: number;
}

/** What is allowed of one request. */
export interface RequestLimits {
  /** Whether it may begin at another origin than the hub's, as uploads to a store do. */
  readonly elsewhere?: boolean;
  /** Bytes of the answer, unpacked. */
  readonly most?: number;
  /** Milliseconds for the whole answer. */
  readonly whole?: number;
}

/** The connection failed, as opposed to the hub refusing. */
export class UnreachableError extends InputError {
  override readonly code = 'UNREACHABLE';
  /** What went wrong, in a few words, with the proxy that was on the way. */
  readonly reason: string;

  constructor(
    reason: string,
    /** The proxy on the way, as the end of a sentence; empty for none. */
    readonly route = '',
    options?: ErrorOptions,
  ) {
    super(reason + route, options);
    this.reason = reason + route;
  }
}

/** The hub answers what cannot be taken, or leads where no request may go. */
export class AnswerError extends InputError {
  override readonly code = 'UNFIT_ANSWER';
}

const MOST_REDIRECTS = 10;
/** Bytes a second that an answer must bring: less than a modem's. */
const LEAST_RATE = 4096;
/** Times the time limit that the hub may take to answer an upload, or to take its next piece. */
const UPLOAD_PATIENCE = 6;

/**
 * `fetch` for one hub.
 *
 * @throws AnswerError for an answer that leads where no request may go, UnreachableError for none
 */
export function hubFetch(hub: HubOrigin, limits: RequestLimits = {}): typeof fetch {
  const origin = new URL(hub.hubUrl).origin;
  return async (input, init = {}) => {
    let url = new URL(input instanceof Request ? input.url : input);
    let method = (init.method ?? 'GET').toUpperCase();
    if (limits.elsewhere !== true && url.origin !== origin)
      throw new AnswerError(
        `${hub.hubUrl} leads to another server (${url.host}), where it may not be asked for; check HF_ENDPOINT`,
      );
    const headers = new Headers(init.headers);
    const asHub = headers.get('Authorization') === `Bearer ${PLACEHOLDER_TOKEN}`;
    for (let redirects = 0; ; redirects++) {
      if (asHub) setAuthorization(headers, url.origin === origin ? hub.authorization : undefined);
      const response = await sendOnce(url, { ...init, method, headers }, hub.timeout);
      const location = response.headers.get('Location');
      if (![301, 302, 303, 307, 308].includes(response.status) || location === null)
        return limited(response, hub, limits);
      await response.body?.cancel().catch(() => undefined);
      const next = nextAddress(url, location, method, hub.hubUrl);
      if (redirects === MOST_REDIRECTS)
        throw new AnswerError(`${hub.hubUrl} sends on more than ${MOST_REDIRECTS} times; try again later`);
      if (next.origin !== url.origin) headers.delete('Authorization'); // a store's own, which its address came with
      if (response.status === 303) method = method === 'HEAD' ? 'HEAD' : 'GET';
      url = next;
    }
  };
}

/**
 * What stands for the token in requests that ask for it. The hub's library, which would send a token wherever an answer
 * leads, gets this one.
 */
export const PLACEHOLDER_TOKEN = 'hf_placeholder';

function setAuthorization(headers: Headers, value: string | undefined): void {
  if (value === undefined) headers.delete('Authorization');
  else headers.set('Authorization', value);
}

/**
 * Where an answer sends on to.
 *
 * @throws AnswerError for what is no address of the web, or has a password, for one without encryption after one with,
 *   and for an
 * upload that would go to another server
 */
export function nextAddress(from: URL, location: string, method: string, hubUrl: string): URL {
  const next = URL.canParse(location, from.href) ? new URL(location, from.href) : undefined;
  if (
    next === undefined ||
    !['http:', 'https:'].includes(next.protocol) ||
    next.username !== '' ||
    next.password !== ''
  )
    throw new AnswerError(`${hubUrl} sends on to what is no plain address of the web; try again later`);
  if (from.protocol === 'https:' && next.protocol === 'http:')
    throw new AnswerError(
      `${hubUrl} sends on to ${next.host} without encryption, which is not followed; check HF_ENDPOINT`,
    );
  if (!['GET', 'HEAD'].includes(method) && next.origin !== from.origin)
    throw new AnswerError(
      `${hubUrl} sends an upload on to another server (${next.host}), which is not followed; check HF_ENDPOINT`,
    );
  return next;
}

/** One request, whose answer must begin in time. */
async function sendOnce(url: URL, init: RequestInit, timeout: number): Promise<Response> {
  const proxy = proxyFor(url);
  const given = init.signal ?? undefined;
  const controller = new AbortController();
  const abort = (): void => {
    controller.abort(given?.reason);
  };
  given?.addEventListener('abort', abort);
  const limit = hasBody(init) ? UPLOAD_PATIENCE * timeout : timeout;
  const timer = setTimeout(() => {
    controller.abort(new UnreachableError(`no answer within ${seconds(limit)}`));
  }, limit);
  const body = hasBody(init) ? { body: watched(init.body, () => timer.refresh()) } : {};
  try {
    const headers = Object.fromEntries(new Headers(init.headers));
    const signal = controller.signal;
    const options = { ...init, ...body, headers, signal, redirect: 'manual', dispatcher: dispatcherFor(proxy) };
    const response = (await send(url, options as unknown as SendInit)) as unknown as Response;
    if (response.status === 407) throw new UnreachableError('it wants a user name and password');
    return response;
  } catch (error) {
    given?.throwIfAborted();
    const route = proxy === undefined ? '' : `, by the proxy ${proxy.address} that ${proxy.variable} names`;
    throw new UnreachableError(reasonOf(error), route, { cause: error });
  } finally {
    clearTimeout(timer);
    given?.removeEventListener('abort', abort);
  }
}

type Sent = string | ArrayBuffer | Uint8Array<ArrayBuffer> | Blob;

function hasBody(init: RequestInit): init is RequestInit & { readonly body: Sent } {
  const { body } = init;
  return typeof body === 'string' || body instanceof ArrayBuffer || body instanceof Uint8Array || body instanceof Blob;
}

/** What is uploaded, so that it says when a piece of it goes out. */
function watched(sent: Sent, onPiece: () => void): Blob {
  const content = sent instanceof Blob ? sent : new Blob([sent]);
  const stream = (): ReadableStream =>
    content.stream().pipeThrough(
      new TransformStream<Uint8Array, Uint8Array>({
        transform: (piece, controller) => {
          onPiece();
          controller.enqueue(piece);
        },
      }),
    );
  return Object.defineProperties(new Blob([]), { size: { value: content.size }, stream: { value: stream } });
}

/** What went wrong below `fetch failed`, which says nothing. */
function reasonOf(error: unknown): string {
  if (error instanceof UnreachableError) return error.reason;
  if (error instanceof Error && error.cause instanceof Error) return reasonOf(error.cause);
  const status = /^Proxy (?:response|Authentication Required) \((\d+)\)/.exec(messageOf(error))?.[1];
  if (status === '407') return 'it wants a user name and password';
  if (status !== undefined) return `status ${status}`;
  const isSystems = error instanceof Error && !(error instanceof InputError) && 'code' in error;
  const code = isSystems && typeof error.code === 'string' ? error.code : undefined;
  return code ?? messageOf(error);
}

function seconds(milliseconds: number): string {
  return `${Number((milliseconds / 1000).toPrecision(3))} s`;
}

/** An answer whose bytes must come in time, and not be too many. */
function limited(
  response: Response,
  { hubUrl, timeout }: HubOrigin,
  { most = Infinity, whole = Infinity }: RequestLimits,
): Response {
  const { body, status, statusText, headers } = response;
  if (body === null) return response;
  const pieces = paced(body, { timeout, most, whole, hubUrl });
  return new Response(ReadableStream.from<Uint8Array>(pieces), { status, statusText, headers });
}

async function* paced(
  body: ReadableStream<Uint8Array>,
  { timeout, most, whole, hubUrl }: { timeout: number; most: number; whole: number; hubUrl: string },
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
