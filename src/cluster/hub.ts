/** @file The first rank's side: it waits for the others, collects what they give, and tells all. */
import type { Duplex } from 'node:stream';
import { InputError } from '../base/errors.js';
import { deferred } from '../base/deferred.js';
import { HAS_KEY, openChannel, type Channel, type Message } from './channel.js';
import { differenceOf } from './hello.js';
import { CLOSED_WITHIN, type Gathered, type Link, type LinkOptions } from './link.js';
import { failedRank, LostRank, lostRank, nameOf, silentFor } from './lost-rank.js';
import { watchPulse, type Pulse } from './pulse.js';

/** Another rank. */
interface Member {
  readonly channel: Channel;
  readonly pulse: Pulse;
  /** Whether it said that it ends. */
  isDone: boolean;
}

/** An exchange that not all ranks have given a text for. */
interface Exchange {
  readonly topic: string;
  readonly texts: string[];
  given: number;
  stop: boolean;
  readonly settle: (gathered: Gathered) => void;
  readonly gathered: Promise<Gathered>;
}

type Given = Omit<Extract<Message, { type: 'given' }>, 'type'>;

/** Listens until all ranks are there. */
export async function openHub(options: LinkOptions): Promise<Link> {
  const { hosts, network, version, command, timeout, onLost } = options;
  const count = hosts.addresses.length;
  const members = new Map<number, Member>();
  const exchanges = new Map<number, Exchange>();
  let next = 0;
  let isOver = false;
  const meeting = deferred<undefined>();

  const broadcast = (message: Message): void => {
    for (const { channel } of members.values()) channel.send(message);
  };
  /** The run is at its end: told to all, one that was only silent among them. */
  const end = (error: InputError): void => {
    if (isOver) return;
    isOver = true;
    broadcast({ type: 'failed', message: error.message });
    meeting.reject(error);
    onLost(error instanceof LostRank ? error : new LostRank(error.message));
  };
  const outOfStep = (rank: number, expected: string, got: string): InputError =>
    new InputError(
      `${nameOf(hosts, rank)}: expected to exchange ${expected} as others do, got ${got}; please report this as a bug`,
    );
  const exchangeOf = (number: number, topic: string): Exchange => {
    const known = exchanges.get(number);
    if (known !== undefined) return known;
    const { promise, resolve } = deferred<Gathered>();
    const texts = Array.from({ length: count }, () => '');
    const made = { topic, texts, given: 0, stop: false, settle: resolve, gathered: promise };
    exchanges.set(number, made);
    return made;
  };
  const take = (rank: number, { exchange: number, topic, text, stop }: Given): Promise<Gathered> => {
    const exchange = exchangeOf(number, topic);
    if (exchange.topic !== topic) end(outOfStep(rank, exchange.topic, topic));
    exchange.texts[rank] = text;
    exchange.given++;
    exchange.stop ||= stop;
    if (exchange.given === count) {
      exchanges.delete(number);
      const { texts, stop: isStopped } = exchange;
      broadcast({ type: 'gathered', exchange: number, texts, stop: isStopped });
      exchange.settle({ texts, stop: isStopped });
    }
    return exchange.gathered;
  };

  const server = await network.listen((socket: Duplex) => {
    let rank: number | undefined;
    const channel = openChannel(socket, {
      onMessage(message) {
        if (rank === undefined) {
          rank = welcome(message, channel);
          return;
        }
        const member = members.get(rank)!;
        member.pulse.heard();
        if (message.type === 'given') void take(rank, message);
        else if (message.type === 'failed') end(new LostRank(failedRank(hosts, rank, message.message)));
        else if (message.type === 'done') member.isDone = true;
      },
      onClosed(why) {
        if (rank === undefined) {
          if (why === HAS_KEY) network.onRefused(`a connection was not let in: ${why}`);
          return; // others are somebody else's
        }
        const { pulse, isDone } = members.get(rank)!;
        pulse.stop();
        if (!isDone) end(lostRank(hosts, rank, why));
      },
    });
  });

  /** Takes in a rank that says who it is; others are left alone. */
  function welcome(message: Message, channel: Channel): number | undefined {
    if (
      message.type !== 'hello' ||
      isOver ||
      message.rank >= count ||
      message.rank === 0 ||
      members.has(message.rank)
    ) {
      const why = message.type === 'hello' ? `rank ${message.rank} is taken, or none of ${count}` : 'expected a hello';
      channel.send({ type: 'failed', message: `${nameOf(hosts, 0)}: ${why}; give every rank another --rank` });
      void channel.close(CLOSED_WITHIN.done);
      return undefined;
    }
    const { rank } = message;
    const beat = (): void => {
      channel.send({ type: 'beat' });
    };
    const pulse = watchPulse(timeout, beat, () => {
      end(lostRank(hosts, rank, silentFor(timeout)));
    });
    members.set(rank, { channel, pulse, isDone: false });
    beat(); // it waits for an answer
    const difference = differenceOf({ count, version, command, timeout }, message);
    if (difference !== undefined) end(new InputError(`${nameOf(hosts, rank)}: ${difference}`));
    else if (members.size === count - 1) meeting.resolve(undefined);
    return rank;
  }

  const close = async (within: number): Promise<void> => {
    isOver = true;
    for (const { pulse } of members.values()) pulse.stop();
    await Promise.all([...members.values()].map(({ channel }) => channel.close(within)));
    server.close();
  };
  const patience = setTimeout(() => {
    const missing = hosts.addresses.flatMap((_, rank) =>
      rank === 0 || members.has(rank) ? [] : [nameOf(hosts, rank)],
    );
    end(new InputError(`${missing.join(', ')}: expected within ${timeout / 1000} s; start every rank in that time`));
  }, timeout);
  try {
    await meeting.promise;
  } catch (error) {
    await close(CLOSED_WITHIN.lost);
    throw error;
  } finally {
    clearTimeout(patience);
  }
  broadcast({ type: 'ready' });
  return {
    exchange: (topic, text, stop) => take(0, { exchange: next++, topic, text, stop }),
    async fail(message) {
      end(new LostRank(failedRank(hosts, 0, message)));
      await close(CLOSED_WITHIN.lost);
    },
    close: () => close(CLOSED_WITHIN.done),
  };
}
