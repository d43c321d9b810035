/**
 * @file The hub's environment variables, read as Python's `huggingface_hub` reads them: address, token, cache, timeout.
 * Source: https://huggingface.co/docs/huggingface_hub/package_reference/environment_variables
 */
import { stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { isAbsolute, join, resolve, sep } from 'node:path';
import { InputError } from '../base/errors.js';
import { isMissing } from '../base/system-errors.js';
import { readRegularFile } from '../base/regular-file.js';

/** The public hub. */
export const HUB_URL = 'https://huggingface.co';

/** The hub's address, and the credentials in it. */
export interface HubAddress {
  /** Without a trailing slash, and without user name and password, so that it can be shown. */
  readonly url: string;
  /**
   * The value of the header `Authorization` if the address has a user name and password; it overrides a token, as in
   * Python.
   */
  readonly authorization: string | undefined;
}

/** The value of an environment variable that is set and not empty. */
export function environment(name: string): string | undefined {
  const value = process.env[name];
  return value === '' ? undefined : value;
}

function isTrue(name: string): boolean {
  return /^(1|true|yes|on)$/i.test(environment(name) ?? '');
}

/** The variable that forbids contacting the hub; undefined if none does. */
export function offlineVariable(): string | undefined {
  const name = environment('HF_HUB_OFFLINE') === undefined ? 'TRANSFORMERS_OFFLINE' : 'HF_HUB_OFFLINE';
  return isTrue(name) ? name : undefined;
}

/**
 * The hub for downloads and uploads: `HF_ENDPOINT`, else the public hub.
 *
 * @param given another address
 * @throws InputError, without quoting a password, for an invalid address
 */
export function hubAddress(given = environment('HF_ENDPOINT')): HubAddress {
  const text = (given ?? HUB_URL).trim();
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !['http:', 'https:'].includes(url.protocol) || url.search !== '' || url.hash !== '') {
    const found = /[@?#]/.test(text) ? 'something else' : text.slice(0, 100); // these may precede a password
    throw new InputError(`HF_ENDPOINT: expected an address such as ${HUB_URL}, got ${found}; correct or unset it`);
  }
  const authorization = basicAuthorization(url);
  return { url: (url.origin + url.pathname).replace(/\/+$/, ''), authorization };
}

/** User name and password of an address as a header's value. */
export function basicAuthorization({ username, password }: URL): string | undefined {
  if (username === '' && password === '') return undefined;
  return `Basic ${Buffer.from(`${decoded(username)}:${decoded(password)}`).toString('base64')}`;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Where a token comes from, for messages. */
export interface Token {
  readonly value: string;
  /** A variable or a file. */
  readonly source: string;
}

/**
 * The token for the hub: `HF_TOKEN`, else `HUGGING_FACE_HUB_TOKEN`, else the one that `hf auth login` stored.
 *
 * @throws InputError, without quoting it, for what cannot be a token
 */
export async function findToken(): Promise<Token | undefined> {
  const source = ['HF_TOKEN', 'HUGGING_FACE_HUB_TOKEN'].find((name) => environment(name) !== undefined);
  const given = source === undefined ? undefined : tokenFrom(environment(source)!, source);
  return given ?? storedToken();
}

/** The token for reading: none if `HF_HUB_DISABLE_IMPLICIT_TOKEN` says so. */
export async function findReadToken(): Promise<Token | undefined> {
  return isTrue('HF_HUB_DISABLE_IMPLICIT_TOKEN') ? undefined : findToken();
}

const LARGEST_TOKEN_FILE = 100_000;

async function storedToken(): Promise<Token | undefined> {
  const path = expanded(environment('HF_TOKEN_PATH') ?? join(hubHome(), 'token'));
  const exists = await stat(path).then(
    () => true,
    (error: unknown) => !isMissing(error),
  );
  return exists ? tokenFrom((await readRegularFile(path, LARGEST_TOKEN_FILE)).toString('utf8'), path) : undefined;
}

/** Line breaks are removed and blanks trimmed, as in Python. */
function tokenFrom(text: string, source: string): Token | undefined {
  const value = text.replace(/[\r\n]/g, '').trim();
  if (value === '') return undefined;
  if (/^[\x21-\x7e]+$/.test(value)) return { value, source };
  throw new InputError(`${source}: expected a token of the hub, got characters that none has; copy it again`);
}

/** The folder of `huggingface_hub`'s own files. */
function hubHome(): string {
  return expanded(environment('HF_HOME') ?? join(userCache(), 'huggingface'));
}

/** The folder of models' files, shared with Python: `HF_HUB_CACHE`, else `hub` in `HF_HOME`. */
export function hubCacheFolder(): string {
  const given = environment('HF_HUB_CACHE') ?? environment('HUGGINGFACE_HUB_CACHE');
  return resolve(given === undefined ? join(hubHome(), 'hub') : expanded(given));
}

/** `XDG_CACHE_HOME`, else `.cache` in the user's home. */
function userCache(): string {
  return environment('XDG_CACHE_HOME') ?? join(homedir(), '.cache');
}

/**
 * The folder of what only kd stores about models: `kd/hub` in `XDG_CACHE_HOME`, if that is absolute, else in `.cache`
 * in the user's home.
 */
export function ownCacheFolder(): string {
  return join(isAbsolute(userCache()) ? userCache() : join(homedir(), '.cache'), 'kd', 'hub');
}

/** The variable that moves the folder of a cached file. */
export function variableOf(path: string): string {
  if (!path.startsWith(hubCacheFolder() + sep)) return 'XDG_CACHE_HOME';
  const isGiven = ['HF_HUB_CACHE', 'HUGGINGFACE_HUB_CACHE'].some((name) => environment(name) !== undefined);
  return isGiven ? 'HF_HUB_CACHE' : 'HF_HOME';
}

/** A path with `~`, `$NAME` and `${NAME}` expanded; names that are not set stay. */
function expanded(path: string): string {
  return path
    .replace(/^~(?=\/|$)/, () => homedir())
    .replace(
      /\$(?:(\w+)|\{(\w+)\})/g,
      (whole, plain?: string, braced?: string) => process.env[(plain ?? braced)!] ?? whole,
    );
}

const STANDARD_TIMEOUT_S = 10;

/**
 * Milliseconds that the hub may be silent: `HF_HUB_DOWNLOAD_TIMEOUT`, in seconds, or else 10 s.
 *
 * @throws InputError if it is not a number of seconds
 */
export function hubTimeout(): number {
  const text = environment('HF_HUB_DOWNLOAD_TIMEOUT');
  if (text === undefined) return 1000 * STANDARD_TIMEOUT_S;
  const seconds = Number(text);
  if (seconds > 0 && seconds <= 86_400) return 1000 * seconds;
  const found = `expected seconds, more than 0 and at most a day, got ${text}`;
  throw new InputError(`HF_HUB_DOWNLOAD_TIMEOUT: ${found}; correct or unset it`);
}
