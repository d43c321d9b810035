/** @file Whether a server of HTTP/2 answers. */
import { createServer as createHttp2Server } from 'node:http2';
import { createServer, type Server } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { freePort } from '../../src/cluster/network.js';
import { roundTrip } from '../../src/cluster/round-trip.js';
import { listenOnLoopback } from '../loopback.js';

const LIMIT_MS = 10_000;

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** Lets a server listen until the test is over, and gives its address. */
function addressOf(server: Server): Promise<string> {
  servers.push(server);
  return listenOnLoopback(server);
}

it('is measured by a ping', async () => {
  const seconds = await roundTrip(await addressOf(createHttp2Server()), LIMIT_MS);
  expect(seconds).toBeGreaterThan(0);
  expect(seconds).toBeLessThan(LIMIT_MS / 1000);
});

it.each<[string, () => Promise<string>, number, RegExp]>([
  ['nobody listens', async () => `127.0.0.1:${await freePort()}`, LIMIT_MS, /ECONNREFUSED/],
  ['nothing is said', () => addressOf(createServer()), 100, /^no answer in 0\.1 s$/],
  [
    'the connection is closed',
    () => addressOf(createServer((socket) => socket.end())),
    LIMIT_MS,
    /^the connection was closed without an answer$/,
  ],
  [
    'something else is said',
    () => addressOf(createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))),
    LIMIT_MS,
    /./,
  ],
])('fails if %s', async (_, open, limit, message) => {
  await expect(roundTrip(await open(), limit)).rejects.toThrow(message);
});
