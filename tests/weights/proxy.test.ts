import { createServer as createHttpServer, request as httpRequest, type Server } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { thisMachineFacts } from '../../src/app/doctor/machine-facts.js';
import { hubFetch } from '../../src/weights/http.js';
import { resolveModelFolder } from '../../src/weights/hub.js';
import { proxyFor } from '../../src/weights/proxy.js';
import { kdMeanwhile } from '../cli.js';
import { listenOnLoopback } from '../loopback.js';
import { startFakeHub, type FakeHub } from './fake-hub.js';
import { failureOf, temporaryFolder } from './support.js';

const VARIABLES = ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'NO_PROXY'].flatMap((name) => [name, name.toLowerCase()]);
const PASSWORD = 'pass%40word';

interface TestProxy {
  readonly address: string;
  /** `METHOD target` of every request. */
  readonly asked: string[];
  /** What came in `Proxy-Authorization`. */
  readonly authorizations: Set<string | undefined>;
  /** The only user that it serves, as `user:password`; everybody if not set. */
  user: string | undefined;
  /** Where tunnels lead, whatever they ask for; if not set, nowhere. */
  tunnelTo: string | undefined;
}

let servers: Server[];
let hub: FakeHub;
let proxy: TestProxy;

/** A proxy on 127.0.0.1 that forwards requests for http addresses and makes tunnels for the others. */
async function startProxy(): Promise<TestProxy> {
  const allows = (authorization: string | undefined): boolean => {
    made.authorizations.add(authorization);
    return made.user === undefined || authorization === `Basic ${Buffer.from(made.user).toString('base64')}`;
  };
  const server = createHttpServer((request, response) => {
    made.asked.push(`${request.method!} ${request.url!}`);
    if (!allows(request.headers['proxy-authorization'])) {
      response.writeHead(407).end();
      return;
    }
    const forwarded = httpRequest(request.url!, { method: request.method, headers: request.headers }, (answer) => {
      response.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(response);
    });
    forwarded.on('error', () => response.writeHead(502).end());
    request.pipe(forwarded);
  });
  server.on('connect', (request, socket) => {
    made.asked.push(`CONNECT ${request.url!}`);
    socket.on('error', () => undefined);
    if (!allows(request.headers['proxy-authorization']))
      socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
    else if (made.tunnelTo === undefined) socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
    else {
      const [host, port] = made.tunnelTo.split(':');
      const tunnel = connect(Number(port), host, () => {
        socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
        tunnel.pipe(socket).pipe(tunnel);
      });
      tunnel.on('error', () => socket.destroy());
    }
  });
  const address = await listenOnLoopback(server);
  servers.push(server);
  const made: TestProxy = {
    address,
    asked: [],
    authorizations: new Set(),
    user: undefined,
    tunnelTo: undefined,
  };
  return made;
}

beforeEach(async () => {
  servers = [];
  hub = await startFakeHub();
  proxy = await startProxy();
  hub.models.set('a/b', new Map([['config.json', Buffer.from('{}')]]));
  const home = await temporaryFolder();
  for (const name of [...VARIABLES, 'HF_HUB_CACHE', 'HUGGINGFACE_HUB_CACHE', 'HF_TOKEN', 'HF_HUB_OFFLINE'])
    vi.stubEnv(name, undefined);
  vi.stubEnv('HF_HOME', join(home, 'hf'));
  vi.stubEnv('XDG_CACHE_HOME', join(home, 'xdg'));
  vi.stubEnv('HF_ENDPOINT', hub.url);
  vi.stubEnv('HF_HUB_DOWNLOAD_TIMEOUT', '2');
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await hub.close();
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
});

const resolve = (): Promise<string> =>
  resolveModelFolder('a/b', { flag: '--teacher', parts: ['config'], retryDelay: 1 });

describe('a proxy', () => {
  it.each(['HTTP_PROXY', 'http_proxy', 'ALL_PROXY', 'all_proxy'])('named by %s is used', async (name) => {
    vi.stubEnv(name, `http://${proxy.address}`);
    await resolve();
    expect(proxy.asked).toHaveLength(hub.requests.length);
    expect(proxy.asked[0]).toMatch(new RegExp(`^GET ${hub.url}/api/models/a/b/revision/main`));
  });

  it('may be named by host and port alone', async () => {
    vi.stubEnv('HTTP_PROXY', proxy.address);
    await resolve();
    expect(proxy.asked).toHaveLength(hub.requests.length);
  });

  it('is not used for another scheme', async () => {
    vi.stubEnv('HTTPS_PROXY', 'http://127.0.0.1:9');
    await resolve();
    expect(proxy.asked).toEqual([]);
  });

  it('gets a tunnel request if the address is encrypted', async () => {
    vi.stubEnv('HTTPS_PROXY', `http://user:${PASSWORD}@${proxy.address}`);
    vi.stubEnv('HF_ENDPOINT', 'https://hub.example');
    expect(await failureOf(resolve())).toBe(
      'a/b: no such folder, and the hub (https://hub.example) cannot be reached (status 403, through the proxy ' +
        `http://${proxy.address} ` +
        'from HTTPS_PROXY); connect, or give a local folder to --teacher',
    );
    expect(proxy.asked).toEqual(['CONNECT hub.example:443']);
    proxy.tunnelTo = new URL(hub.url).host; // where nobody speaks TLS
    expect(await failureOf(resolve())).toMatch(/cannot be reached \(\S+, through the proxy http:/);
    expect(proxy.authorizations).toEqual(new Set([`Basic ${Buffer.from('user:pass@word').toString('base64')}`]));
  });

  it('gets the user name and password, which nobody else does', async () => {
    proxy.user = 'user:pass@word';
    vi.stubEnv('HTTP_PROXY', `http://user:${PASSWORD}@${proxy.address}`);
    vi.stubEnv('HF_TOKEN', 'secret');
    await resolve();
    expect(hub.tokens).toEqual(new Set(['Bearer secret']));
    expect(proxy.asked).toHaveLength(hub.requests.length);
  });

  it('that wants a user name is named without the password', async () => {
    proxy.user = 'another:one';
    for (const [name, endpoint] of [
      ['HTTP_PROXY', hub.url],
      ['HTTPS_PROXY', 'https://hub.example'],
    ] as const) {
      vi.stubEnv(name, `http://user:${PASSWORD}@${proxy.address}`);
      vi.stubEnv('HF_ENDPOINT', endpoint);
      const failure = await failureOf(resolve());
      expect(failure).toContain(
        `cannot be reached (a user name and a password are required, through the proxy http://${proxy.address} ` +
          `from ${name})`,
      );
      expect(failure).not.toMatch(/pass(%40|@)word/);
    }
  });

  it('that is down is named without the password', async () => {
    vi.stubEnv('HTTP_PROXY', `http://user:${PASSWORD}@127.0.0.1:9`);
    const failure = await failureOf(resolve());
    expect(failure).toBe(
      `a/b: no such folder, and the hub (${hub.url}) cannot be reached (ECONNREFUSED, through the proxy ` +
        'http://127.0.0.1:9 ' +
        'from HTTP_PROXY); connect, or give a local folder to --teacher',
    );
  });

  it.each([`http://user:${PASSWORD}@`, `ftp://user:${PASSWORD}@127.0.0.1:9`, `http://user:${PASSWORD}@[:9`])(
    'is not %s, which is not quoted',
    async (address) => {
      vi.stubEnv('HTTP_PROXY', address);
      expect(await failureOf(resolve())).toContain(
        'HTTP_PROXY: expected the address of a proxy, such as http://host:8080, got something else; ' +
          'correct or unset it',
      );
    },
  );
});

describe('NO_PROXY', () => {
  it.each([
    ['127.0.0.1', true],
    ['localhost, 127.0.0.1', true],
    ['localhost 127.0.0.1', true],
    ['127.0.0.0/8', true],
    ['10.0.0.0/8', false],
    ['*', true],
    ['127.0.0.1:PORT', true],
    ['127.0.0.1:1', false],
    ['', false],
    ['example.com', false],
    ['27.0.0.1', false],
    ['.0.0.1', false],
  ])('of "%s" excepts the hub: %s', async (value, isExcepted) => {
    vi.stubEnv('HTTP_PROXY', `http://${proxy.address}`);
    vi.stubEnv('no_proxy', value.replace('PORT', new URL(hub.url).port));
    await resolve();
    expect(proxy.asked.length === 0).toBe(isExcepted);
  });

  it.each([
    ['hub.example', 'https://hub.example', true],
    ['hub.example', 'https://a.hub.example', true],
    ['.hub.example', 'https://a.hub.example', true],
    ['*.hub.example', 'https://a.b.hub.example', true],
    ['HUB.example', 'https://hub.EXAMPLE', true],
    ['hub.example', 'https://nohub.example', false],
    ['hub.example:443', 'https://hub.example', true],
    ['hub.example:80', 'https://hub.example', false],
    ['::1', 'https://[::1]:8443', true],
    ['[::1]:8443', 'https://[::1]:8443', true],
    ['fe80::/10', 'https://[fe80::1]', true],
    ['fe80::/999', 'https://[fe80::1]', false],
    ['127.0.0.0/x', 'https://127.0.0.1', false],
  ])('of "%s" for %s: %s', (value, url, isExcepted) => {
    vi.stubEnv('HTTPS_PROXY', 'http://proxy.example:3128');
    vi.stubEnv('NO_PROXY', value);
    expect(proxyFor(new URL(url)) === undefined).toBe(isExcepted);
  });
});

describe("the doctor's advice", () => {
  it('leads to the hub through the proxy', async () => {
    vi.stubEnv('HTTP_PROXY', `http://user:${PASSWORD}@${proxy.address}`);
    const reached = await thisMachineFacts.reachHub();
    expect(reached).toMatchObject({
      address: hub.url,
      proxy: { address: `http://${proxy.address}`, variable: 'HTTP_PROXY' },
    });
    expect(reached.failure).toBeUndefined();
    expect(proxy.asked).toEqual([`HEAD ${hub.url}/`]);
  });

  it('shows no password if the proxy is down', async () => {
    vi.stubEnv('HTTP_PROXY', `http://user:${PASSWORD}@127.0.0.1:9`);
    vi.stubEnv('HF_ENDPOINT', hub.url.replace('://', '://me:mine@'));
    const { failure, address } = await thisMachineFacts.reachHub();
    expect(failure).toBe('ECONNREFUSED, through the proxy http://127.0.0.1:9 from HTTP_PROXY');
    expect(address).toBe(hub.url);
  });

  it('names the proxy in its line', async () => {
    const { code, stdout, stderr } = await kdMeanwhile(['doctor', '--device', 'cpu'], {
      env: { HTTP_PROXY: `http://user:${PASSWORD}@127.0.0.1:9`, HF_ENDPOINT: hub.url },
    });
    expect(code, stderr).toBe(0);
    const host = new URL(hub.url).host;
    expect(stdout).toContain(
      `${host} cannot be reached (ECONNREFUSED, through the proxy http://127.0.0.1:9 from HTTP_PROXY); ` +
        `name models and tokenizers by folders, or correct HTTP_PROXY, or name ${host} in NO_PROXY\n`,
    );
    expect(stdout + stderr).not.toContain(PASSWORD);
  });
});

it('a request that waits for a proxy ends in time', async () => {
  const silent = createHttpServer(() => undefined);
  silent.on('connect', () => undefined);
  servers.push(silent);
  vi.stubEnv('HTTPS_PROXY', `http://${await listenOnLoopback(silent)}`);
  const request = hubFetch({ hubUrl: 'https://hub.example', authorization: undefined, timeout: 200 });
  expect(await failureOf(request('https://hub.example/x'))).toMatch(
    /^no answer within 0\.2 s, through the proxy http:/,
  );
});
