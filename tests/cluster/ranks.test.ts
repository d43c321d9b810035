/** @file What the processes of a run tell each other; here all of them are in one. */
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as after } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it, vi } from 'vitest';
import { openNetwork } from '../../src/cluster/open-network.js';
import { meetRanks, type Ranks } from '../../src/cluster/ranks.js';
import type { Hosts } from '../../src/cluster/addresses.js';
import { loopbackAddresses } from '../loopback.js';

const running = (): AbortSignal => new AbortController().signal;

interface How {
  readonly timeout?: number;
  readonly version?: string;
  readonly command?: string;
  readonly stop?: AbortSignal;
  readonly key?: Buffer;
  readonly onRefused?: (text: string) => void;
}

function meet(
  addresses: Hosts['addresses'],
  rank: number,
  { timeout = 5, version = '1', command = 'kd train', stop = running(), key, onRefused = () => undefined }: How = {},
): Promise<Ranks> {
  const hosts = { addresses, rank };
  return meetRanks({ hosts, network: openNetwork(hosts, { key, onRefused }), version, command, timeout }, stop);
}

/** What is wrong, for each. */
async function reasons(promises: readonly Promise<unknown>[]): Promise<unknown[]> {
  return (await Promise.allSettled(promises)).map((each) =>
    each.status === 'rejected' ? (each.reason as Error).message : 'nothing',
  );
}

async function reach(port: number): Promise<Socket> {
  for (;;) {
    const socket = connect(port, '127.0.0.1');
    try {
      await once(socket, 'connect');
      return socket;
    } catch {
      await after(20);
    }
  }
}

/** All messages that came over a connection. */
async function sentBy(socket: Socket): Promise<unknown[]> {
  const lines = (await text(socket)).trimEnd().split('\n');
  return lines.map((line): unknown => JSON.parse(line));
}

describe('ranks', () => {
  it('get the texts of all, in rank order, and stop after the same exchange', async () => {
    const addresses = await loopbackAddresses(3);
    const stop = new AbortController();
    const ranks = await Promise.all([2, 0, 1].map((rank) => meet(addresses, rank, { stop: stop.signal })));
    const gather = (): Promise<(readonly string[])[]> =>
      Promise.all(ranks.map((each) => each.gather('ranks', `of ${each.rank}`)));
    expect(await gather()).toEqual(ranks.map(() => ['of 0', 'of 1', 'of 2']));
    expect(ranks.map(({ signal }) => signal.aborted)).toEqual([false, false, false]);
    stop.abort();
    await gather();
    expect(ranks.map(({ signal }) => signal.aborted)).toEqual([true, true, true]);
    await Promise.all(ranks.map((each) => each.end()));
  });

  it('keep nothing of earlier exchanges, however long the run', async () => {
    const addresses = await loopbackAddresses(2);
    const ranks = await Promise.all([0, 1].map((rank) => meet(addresses, rank)));
    const earlier: WeakRef<object>[] = [];
    for (let exchange = 0; exchange < 10; exchange++)
      for (const texts of await Promise.all(ranks.map((each) => each.orLost(each.gather('ranks', 'a text')))))
        earlier.push(new WeakRef(texts));
    const [isKept, last] = [(text: WeakRef<object>): boolean => text.deref() !== undefined, 2 * ranks.length];
    setFlagsFromString('--expose-gc');
    const collectGarbage = runInNewContext('gc') as () => void;
    for (let tries = 0; tries < 20 && earlier.slice(0, -last).some(isKept); tries++) {
      await after(10);
      collectGarbage();
    }
    expect(earlier.slice(0, -last).filter(isKept)).toHaveLength(0);
    await Promise.all(ranks.map((each) => each.end()));
  });

  it('are told which rank ended, and why', async () => {
    const addresses = await loopbackAddresses(3);
    const [first, second, third] = (await Promise.all([0, 1, 2].map((rank) => meet(addresses, rank)))) as [
      Ranks,
      Ranks,
      Ranks,
    ];
    const told = reasons([first.gather('ranks', ''), third.orLost(new Promise(() => undefined))]);
    await second.fail('no such file');
    const message = `rank 1 (127.0.0.1:${addresses[1].port}) ended: no such file`;
    expect(await told).toEqual([message, message]);
    await Promise.all([first.fail(''), third.fail('')]);
  });

  it('word the difference of a rank in the same way, whoever finds it first', async () => {
    const addresses = await loopbackAddresses(2);
    const [first, second] = (await Promise.all([0, 1].map((rank) => meet(addresses, rank)))) as [Ranks, Ranks];
    const told = reasons([second.unlessLost(new Promise(() => undefined))]);
    const message = `${first.nameOf(1)}: expected --epochs 1, as rank 0 has, got 2`;
    await first.fail(message);
    expect(await told).toEqual([message]);
    await second.fail('');
  });

  it('tell a silent rank, which may still be running, why they ended', async () => {
    const addresses = await loopbackAddresses(2);
    const first = meet(addresses, 0, { timeout: 1 });
    const silent = await reach(addresses[0].port);
    silent.write(
      `${JSON.stringify({ type: 'hello', rank: 1, count: 2, version: '1', command: 'kd train', timeout: 1000 })}\n`,
    );
    const ranks = await first;
    const message = `rank 1 (127.0.0.1:${addresses[1].port}): expected it to keep running, but nothing was heard from it for`;
    expect(await reasons([ranks.orLost(new Promise(() => undefined))])).toEqual([expect.stringContaining(message)]);
    await ranks.fail('lost');
    expect((await sentBy(silent)).at(-1)).toEqual({
      type: 'failed',
      message: expect.stringContaining(message) as string,
    });
  });

  it('do not wait long for an answer from anything but rank 0', async () => {
    const addresses = await loopbackAddresses(2);
    const server = createServer().listen(addresses[0].port, '127.0.0.1');
    const connected = once(server, 'connection') as Promise<[Socket]>;
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const second = reasons([meet(addresses, 1, { timeout: 300 })]);
    const [silent] = await connected;
    await once(silent, 'readable');
    vi.advanceTimersByTime(10_000);
    vi.useRealTimers();
    silent.resume();
    expect(await second).toEqual([expect.stringMatching(/: expected an answer, but nothing came within 10 s; give/)]);
    server.close();
  });

  it('do not say that they are done if rank 0 was silent', async () => {
    const addresses = await loopbackAddresses(2);
    const server = createServer().listen(addresses[0].port, '127.0.0.1');
    const connected = once(server, 'connection') as Promise<[Socket]>;
    const second = meet(addresses, 1, { timeout: 1 });
    const [silent] = await connected;
    silent.write('{"type":"ready"}\n');
    const ranks = await second;
    expect(await reasons([ranks.gather('ranks', '')])).toEqual([
      expect.stringMatching(/nothing was heard from it for .*; with a longer --cluster-timeout if it was only busy$/),
    ]);
    await ranks.fail('rank 0 is lost');
    expect((await sentBy(silent)).at(-1)).toEqual({ type: 'failed', message: 'rank 0 is lost' });
    server.close();
  });

  it('are told of one that is at a different exchange', async () => {
    const addresses = await loopbackAddresses(2);
    const [first, second] = (await Promise.all([0, 1].map((rank) => meet(addresses, rank)))) as [Ranks, Ranks];
    const told = reasons([first.gather('settings', ''), second.gather('devices', '')]);
    const message =
      /^rank [01] \(127\.0\.0\.1:\d+\): expected to exchange \w+ as others do, got \w+; please report this as a bug$/;
    expect(await told).toEqual([expect.stringMatching(message), expect.stringMatching(message)]);
    await Promise.all([first.fail(''), second.fail('')]);
  });

  it.each([
    [{ version: '2' }, 'kd 1, as rank 0 has, got 2; install the same version everywhere'],
    [{ command: 'kd doctor' }, 'kd train, as rank 0 has, got kd doctor; start every rank with the same'],
    [{ timeout: 300 }, '--cluster-timeout 5, as rank 0 has, got 300; start every rank with the same'],
  ])('are told of one with %j', async (how, difference) => {
    const addresses = await loopbackAddresses(2);
    const message = `rank 1 (127.0.0.1:${addresses[1].port}): expected ${difference}`;
    expect(await reasons([meet(addresses, 0), meet(addresses, 1, how)])).toEqual([message, message]);
  });

  it('are told of one that never connects', async () => {
    const addresses = await loopbackAddresses(3);
    const message = `rank 2 (127.0.0.1:${addresses[2].port}): expected to connect within 1 s; start every rank in that time`;
    const both = [0, 1].map((rank) => meet(addresses, rank, { timeout: 1 }));
    expect(await reasons(both)).toEqual([message, message]);
  });

  it('abandon work that does not wait for others as soon as a rank is lost', async () => {
    const addresses = await loopbackAddresses(2);
    const [first, second] = (await Promise.all([0, 1].map((rank) => meet(addresses, rank)))) as [Ranks, Ranks];
    const busy = reasons([first.unlessLost(new Promise(() => undefined))]);
    expect(first.lost.aborted).toBe(false);
    await second.fail('no such file');
    expect(await busy).toEqual([`rank 1 (127.0.0.1:${addresses[1].port}) ended: no such file`]);
    expect(first.lost.aborted).toBe(true);
    await first.fail('');
  });

  it('do not listen at an address in use', async () => {
    const addresses = await loopbackAddresses(2);
    const [first] = await Promise.all([meet(addresses, 0), meet(addresses, 1)]);
    expect(await reasons([meet(addresses, 0)])).toEqual([
      expect.stringMatching(
        /^127\.0\.0\.1:\d+: expected to listen there, got listen EADDRINUSE.*; name another address$/,
      ),
    ]);
    await first.fail('');
  });

  it('ignore connections that are not from kd', async () => {
    const addresses = await loopbackAddresses(2);
    const first = meet(addresses, 0);
    for (const text of [
      'GET / HTTP/1.1\r\n\r\n',
      '{"type":"given","exchange":0,"topic":"","text":"","stop":true}\n',
      'x'.repeat(2000),
    ]) {
      const socket = connect(addresses[0].port, '127.0.0.1').on('error', () => undefined);
      socket.resume().write(text);
      await once(socket, 'close');
    }
    const ranks = await Promise.all([first, meet(addresses, 1)]);
    expect(await Promise.all(ranks.map((each) => each.gather('ranks', 'here')))).toEqual(
      ranks.map(() => ['here', 'here']),
    );
    await Promise.all(ranks.map((each) => each.end()));
  });
});
