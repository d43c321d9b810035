/** @file Uploads an export to the hub. The token, from the environment, is only ever put into requests. */
import { readdir, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { commitIter, createRepo, HubApiError, InvalidApiResponseFormatError, repoExists } from '@huggingface/hub';
import { InputError, messageOf } from '../base/errors.js';
import { hubFetch, PLACEHOLDER_TOKEN } from '../weights/http.js';
import { wrongAnswer } from '../weights/hub-client.js';
import { AnswerError, UnreachableError } from '../weights/http-errors.js';
import { findToken, hubAddress, HUB_URL, hubTimeout } from '../weights/hub-environment.js';
import { shown } from '../weights/wording.js';

/** The model on the hub to upload to. */
export interface PushTarget {
  /** `owner/name` */
  readonly name: string;
  /** Without credentials. */
  readonly hubUrl: string;
  readonly accessToken: string;
  /** Where the token was found, for messages. */
  readonly tokenSource: string;
  /** Sent as the `Authorization` header instead of the token, if `HF_ENDPOINT` contains a user name and password. */
  readonly authorization?: string | undefined;
}

/** The progress of an upload, in bytes over all files. */
export interface UploadProgress {
  readonly bytesDone: number;
  readonly bytesTotal: number;
}

/**
 * The upload target, with the token from `HF_TOKEN` or else from `hf auth login`, at `HF_ENDPOINT` or else the public
 * hub.
 *
 * @param flag the flag with the id, for messages
 * @throws InputError for an id that is not `owner/name`, and without a token
 */
export async function pushTarget(id: string, flag: string): Promise<PushTarget> {
  if (!/^[\w-][\w.-]*\/[\w-][\w.-]*$/.test(id))
    throw new InputError(`${flag}: expected a model on the hub as owner/name, got ${shown(id)}`);
  const { url, authorization } = hubAddress();
  const token = await findToken();
  if (token === undefined)
    throw new InputError(
      `${flag}: expected a token in HF_TOKEN, found none; make one with write access at ${HUB_URL}/settings/tokens`,
    );
  return { name: id, hubUrl: url, accessToken: token.value, tokenSource: token.source, authorization };
}

/**
 * Uploads all files of a folder in one commit, creating a private repository if it does not exist.
 *
 * @throws InputError, in one line, if the hub cannot be reached or refuses
 */
export async function pushFolder(
  folder: string,
  target: PushTarget,
  onProgress: (progress: UploadProgress) => void,
): Promise<{ readonly url: string; readonly created: boolean }> {
  const { name, hubUrl, accessToken, authorization = `Bearer ${accessToken}` } = target;
  const files = await filesOf(folder);
  // The library never gets the token: it is added to requests to the hub's own origin only.
  const request = hubFetch({ hubUrl, authorization, timeout: hubTimeout() }, { elsewhere: true, most: LARGEST_ANSWER });
  const access = { repo: { type: 'model' as const, name }, hubUrl, accessToken: PLACEHOLDER_TOKEN, fetch: request };
  try {
    const created = !(await repoExists(access));
    if (created) await createRepo({ ...access, visibility: 'private' });
    const bytesTotal = files.reduce((sum, { size }) => sum + size, 0);
    const done = new Map<string, number>();
    const report = (): void => {
      onProgress({ bytesDone: [...done.values()].reduce((sum, bytes) => sum + bytes, 0), bytesTotal });
    };
    const upload = commitIter({
      ...access,
      operations: files.map(({ name: path, path: source }) => ({
        operation: 'addOrUpdate',
        path,
        content: pathToFileURL(source),
      })),
      title: 'Upload an export of kd',
    });
    for await (const event of upload) {
      if (event.event !== 'fileProgress' || event.state !== 'uploading') continue;
      done.set(event.path, event.progress * (files.find(({ name: path }) => path === event.path)?.size ?? 0));
      report();
    }
    for (const { name: path, size } of files) done.set(path, size); // small files are part of the commit itself
    report();
    return { url: `${hubUrl}/${name}`, created };
  } catch (error) {
    throw new InputError(`${name}: ${refusal(error, target)}; the export itself is in ${folder}`, { cause: error });
  }
}

/** Far more than the hub's response to an upload. */
const LARGEST_ANSWER = 20_000_000;

interface FileToPush {
  /** Its path in the repository. */
  readonly name: string;
  readonly path: string;
  readonly size: number;
}

async function filesOf(folder: string): Promise<FileToPush[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  return Promise.all(
    paths.map(async (path) => ({
      name: relative(folder, path).split(sep).join('/'),
      path,
      size: (await stat(path)).size,
    })),
  );
}

/** Why the hub refused the upload. Never contains the token, whatever the hub's message says. */
function refusal(error: unknown, { name, hubUrl, accessToken, tokenSource: source }: PushTarget): string {
  const said = (message: string): string => shown(message.replaceAll(accessToken, source));
  const status = error instanceof HubApiError ? error.statusCode : undefined;
  if (status === 401)
    return `${hubUrl} does not accept the token in ${source}; make another at ${hubUrl}/settings/tokens`;
  if (status === 403)
    return `${hubUrl} does not allow the token in ${source} to write there; use one with write access for its owner`;
  if (status === 404)
    return (
      `${hubUrl} has no such repository and makes none for the token in ${source}; check that ` +
      `${name.split('/')[0]} is yours`
    );
  if (status === 429 || (status !== undefined && status >= 500))
    return `${hubUrl} answers with status ${status}; try again later`;
  if (status !== undefined) return `${hubUrl} refuses with status ${status} (${said(reasonOf(error as HubApiError))})`;
  if (error instanceof AnswerError) return said(error.message);
  if (error instanceof TypeError || error instanceof SyntaxError || error instanceof InvalidApiResponseFormatError)
    return wrongAnswer(error, hubUrl, said);
  const route = error instanceof UnreachableError ? error.route : '';
  return (
    `the upload to ${hubUrl} broke off (${said(messageOf(deepestCause(error)) + route)}); check the connection ` +
    'and run the same command again'
  );
}

function deepestCause(error: unknown): unknown {
  return error instanceof Error && error.cause instanceof Error ? deepestCause(error.cause) : error;
}

/** The hub's own message, if any. */
function reasonOf(error: HubApiError): string {
  return typeof error.data?.error === 'string' ? error.data.error : messageOf(error);
}
