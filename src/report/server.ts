/** @file A report over HTTP, for this machine alone. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { InputError, messageOf } from '../base/errors.js';
import { contentPolicy, embedded, readPageAssets, reportPage, type PageAssets } from './page.js';
import type { RunFollower } from './run-follower.js';

/** The only address that is listened on. */
const LOOPBACK = '127.0.0.1';

export interface ReportServer {
  /** The page's address. */
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Serves a run's report, which follows the run: the page at `/`, what is new at `/news`, and nothing else. Only
 * requests that name this server as their host are answered: a page elsewhere whose name was made to lead here (DNS
 * rebinding) reads nothing.
 *
 * @param port 0 for any that is free
 * @throws InputError for a port that is taken or not allowed
 */
export async function serveReport(run: RunFollower, port: number): Promise<ReportServer> {
  const assets = await readPageAssets();
  await run.report(true); // what is wrong with the run shows now
  const server = createServer((request, response) => {
    answer(request, run, assets).then(
      (reply) => {
        send(request, response, reply);
      },
      (error: unknown) => {
        send(request, response, {
          status: error instanceof InputError ? 404 : 500,
          type: 'text/plain; charset=utf-8',
          body: messageOf(error),
        });
      },
    );
  });
  await listen(server, port);
  return {
    url: `http://${LOOPBACK}:${(server.address() as AddressInfo).port}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

interface Reply {
  readonly status: number;
  readonly type: string;
  readonly body: string;
  readonly policy?: string;
}

const refusal = (status: number, body: string): Reply => ({
  status,
  type: 'text/plain; charset=utf-8',
  body: `${body}\n`,
});

async function answer(request: IncomingMessage, run: RunFollower, assets: PageAssets): Promise<Reply> {
  const { port } = request.socket.address() as AddressInfo;
  const host = request.headers.host ?? '';
  if (host !== `${LOOPBACK}:${port}` && host !== `localhost:${port}`)
    return refusal(421, `expected ${LOOPBACK}:${port} as the host`);
  if (request.method !== 'GET' && request.method !== 'HEAD') return refusal(405, 'expected GET');
  const url = URL.canParse(request.url ?? '', `http://${host}`)
    ? new URL(request.url ?? '', `http://${host}`)
    : undefined;
  if (url?.pathname === '/') {
    return {
      status: 200,
      type: 'text/html; charset=utf-8',
      body: reportPage(await run.report(true), assets),
      policy: contentPolicy(assets, { live: true }),
    };
  }
  if (url?.pathname === '/news') {
    const asked = (name: string): string => url.searchParams.get(name) ?? '';
    const rows = Number(asked('rows'));
    const position = {
      generation: asked('generation'),
      rows: Number.isSafeInteger(rows) && rows >= 0 ? rows : 0,
      sections: asked('sections'),
    };
    return { status: 200, type: 'application/json; charset=utf-8', body: embedded(await run.newsSince(position)) };
  }
  return refusal(404, 'expected / or /news');
}

function send(request: IncomingMessage, response: ServerResponse, { status, type, body, policy }: Reply): void {
  response.writeHead(status, {
    'Content-Type': type,
    'Content-Length': Buffer.byteLength(body),
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    'X-Frame-Options': 'DENY',
    'Cross-Origin-Resource-Policy': 'same-origin',
    'Referrer-Policy': 'no-referrer',
    ...(policy === undefined ? {} : { 'Content-Security-Policy': policy }),
  });
  response.end(request.method === 'HEAD' ? undefined : body);
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const why = error.code === 'EADDRINUSE' ? 'another process is using it' : (error.code ?? messageOf(error));
      reject(
        new InputError(
          `--port ${port}: expected a port to listen on, but ${why}; choose another, or 0 for any that is free`,
        ),
      );
    });
    server.listen(port, LOOPBACK, resolve);
  });
}
