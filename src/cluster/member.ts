/** @file The other ranks' end: each is connected to rank 0. */
import type { Duplex } from 'node:stream';
import { setTimeout as after } from 'node:timers/promises';
import { InputError, messageOf } from '../base/errors.js';
import { deferred } from '../base/deferred.js';
import type { Hosts } from './addresses.js';
import { openChannel, type Message } from './channel.js';
import type { Network } from './network.js';
import { CLOSED_WITHIN, type Gathered, type Link, type LinkOptions } from './link.js';
import { LostRankError, lostRank, nameOf, silentFor, silentRank } from './lost-rank.js';
import { startHeartbeat } from './heartbeat.js';

/** Milliseconds between attempts. */
const BETWEEN_TRIES = 200;

/** Milliseconds in which rank 0 must answer. */
const ANSWERS_WITHIN = 10_000;

/** The error for a rank 0 that does not answer. */
const noAnswer = (hosts: Hosts, why: string): LostRankError =>
  new LostRankError(
    `${nameOf(hosts, 0)}: expected an answer, but ${why}; give every rank the same --cluster-key, and every run ` +
      'addresses of its own',
  );

/** Connects to rank 0, and waits until all ranks are connected. */
export async function joinHub(options: LinkOptions): Promise<Link> {
  const { hosts, network, version, command, timeout, onLost } = options;
  const { rank, addresses } = hosts;
  const waiting = new Map<number, (gathered: Gathered) => void>();
  let next = 0;
  let wasHeard = false;
  let isOver = false;
  const meeting = deferred<undefined>();
  const end = (error: LostRankError): void => {
    if (isOver) return;
    isOver = true;
    heartbeat.stop();
    meeting.reject(error);
    onLost(error);
  };
  const socket = await reach(network, options);
  const channel = openChannel(socket, {
    onMessage(message) {
      wasHeard = true;
      heartbeat.heard();
      if (message.type === 'ready') meeting.resolve(undefined);
      else if (message.type === 'failed') end(new LostRankError(message.message));
      else if (message.type === 'gathered') {
        waiting.get(message.exchange)?.({ texts: message.texts, stop: message.stop });
        waiting.delete(message.exchange);
      }
    },
    onClosed(why) {
      end(wasHeard ? lostRank(hosts, 0, why) : noAnswer(hosts, why));
    },
  });
  const beat = (): void => {
    channel.send({ type: 'beat' });
  };
  const heartbeat = startHeartbeat(timeout, beat, () => {
    end(wasHeard ? silentRank(hosts, 0, timeout) : noAnswer(hosts, silentFor(timeout)));
  });
  const close = async (message: Message, within: number): Promise<void> => {
    isOver = true;
    heartbeat.stop();
    channel.send(message);
    await channel.close(within);
  };
  const fail = (message: string): Promise<void> => close({ type: 'failed', message }, CLOSED_WITHIN.lost);
  channel.send({ type: 'hello', rank, count: addresses.length, version, command, timeout });
  const answer = setTimeout(() => {
    if (!wasHeard) end(noAnswer(hosts, `nothing came within ${ANSWERS_WITHIN / 1000} s`));
  }, ANSWERS_WITHIN);
  try {
    await meeting.promise;
  } catch (error) {
    await fail(messageOf(error));
    throw error;
  } finally {
    clearTimeout(answer);
  }
  return {
    exchange: (topic, text, stop) =>
      new Promise((resolve) => {
        const exchange = next++;
        waiting.set(exchange, resolve);
        channel.send({ type: 'given', exchange, topic, text, stop });
      }),
    fail,
    close: () => close({ type: 'done' }, CLOSED_WITHIN.done),
  };
}

/** Connects to rank 0, which may start later. */
async function reach(network: Network, { hosts, timeout }: LinkOptions): Promise<Duplex> {
  const until = performance.now() + timeout;
  for (;;) {
    try {
      return await network.connect(Math.ceil(Math.max(until - performance.now(), BETWEEN_TRIES)));
    } catch (error) {
      if (error instanceof InputError) throw error;
      if (performance.now() + BETWEEN_TRIES > until)
        throw new InputError(
          `${nameOf(hosts, 0)}: expected to reach it within ${timeout / 1000} s, got ${messageOf(error)}; ` +
            'start every rank in that time',
        );
    }
    await after(BETWEEN_TRIES);
  }
}
