/**
 * @file Requests to the hub and its redirects. The token goes to the hub's own origin and to no other: it is added
 * here, for each request by its address, instead of a placeholder; no other code has it. Responses have limits on time
 * and size.
 */
import { limited } from './http-answer.js';
import { AnswerError } from './http-errors.js';
import { sendOnce } from './http-request.js';

/** The hub to which requests are made. */
export interface HubOrigin {
  /** Its address, without user name and password. */
  readonly hubUrl: string;
  /** The value of the header `Authorization`, for this origin only. */
  readonly authorization: string | undefined;
  /** Milliseconds until a response begins, and between two chunks of it. */
  readonly timeout: number;
  /** Ends requests and responses. */
  readonly signal?: AbortSignal | undefined;
}

/** The limits of a request. */
export interface RequestLimits {
  /** Whether it may start at another origin than the hub's, as uploads to a store do. */
  readonly elsewhere?: boolean;
  /** Bytes of the response, after decompression. */
  readonly most?: number;
  /** Milliseconds for the whole response. */
  readonly whole?: number;
}

const MAX_REDIRECTS = 10;
/**
 * `fetch` for one hub.
 *
 * @throws AnswerError for a redirect to where no request may go, UnreachableError for no response
 */
export function hubFetch(hub: HubOrigin, limits: RequestLimits = {}): typeof fetch {
  const origin = new URL(hub.hubUrl).origin;
  const { most = Infinity, whole = Infinity } = limits;
  return async (input, init = {}) => {
    let url = new URL(input instanceof Request ? input.url : input);
    let method = (init.method ?? 'GET').toUpperCase();
    if (limits.elsewhere !== true && url.origin !== origin)
      throw new AnswerError(
        `${hub.hubUrl} refers to another server (${url.host}), which kd does not contact; check HF_ENDPOINT`,
      );
    const headers = new Headers(init.headers);
    const asHub = headers.get('Authorization') === `Bearer ${PLACEHOLDER_TOKEN}`;
    for (let redirects = 0; ; redirects++) {
      if (asHub) setAuthorization(headers, url.origin === origin ? hub.authorization : undefined);
      const response = await sendOnce(
        url,
        { ...init, method, headers, signal: init.signal ?? hub.signal ?? null },
        hub.timeout,
      );
      const location = response.headers.get('Location');
      if (![301, 302, 303, 307, 308].includes(response.status) || location === null)
        return limited(response, { ...hub, most, whole });
      await response.body?.cancel().catch(() => undefined);
      const next = nextAddress(url, location, method, hub.hubUrl);
      if (redirects === MAX_REDIRECTS)
        throw new AnswerError(`${hub.hubUrl} redirects more than ${MAX_REDIRECTS} times; try again later`);
      if (next.origin !== url.origin) headers.delete('Authorization'); // a store's own, which came with its address
      if (response.status === 303) method = method === 'HEAD' ? 'HEAD' : 'GET';
      url = next;
    }
  };
}

/**
 * Stands for the token in requests that need it. The hub's library, which would send a token wherever a redirect leads,
 * only has this placeholder.
 */
export const PLACEHOLDER_TOKEN = 'hf_placeholder';

function setAuthorization(headers: Headers, value: string | undefined): void {
  if (value === undefined) headers.delete('Authorization');
  else headers.set('Authorization', value);
}

/**
 * The target of a redirect.
 *
 * @throws AnswerError for an address that is not of the web or has a password, for one without encryption after one
 * with, and for an upload to another server
 */
export function nextAddress(from: URL, location: string, method: string, hubUrl: string): URL {
  const next = URL.canParse(location, from.href) ? new URL(location, from.href) : undefined;
  if (
    next === undefined ||
    !['http:', 'https:'].includes(next.protocol) ||
    next.username !== '' ||
    next.password !== ''
  )
    throw new AnswerError(`${hubUrl} redirects to something that is not a plain web address; try again later`);
  if (from.protocol === 'https:' && next.protocol === 'http:')
    throw new AnswerError(
      `${hubUrl} redirects to ${next.host} without encryption, which is not followed; check HF_ENDPOINT`,
    );
  if (!['GET', 'HEAD'].includes(method) && next.origin !== from.origin)
    throw new AnswerError(
      `${hubUrl} redirects an upload to another server (${next.host}), which is not followed; check HF_ENDPOINT`,
    );
  return next;
}
