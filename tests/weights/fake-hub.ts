/** @file A hub on 127.0.0.1 that serves what this program asks of the real one, and counts it. */
import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { vi } from 'vitest';
import { closeWithConnections, listenOnLoopback } from '../loopback.js';

/** How a request for a file's bytes is answered, in the place of the bytes. */
export type Interference = (path: string, start: number, end: number, response: ServerResponse) => boolean;

export interface FakeHub {
  readonly url: string;
  /** The models by `owner/name`, each the files of its one commit. */
  readonly models: Map<string, Map<string, Buffer>>;
  /** `METHOD path` of every request, in order. */
  readonly requests: string[];
  /** The byte ranges served, by file; probes of one byte for the size left out. */
  readonly ranges: { path: string; start: number; end: number }[];
  /** Authorization headers that came. */
  readonly tokens: Set<string>;
  /** Tried before a file's bytes are served; true if it answered. */
  interfere: Interference | undefined;
  /** The status and error code for every request, if set. */
  refusal: { status: number; code?: string; headers?: Record<string, string> } | undefined;
  /** Tried before anything else; true if it answered. */
  answerFirst: ((response: ServerResponse) => boolean) | undefined;
  /** The body of every answer, if set. */
  answerAll: string | undefined;
  /** Bytes of files served so far. */
  bytesServed(): number;
  close(): Promise<void>;
}

/** The commit of every model of the fake hub, under the names `main` and `v1`. */
export const COMMIT = '0123456789abcdef0123456789abcdef01234567';

/** From this size on, files are listed as large ones, with the SHA-256 of their content. */
const LARGE = 50_000;

const FOLDER = { type: 'directory', path: 'onnx', oid: '0'.repeat(40), size: 0 };

/** Starts a hub without models. */
export async function startFakeHub(): Promise<FakeHub> {
  const server = createServer((request, response) => {
    answer(hub, request, response);
  });
  const address = await listenOnLoopback(server);
  const hub: FakeHub = {
    url: `http://${address}`,
    models: new Map(),
    requests: [],
    ranges: [],
    tokens: new Set(),
    interfere: undefined,
    refusal: undefined,
    answerFirst: undefined,
    answerAll: undefined,
    bytesServed: () => hub.ranges.reduce((total, { start, end }) => total + end - start, 0),
    close: () => closeWithConnections(server),
  };
  return hub;
}

function answer(hub: FakeHub, request: IncomingMessage, response: ServerResponse): void {
  const { pathname } = new URL(request.url!, hub.url);
  hub.requests.push(`${request.method!} ${pathname}`);
  if (request.headers.authorization) hub.tokens.add(request.headers.authorization);
  if (hub.answerFirst?.(response) === true) return;
  if (hub.refusal) {
    refuse(response, hub.refusal.status, hub.refusal.code, hub.refusal.headers);
    return;
  }
  if (hub.answerAll !== undefined) {
    response.end(hub.answerAll);
    return;
  }
  const [, repo, kind, revision, path] =
    /^\/(?:api\/models\/)?([^/]+\/[^/]+)\/(revision|tree|resolve)\/([^/]+)(?:\/(.+))?$/.exec(pathname) ?? [];
  const files = hub.models.get(repo);
  if (!files) refuse(response, 401, 'RepoNotFound');
  else if (![COMMIT, 'main', 'v1'].includes(decodeURIComponent(revision))) refuse(response, 404, 'RevisionNotFound');
  else if (kind === 'revision')
    sendJson(response, { _id: 'x', id: repo, sha: COMMIT, lastModified: '2024-01-01T00:00:00.000Z' });
  else if (kind === 'tree') sendJson(response, [FOLDER, ...[...files].map(([name, bytes]) => listing(name, bytes))]);
  else if (!files.has(path)) refuse(response, 404, 'EntryNotFound');
  else sendBytes(hub, path, files.get(path)!, request, response);
}

function listing(path: string, bytes: Buffer): object {
  const entry = { type: 'file', path, size: bytes.length, oid: gitId(bytes) };
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return bytes.length < LARGE ? entry : { ...entry, lfs: { oid: sha256, size: bytes.length, pointerSize: 130 } };
}

/** As `git hash-object` gives it. */
export function gitId(bytes: Buffer): string {
  return createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');
}

function sendBytes(
  hub: FakeHub,
  path: string,
  bytes: Buffer,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const [, from = '0', to = ''] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? [];
  const start = Number(from);
  const end = to === '' ? bytes.length : Number(to) + 1;
  if (end - start > 1) {
    if (hub.interfere?.(path, start, end, response)) return;
    hub.ranges.push({ path, start, end });
  }
  response.writeHead(request.headers.range === undefined ? 200 : 206, {
    'Content-Range': `bytes ${start}-${end - 1}/${bytes.length}`,
    'Content-Length': end - start,
    ETag: '"x"',
  });
  response.end(bytes.subarray(start, end));
}

function sendJson(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { 'Content-Type': 'application/json' });
  response.end(JSON.stringify(value));
}

function refuse(response: ServerResponse, status: number, code?: string, headers: Record<string, string> = {}): void {
  response.writeHead(status, {
    'Content-Type': 'application/json',
    ...(code === undefined ? {} : { 'X-Error-Code': code }),
    ...headers,
  });
  response.end(JSON.stringify({ error: 'refused' }));
}

/** Has this process ask a hub, without a token and with its caches in a folder; `vi.unstubAllEnvs` ends it. */
export function askHub({ url }: FakeHub, home: string): void {
  vi.stubEnv('HF_ENDPOINT', url);
  vi.stubEnv('HF_HUB_CACHE', join(home, 'hub'));
  vi.stubEnv('XDG_CACHE_HOME', join(home, 'cache'));
  for (const name of ['HF_TOKEN', 'HF_HUB_OFFLINE']) vi.stubEnv(name, undefined);
}
