/** @file A hub on 127.0.0.1 that takes uploads as the real one does, and keeps them. */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { closeWithConnections, listenOnLoopback } from '../loopback.js';

export interface ReceivingHub {
  readonly url: string;
  /** The only token that it accepts. */
  readonly token: string;
  /** Models by `owner/name`, each its files by path. */
  readonly models: Map<string, Map<string, Buffer>>;
  /** Models that were asked to be made, with who may see them. */
  readonly made: { readonly name: string; readonly visibility: string }[];
  /** Owners in whose name the token may write. */
  readonly owners: Set<string>;
  /** A status for every commit, with what the hub says. */
  refusal: { readonly status: number; readonly error: string } | undefined;
  close(): Promise<void>;
}

/** From this size on, files go to the store for large ones. */
const LARGE = 10_000;

/** Starts a hub without models. */
export async function startReceivingHub(token: string): Promise<ReceivingHub> {
  const large = new Map<string, Buffer>();
  const server = createServer((request, response) => {
    void bodyOf(request).then((body) => {
      send(response, replyTo(hub, large, request, body));
    });
  });
  const address = await listenOnLoopback(server);
  const hub: ReceivingHub = {
    url: `http://${address}`,
    token,
    models: new Map(),
    made: [],
    owners: new Set(['me']),
    refusal: undefined,
    close: () => closeWithConnections(server),
  };
  return hub;
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

interface Reply {
  readonly status: number;
  readonly value: object;
}

function send(response: ServerResponse, { status, value }: Reply): void {
  response.writeHead(status, { 'Content-Type': 'application/json' });
  response.end(JSON.stringify(value));
}

const done = (value: object): Reply => ({ status: 200, value });
const refused = (status: number, error: string): Reply => ({ status, value: { error } });

/**
 * https://huggingface.co/docs/hub/api, and https://github.com/git-lfs/git-lfs/blob/main/docs/api/batch.md for large
 * files.
 */
function replyTo(
  hub: ReceivingHub,
  large: Map<string, Buffer>,
  { method, url, headers }: IncomingMessage,
  body: Buffer,
): Reply {
  const { pathname } = new URL(url!, hub.url);
  const call = `${method!} ${pathname}`;
  const put = /^PUT \/large\/([0-9a-f]{64})$/.exec(call)?.[1];
  if (put !== undefined) {
    // the address itself is the permission: a token would be told to a third party
    if (headers.authorization !== undefined || sha256(body) !== put) return refused(400, 'not what was announced');
    large.set(put, body);
    return done({});
  }
  if (headers.authorization !== `Bearer ${hub.token}`) return refused(401, 'Invalid username or password.');
  if (call === 'POST /api/repos/create') return made(hub, JSON.parse(body.toString()) as Parameters<typeof made>[1]);
  const [, name = ''] = /^\/(?:api\/models\/)?([^/]+\/[^/.]+)/.exec(pathname) ?? [];
  const files = hub.models.get(name);
  if (files === undefined) return refused(404, 'Repository not found');
  if (call === `GET /api/models/${name}`) return done({ id: name });
  if (call === `POST /api/models/${name}/preupload/main`) {
    const asked = JSON.parse(body.toString()) as { files: { path: string; size: number }[] };
    return done({
      files: asked.files.map(({ path, size }) => ({ path, uploadMode: size >= LARGE ? 'lfs' : 'regular' })),
    });
  }
  if (call === `POST /${name}.git/info/lfs/objects/batch`) {
    const asked = JSON.parse(body.toString()) as { objects: { oid: string }[] };
    return done({
      transfer: 'basic',
      objects: asked.objects.map((object) => ({
        ...object,
        actions: { upload: { href: `${hub.url}/large/${object.oid}` } },
      })),
    });
  }
  if (call !== `POST /api/models/${name}/commit/main`) return refused(404, `no such call: ${call}`);
  if (hub.refusal !== undefined) return refused(hub.refusal.status, hub.refusal.error);
  commit(files, large, body.toString().split('\n'));
  return done({ commitOid: '0'.repeat(40), commitUrl: `${hub.url}/${name}/commit/${'0'.repeat(40)}` });
}

function made(
  hub: ReceivingHub,
  { name, organization, visibility }: { name: string; organization: string; visibility: string },
): Reply {
  if (!hub.owners.has(organization))
    return refused(403, `You don't have the rights to create a model under the namespace "${organization}"`);
  hub.models.set(`${organization}/${name}`, new Map());
  hub.made.push({ name: `${organization}/${name}`, visibility });
  return done({ url: `${hub.url}/${organization}/${name}`, id: name });
}

/** Takes over the files of a commit, an operation a line. */
function commit(files: Map<string, Buffer>, large: ReadonlyMap<string, Buffer>, lines: readonly string[]): void {
  for (const line of lines) {
    const { key, value } = JSON.parse(line) as { key: string; value: { path: string; content: string; oid: string } };
    if (key === 'file') files.set(value.path, Buffer.from(value.content, 'base64'));
    if (key === 'lfsFile') files.set(value.path, large.get(value.oid)!);
  }
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
