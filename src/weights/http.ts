/**
 * @file Requests to the hub and to where it sends on. The token goes to the hub's own origin and to no other: it is
 * added here, by the address of each request, in the place of a placeholder, and nobody else has it. Answers have
 * limits in time and size.
 */
import { limited } from './http-answer.js';
import { AnswerError } from './http-errors.js';
import { sendOnce } from './http-request.js';

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

const MOST_REDIRECTS = 10;
/**
 * `fetch` for one hub.
 *
 * @throws AnswerError for an answer that leads where no request may go, UnreachableError for none
 */
export function hubFetch(hub: HubOrigin, limits: RequestLimits = {}): typeof fetch {
  const origin = new URL(hub.hubUrl).origin;
  const { most = Infinity, whole = Infinity } = limits;
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
        return limited(response, { hubUrl: hub.hubUrl, timeout: hub.timeout, most, whole });
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
 *   and for an upload that would go to another server
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
