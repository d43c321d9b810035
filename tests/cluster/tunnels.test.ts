/** @file Ranks with a key: who has it is let in, to them and to their TensorFlow, and nobody else. */
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { afterAll, describe, expect, it } from 'vitest';
import type { Hosts } from '../../src/cluster/addresses.js';
import { readClusterKey } from '../../src/cluster/key.js';
import type { Network } from '../../src/cluster/network.js';
import { openNetwork } from '../../src/cluster/open-network.js';
import { meetRanks, type Ranks } from '../../src/cluster/ranks.js';
import { listenOnLoopback, loopbackAddresses } from '../loopback.js';

const KEY = Buffer.alloc(32, 1);
const running = new AbortController().signal;

async function hostsOf(count: number): Promise<Hosts[]> {
  const addresses = await loopbackAddresses(count);
  return addresses.map((_, rank) => ({ addresses, rank }));
}

function open(hosts: Hosts, refused: string[] = [], key: Buffer | undefined = KEY): Network {
  return openNetwork(hosts, { key, onRefused: (text) => refused.push(text) });
}

function meet(hosts: Hosts, network: Network, timeout = 5): Promise<Ranks> {
  return meetRanks({ hosts, network, version: '1', command: 'kd train', timeout }, running);
}

/** A server that sends back what it gets, with its name before it: it stands for a rank's TensorFlow. */
async function echo(name: string): Promise<number> {
  const server = createServer((socket) => {
    socket.write(name);
    socket.pipe(socket);
  });
  const address = await listenOnLoopback(server.unref());
  return Number(address.split(':')[1]);
}

/** What a server answers to a text, up to a number of characters. */
async function answerOf(address: string, text: string, length = Infinity): Promise<string> {
  const [host, port] = address.split(':') as [string, string];
  const socket = connect(Number(port), host).on('error', () => undefined);
  socket.write(text);
  let answer = '';
  socket.setEncoding('utf8').on('data', (part: string) => {
    answer += part;
    if (answer.length >= length) socket.destroy();
  });
  await once(socket, 'close');
  return answer;
}

describe('ranks with a key', () => {
  it('connect, and reach every other TensorFlow through tunnels', async () => {
    const hosts = await hostsOf(3);
    const networks = hosts.map((each) => open(each));
    const ranks = await Promise.all(hosts.map((each, rank) => meet(each, networks[rank])));
    const ports = await Promise.all([0, 1, 2].map((rank) => echo(`TensorFlow ${rank}: `)));
    const ways = await Promise.all(
      ranks.map((each, rank) => networks[rank].openRoutes(ports[rank], (topic, text) => each.gather(topic, text))),
    );
    const long = 'x'.repeat(3_000_000);
    for (const from of ways) {
      const answers = await Promise.all(from.map((address) => answerOf(address, long, 14 + long.length)));
      expect(answers.map((answer) => [answer.slice(0, 14), answer.length])).toEqual(
        [0, 1, 2].map((rank) => [`TensorFlow ${rank}: `, 14 + long.length]),
      );
    }
    expect(new Set(ways.flat()).size).toBe(9); // each rank has ways of its own
    await Promise.all(ranks.map((each) => each.end()));
  });

  it('refuse anyone without it, and report each address once', async () => {
    const hosts = await hostsOf(2);
    const refused: string[] = [];
    const networks = [open(hosts[0], refused), open(hosts[1])];
    const first = meet(hosts[0], networks[0]);
    const { port } = hosts[0].addresses[0];
    await expect
      .poll(() =>
        once(connect(port, '127.0.0.1'), 'connect').then(
          () => true,
          () => false,
        ),
      )
      .toBe(true);
    for (const text of ['GET / HTTP/1.1\r\n\r\n', '{"type":"hello","rank":1,"count":2,"version":"1"}\n']) {
      expect(await answerOf(`127.0.0.1:${port}`, text)).toBe('');
    }
    const stranger = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false });
    await expect(once(stranger, 'secureConnect')).rejects.toThrow(/handshake failure|EPROTO|SSL/);
    expect(refused).toEqual(['127.0.0.1: connection refused, as it has no key, or a different one from this rank']);
    const ranks = await Promise.all([first, meet(hosts[1], networks[1])]);
    expect(await Promise.all(ranks.map((each) => each.gather('ranks', 'here')))).toEqual([
      ['here', 'here'],
      ['here', 'here'],
    ]);
    await Promise.all(ranks.map((each) => each.end()));
  });

  it.each([
    ['another key', Buffer.alloc(32, 2)],
    ['none', undefined],
  ])('are told that one of them has %s', async (_, key) => {
    const hosts = await hostsOf(2);
    const refused: string[] = [];
    const first = meet(hosts[0], open(hosts[0], refused), 2);
    const own = openNetwork(hosts[1], { key, onRefused: () => undefined });
    const messages = await Promise.allSettled([first, meet(hosts[1], own)]);
    const [one, other] = messages.map((each) => (each.status === 'rejected' ? (each.reason as Error).message : ''));
    const [{ port }, { port: second }] = hosts[0].addresses;
    expect(one).toBe(`rank 1 (127.0.0.1:${second}): expected to connect within 2 s; start every rank in that time`);
    expect(refused).toEqual([expect.stringContaining('127.0.0.1: connection refused')]);
    expect(other).toMatch(
      key === undefined
        ? new RegExp(`^rank 0 \\(127\\.0\\.0\\.1:${port}\\): .*; give every rank the same --cluster-key`)
        : new RegExp(`^127\\.0\\.0\\.1:${port}: expected rank 0 to have the key of this rank, got another`),
    );
  });

  it('are told that rank 0 has none', async () => {
    const hosts = await hostsOf(2);
    const refused: string[] = [];
    const first = meet(hosts[0], openNetwork(hosts[0], { onRefused: (text) => refused.push(text) }), 3);
    await expect(meet(hosts[1], open(hosts[1]))).rejects.toThrow(/expected rank 0 to have the key of this rank/);
    expect(refused).toEqual(['connection refused: it has a key, and this rank has none']);
    await expect(first).rejects.toThrow('expected to connect within 3 s');
  });

  it('are told at once that one of their addresses is in use', async () => {
    const hosts = await hostsOf(3);
    const taken = createServer().listen(hosts[1].addresses[1].port, '127.0.0.1');
    await once(taken, 'listening');
    const told = await Promise.allSettled(hosts.map((each) => meet(each, open(each)).then((ranks) => ranks.end())));
    const address = `127.0.0.1:${hosts[1].addresses[1].port}`;
    const why = `listen EADDRINUSE: address already in use ${address}`;
    const message = `${address}: expected to listen there, got ${why}; name another address`;
    const ended = `rank 1 (${address}) ended: ${message}`;
    expect(told.map((each) => (each.status === 'rejected' ? (each.reason as Error).message : ''))).toEqual([
      ended,
      message,
      ended,
    ]);
    taken.close();
  });

  it('do not wait beyond the time limit for a TLS answer', async () => {
    const hosts = await hostsOf(2);
    const silent = createServer().listen(hosts[1].addresses[0].port, '127.0.0.1');
    await once(silent, 'listening');
    await expect(meet(hosts[1], open(hosts[1]), 1)).rejects.toThrow('expected to reach it within 1 s, got no answer;');
    silent.close();
  });
});

describe('a key', () => {
  const folder = mkdtempSync(join(tmpdir(), 'kd-key-'));
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });
  const LONG = '0123456789abcdef'.repeat(4);

  it('is the same from a file and from KD_CLUSTER_KEY, and the file takes precedence', async () => {
    const file = join(folder, 'key');
    writeFileSync(file, `${LONG}\n`);
    const fromFile = await readClusterKey(file, { KD_CLUSTER_KEY: 'another' });
    expect(fromFile).toEqual(await readClusterKey(undefined, { KD_CLUSTER_KEY: LONG }));
    expect(fromFile).toHaveLength(32);
    expect(await readClusterKey(undefined, {})).toBeUndefined();
  });

  it('is rejected if it is short, empty or missing', async () => {
    const advice = 'make one with: openssl rand -hex 32';
    const file = join(folder, 'short');
    writeFileSync(file, 'secret\n');
    await expect(readClusterKey(file, {})).rejects.toThrow(
      `--cluster-key ${file}: expected a key of 32 characters or more, got 6; ${advice}`,
    );
    await expect(readClusterKey(undefined, { KD_CLUSTER_KEY: '' })).rejects.toThrow(
      `KD_CLUSTER_KEY: expected a key of 32 characters or more, got 0; ${advice}`,
    );
    await expect(readClusterKey(join(folder, 'none'), {})).rejects.toThrow('none: ');
  });
});
