/** @file Errors of requests to the hub. */
import { InputError, messageOf } from '../base/errors.js';

/** A proxy's status 407, in words. */
export const PASSWORD_REQUIRED = 'a user name and a password are required';

/** The connection failed, as opposed to the hub refusing. */
export class UnreachableError extends InputError {
  override readonly code = 'UNREACHABLE';
  /** What went wrong, in a few words, with the proxy in use. */
  readonly reason: string;

  constructor(
    reason: string,
    /** The proxy in use, as the end of a sentence; empty for none. */
    readonly route = '',
    options?: ErrorOptions,
  ) {
    super(reason + route, options);
    this.reason = reason + route;
  }
}

/** The hub's response is unusable, or redirects to where no request may go. */
export class AnswerError extends InputError {
  override readonly code = 'UNFIT_ANSWER';
}

/** The hub refuses. */
export class RefusedError extends InputError {
  /** The hub's `X-Error-Code`, such as `RevisionNotFound`. */
  readonly reason: string | undefined;

  constructor(message: string, reason: string | undefined) {
    super(message);
    this.reason = reason;
  }
}

/** The cause behind `fetch failed`, which says nothing. */
export function reasonOf(error: unknown): string {
  if (error instanceof UnreachableError) return error.reason;
  if (error instanceof Error && error.cause instanceof Error) return reasonOf(error.cause);
  const status = /^Proxy (?:response|Authentication Required) \((\d+)\)/.exec(messageOf(error))?.[1];
  if (status === '407') return PASSWORD_REQUIRED;
  if (status !== undefined) return `status ${status}`;
  const isSystems = error instanceof Error && !(error instanceof InputError) && 'code' in error;
  const code = isSystems && typeof error.code === 'string' ? error.code : undefined;
  if (code === undefined || code.startsWith('UND_')) return messageOf(error); // undici's codes say less
  const words = Object.hasOwn(NO_NETWORK, code) ? `${NO_NETWORK[code]!}: ` : '';
  return words + code;
}

/** What the system's codes mean where there is no network, or only part of one. */
const NO_NETWORK: Readonly<Record<string, string>> = {
  EAI_AGAIN: 'no name server answers',
  ENOTFOUND: 'name servers do not know this name',
  ENETUNREACH: 'no network',
  EHOSTUNREACH: 'no route to the host',
};

/** Whether a connection was made and then broke off, so that another attempt may succeed. */
export function isBrokenOff(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = 'code' in error ? error.code : undefined;
  return code === 'UND_ERR_SOCKET' || code === 'ECONNRESET' || code === 'EPIPE' || isBrokenOff(error.cause);
}

/** Milliseconds in seconds, for messages. */
export function seconds(milliseconds: number): string {
  return `${Number((milliseconds / 1000).toPrecision(3))} s`;
}
