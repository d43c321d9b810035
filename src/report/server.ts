/** @file Serves reports over HTTP, to this machine only. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { InputError, messageOf } from '../base/errors.js';
import { contentPolicy, embedded, readPageAssets, reportPage, type PageAssets } from './page.js';
import type { PageData } from './pages.js';
import type { RunFollower } from './run-follower.js';

/** The only address that the server listens on. */
const LOOPBACK = '127.0.0.1';

/** A server of pages. */
export interface ReportServer {
  /** The page's URL. */
  readonly url: string;
  close(): Promise<void>;
}

/** One page of a server. */
export interface ServedPage {
  /** The current page data. */
  page(): Promise<PageData>;
  /** The response to a page's poll, given the query of its request. */
  news(query: URLSearchParams): Promise<unknown>;
}

/**
 * Finds the page for a path that ends in `/`; undefined if there is none.
 *
 * @param query the query of the request
 */
export type Site = (path: string, query: URLSearchParams) => Promise<ServedPage | undefined>;

/** A site of a single run. */
export function siteOfRun(run: RunFollower): Site {
  const page = servedRun(run);
  return (path) => Promise.resolve(path === '/' ? page : undefined);
}

/** A run's live report. */
export function servedRun(run: RunFollower, home?: string): ServedPage {
  return {
    page: async () => withHome(await run.report(true), home),
    news(query) {
      const asked = (name: string): string => query.get(name) ?? '';
      const rows = Number(asked('rows'));
      return run.newsSince({
        generation: asked('generation'),
        rows: Number.isSafeInteger(rows) && rows >= 0 ? rows : 0,
        sections: asked('sections'),
      });
    },
  };
}

/** A page's data with the URL of the list of runs, if there is one. */
export function withHome<Data extends PageData>(page: Data, home: string | undefined): Data {
  return home === undefined ? page : { ...page, home };
}

/**
 * Serves pages, each with its updates at `news` beside it, and nothing else. Only requests with this server's own name
 * as their host are answered, so that other web pages cannot read the reports by DNS rebinding.
 *
 * @param port 0 for any free port
 * @throws InputError for a port that is in use or not allowed
 */
export async function serveSite(site: Site, port: number): Promise<ReportServer> {
  const assets = await readPageAssets();
  await (await site('/', new URLSearchParams()))?.page(); // report errors in the run now
  const server = createServer((request, response) => {
    answer(request, site, assets).then(
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
  /** Where the page is instead. */
  readonly location?: string;
}

const refusal = (status: number, body: string): Reply => ({
  status,
  type: 'text/plain; charset=utf-8',
  body: `${body}\n`,
});

/** The path of a page, or of its updates. */
const ADDRESS = /^(.*\/)(news)?$/;

async function answer(request: IncomingMessage, site: Site, assets: PageAssets): Promise<Reply> {
  const { port } = request.socket.address() as AddressInfo;
  const host = request.headers.host ?? '';
  if (host !== `${LOOPBACK}:${port}` && host !== `localhost:${port}`)
    return refusal(421, `expected ${LOOPBACK}:${port} as the host`);
  if (request.method !== 'GET' && request.method !== 'HEAD') return refusal(405, 'expected GET');
  const unknown = refusal(404, 'expected the address of a page, such as /, or of its news');
  if (!URL.canParse(request.url ?? '', `http://${host}`)) return unknown;
  const { pathname, search, searchParams } = new URL(request.url ?? '', `http://${host}`);
  const [, path, news] = ADDRESS.exec(pathname) ?? [];
  if (path === undefined && (await site(`${pathname}/`, searchParams)) !== undefined)
    return { ...refusal(308, 'the address of a page ends with /'), location: `${pathname}/${search}` };
  const served = path === undefined ? undefined : await site(path, searchParams);
  if (served === undefined) return unknown;
  if (news !== undefined)
    return {
      status: 200,
      type: 'application/json; charset=utf-8',
      body: embedded(await served.news(searchParams)),
    };
  return {
    status: 200,
    type: 'text/html; charset=utf-8',
    body: reportPage(await served.page(), assets),
    policy: contentPolicy(assets, { live: true }),
  };
}

function send(
  request: IncomingMessage,
  response: ServerResponse,
  { status, type, body, policy, location }: Reply,
): void {
  response.writeHead(status, {
    'Content-Type': type,
    'Content-Length': Buffer.byteLength(body),
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    'X-Frame-Options': 'DENY',
    'Cross-Origin-Resource-Policy': 'same-origin',
    'Referrer-Policy': 'no-referrer',
    ...(location === undefined ? {} : { Location: location }),
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
