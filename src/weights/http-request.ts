/** @file One request, directly or through a proxy. */
import type { RequestInit as SendInit } from 'undici';
import { PASSWORD_REQUIRED, reasonOf, seconds, UnreachableError } from './http-errors.js';
import { isConnected } from './connected.js';
import { limitLookups } from './name-lookup.js';
import { dispatcherFor, proxyFor } from './proxy.js';

/** How many timeouts the hub may take to respond to an upload, or to accept its next chunk. */
const UPLOAD_PATIENCE = 6;

/** How long to wait where there is no network. */
const HOPELESS_MS = 2000;

/**
 * One request, whose response must begin in time.
 *
 * @param timeout milliseconds; an upload may take longer between two chunks
 * @throws UnreachableError if there is no response; the reason of an aborted signal
 */
export async function sendOnce(url: URL, init: RequestInit, timeout: number): Promise<Response> {
  const { fetch: send } = await import('undici'); // most commands send no requests
  const proxy = proxyFor(url);
  const given = init.signal ?? undefined;
  given?.throwIfAborted();
  const controller = new AbortController();
  const abort = (): void => {
    controller.abort(given?.reason);
  };
  given?.addEventListener('abort', abort);
  const isHopeless = !isConnected(new URL(proxy?.address ?? url));
  limitLookups(isHopeless);
  const patience = hasBody(init) ? UPLOAD_PATIENCE * timeout : timeout;
  const limit = isHopeless ? Math.min(patience, HOPELESS_MS) : patience;
  const timer = setTimeout(() => {
    const why = isHopeless ? 'this machine is not connected to a network' : `no answer within ${seconds(limit)}`;
    controller.abort(new UnreachableError(why));
  }, limit);
  const body = hasBody(init) ? { body: watched(init.body, () => timer.refresh()) } : {};
  try {
    const headers = Object.fromEntries(new Headers(init.headers));
    const signal = controller.signal;
    const dispatcher = await dispatcherFor(proxy);
    const options = { ...init, ...body, headers, signal, redirect: 'manual', dispatcher };
    const response = (await send(url, options as unknown as SendInit)) as unknown as Response;
    if (response.status === 407) throw new UnreachableError(PASSWORD_REQUIRED);
    return response;
  } catch (error) {
    given?.throwIfAborted();
    const route = proxy === undefined ? '' : `, through the proxy ${proxy.address} from ${proxy.variable}`;
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

/** The content of an upload, which reports when a chunk of it is sent. */
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
