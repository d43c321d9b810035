/** @file A hub by TLS, straight and through a proxy's tunnel, in a process of its own, as users reach it. */
import { writeFileSync } from 'node:fs';
import { createServer as createHttpServer, type Server as HttpServer } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { join } from 'node:path';
import { createServer as createTlsServer, type Server } from 'node:tls';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { kdMeanwhile, temporaryFolder } from '../cli.js';
import { listenOnLoopback } from '../loopback.js';
import { startFakeHub, type FakeHub } from './fake-hub.js';

/** For `localhost`, made for this test; nobody trusts it. */
const KEY = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgiTh0LbxOPPkO/ngP
2qGe5c5pgwQvjsZLIh1XwGvFXg+hRANCAATNzTnLpR8+ADNUBpogvJ1Jr3nwVyep
4sh6qsWNTIOM55b5KW5qZV7Pxg/kABf175J4lUDsdYg46XuRV8TSv+QK
-----END PRIVATE KEY-----`;
const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBnDCCAUGgAwIBAgIUUFobEf7EwNEmFxOYlNIndVSP6aQwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyODE0MTkxNloYDzIxMjYxMTA0
MTQxOTE2WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAATNzTnLpR8+ADNUBpogvJ1Jr3nwVyep4sh6qsWNTIOM55b5KW5qZV7P
xg/kABf175J4lUDsdYg46XuRV8TSv+QKo28wbTAdBgNVHQ4EFgQUDMTzAyhECQIt
oHkwOrv3/rrQGgEwHwYDVR0jBBgwFoAUDMTzAyhECQItoHkwOrv3/rrQGgEwDwYD
VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
zj0EAwIDSQAwRgIhAJ2IaFjvv2gv8zc97/a9aqUyaBqh0uQQMIOxoj+hIF8EAiEA
iECUlQPytQ+i1UunjHbBR0XB//y9iIBUfgJviP2L84o=
-----END CERTIFICATE-----`;

let hub: FakeHub;
let encrypted: Server;
let proxy: HttpServer;
let tunnels: { to: string; authorization: string | undefined }[];

const portOf = (server: Server | HttpServer): number => (server.address() as AddressInfo).port;

/** Joins two connections until either ends. */
function pair(a: Socket, b: Socket): void {
  for (const [from, to] of [
    [a, b],
    [b, a],
  ])
    from.on('error', () => to.destroy()).pipe(to);
}

beforeEach(async () => {
  hub = await startFakeHub();
  hub.models.set('a/b', new Map([['config.json', Buffer.from('{"model_type": "t5"}')]]));
  encrypted = createTlsServer({ key: KEY, cert: CERTIFICATE }, (socket) => {
    pair(socket, connect(Number(new URL(hub.url).port), '127.0.0.1'));
  });
  encrypted.on('tlsClientError', () => undefined);
  tunnels = [];
  proxy = createHttpServer();
  proxy.on('connect', (request, socket: Socket) => {
    tunnels.push({ to: request.url!, authorization: request.headers['proxy-authorization'] });
    const [host, port] = request.url!.split(':');
    const tunnel = connect(Number(port), host, () => socket.write('HTTP/1.1 200 OK\r\n\r\n'));
    pair(socket, tunnel);
  });
  for (const server of [encrypted, proxy]) await listenOnLoopback(server);
});
afterEach(async () => {
  encrypted.close();
  proxy.closeAllConnections();
  proxy.close();
  await hub.close();
});

/** What `kd` says of a model that it cannot use, which it fetches to see that. */
async function fetched(env: Readonly<Record<string, string>>): Promise<string> {
  const home = temporaryFolder();
  writeFileSync(join(home, 'texts.txt'), 'a cat\n');
  const { code, stderr } = await kdMeanwhile(['encode', '--model', 'a/b', '--input', 'texts.txt', '--output', 'x'], {
    cwd: home,
    env: {
      HF_ENDPOINT: `https://127.0.0.1:${portOf(encrypted)}`,
      ...{ HF_HOME: home, HF_HUB_CACHE: '', HF_TOKEN: 'secret', HF_HUB_OFFLINE: '', NO_PROXY: '', no_proxy: '' },
      ...{ HTTPS_PROXY: '', https_proxy: '', ALL_PROXY: '', all_proxy: '' },
      ...env,
    },
  });
  expect(code).toBe(1);
  return stderr.trimEnd().split('\n').at(-1)!;
}

const UNTRUSTED = { NODE_TLS_REJECT_UNAUTHORIZED: '0' };
const USED = /config\.json: expected a CLIP text model, a BERT or a RoBERTa .*, got "t5"/;

it('is reached directly', async () => {
  expect(await fetched(UNTRUSTED)).toMatch(USED);
  expect(hub.tokens).toEqual(new Set(['Bearer secret']));
  expect(tunnels).toEqual([]);
});

it('is reached through a tunnel, whose proxy sees no token', async () => {
  expect(await fetched({ ...UNTRUSTED, HTTPS_PROXY: `http://me:mine@127.0.0.1:${portOf(proxy)}` })).toMatch(USED);
  expect(hub.tokens).toEqual(new Set(['Bearer secret']));
  const authorization = `Basic ${Buffer.from('me:mine').toString('base64')}`;
  expect(tunnels[0]).toEqual({ to: `127.0.0.1:${portOf(encrypted)}`, authorization });
});

it('is not reached if its certificate is not trusted', async () => {
  for (const HTTPS_PROXY of ['', `http://127.0.0.1:${portOf(proxy)}`])
    expect(await fetched({ HTTPS_PROXY })).toMatch(
      /^error: a\/b: no such folder, and the hub \(https:\S+\) cannot be reached \((DEPTH_ZERO_SELF_SIGNED_CERT|CERT_NOT_YET_VALID)/,
    );
  expect(hub.requests).toEqual([]);
});
