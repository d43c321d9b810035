/** @file Why the hub refuses, and whether to retry. */
import type { HubAccess, ModelId } from './hub-access.js';

/**
 * Why the hub refused. Codes:
 * https://github.com/huggingface/huggingface_hub/blob/v0.24.0/src/huggingface_hub/utils/_errors.py
 */
export function refusal(
  { status, headers, url }: Response,
  { name, revision }: ModelId,
  { hubUrl, credentials, flag }: HubAccess,
): string {
  const origin = URL.canParse(url) ? new URL(url).origin : undefined;
  if (origin !== undefined && origin !== new URL(hubUrl).origin) {
    return (
      `${origin}, where ${hubUrl} has its files, answers with status ${status}; try again later, or check whether ` +
      'this network, or its proxy, lets you reach it'
    );
  }
  const code = headers.get('X-Error-Code');
  // Said of every model, public ones too.
  if (
    credentials !== undefined &&
    status === 401 &&
    headers.get('X-Error-Message') === 'Invalid credentials in Authorization header'
  )
    return `${hubUrl} does not know ${credentials}; replace it, or remove it if the model is public`;
  const token = credentials === undefined ? 'set HF_TOKEN' : `replace ${credentials} with one that may read it`;
  if (code === 'GatedRepo') return `the model is gated; accept its terms at ${hubUrl}/${name} and ${token}`;
  if (code === 'RevisionNotFound')
    return `the model has no revision ${revision}; name a branch, a tag or a commit that it has, after @`;
  if (code === 'EntryNotFound') return `${hubUrl} does not have a file that it lists; try again later`;
  if (status === 401 || status === 404) {
    return (
      `no such folder, and no such model at ${hubUrl}, unless it is private; check the name given to ${flag}, ` +
      `or ${token}`
    );
  }
  if (status === 403) return `${hubUrl} does not allow you to read it; ${token}`;
  if (status === 429) {
    const wait = `wait ${pauseWanted(headers)} and run the same command again`;
    return `${hubUrl} has had too many requests; ${wait}${credentials === undefined ? ', or set HF_TOKEN' : ''}`;
  }
  return `${hubUrl} answers with status ${status}; try again later, or give a local folder to ${flag}`;
}

function pauseWanted(headers: Headers): string {
  const milliseconds = retryAfter(headers);
  return milliseconds === undefined ? 'a few minutes' : `${Math.ceil(milliseconds / 1000)} s`;
}

const BUSY = [429, 500, 502, 503, 504];
/** The longest wait for a hub that says when to come back, in milliseconds. */
const LONGEST_PAUSE = 30_000;

/**
 * Milliseconds until the next attempt: what the hub says, else `standard`; undefined if retrying does not help, or
 * takes too long.
 */
export function retryPause({ status, headers }: Response, standard: number): number | undefined {
  if (!BUSY.includes(status)) return undefined;
  const pause = retryAfter(headers) ?? standard;
  return pause <= LONGEST_PAUSE ? pause : undefined;
}

/**
 * `Retry-After`, in seconds or as a date, in milliseconds from now; else what `RateLimit` says of a quota that is used
 * up. Source: https://www.ietf.org/archive/id/draft-ietf-httpapi-ratelimit-headers-09.html
 */
function retryAfter(headers: Headers): number | undefined {
  const quota = /;\s*r=0\s*;\s*t=(\d{1,9})/.exec(headers.get('RateLimit') ?? '')?.[1];
  const text = headers.get('Retry-After')?.trim() ?? quota ?? '';
  if (/^\d{1,9}$/.test(text)) return 1000 * Number(text);
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now());
}
