/** @file Rank 0's end: waits for the others, collects their texts and sends them to all. */
import type { Duplex } from 'node:stream';
import { InputError } from '../base/errors.js';
import { deferred } from '../base/deferred.js';
import { HAS_KEY, openChannel, type Channel, type Message } from './channel.js';
import { collectExchanges } from './exchanges.js';
import { differenceOf } from './hello.js';
import { CLOSED_WITHIN, type Link, type LinkOptions } from './link.js';
import { failedRank, LostRankError, lostRank, nameOf, silentRank } from './lost-rank.js';
import { startHeartbeat, type Heartbeat } from './heartbeat.js';

/** Another rank. */
interface Member {
  readonly channel: Channel;
  readonly heartbeat: Heartbeat;
  /** Whether it said that it is done. */
  isDone: boolean;
}

/** Listens until all ranks are connected. */
export async function openHub(options: LinkOptions): Promise<Link> {
  const { hosts, network, version, command, timeout, onLost } = options;
  const count = hosts.addresses.length;
  const members = new Map<number, Member>();
  let next = 0;
  let isOver = false;
  const meeting = deferred<undefined>();

  const broadcast = (message: Message): void => {
    for (const { channel } of members.values()) channel.send(message);
  };
  /** Ends the run and tells all ranks, even one that was only silent. */
  const end = (error: InputError): void => {
    if (isOver) return;
    isOver = true;
    broadcast({ type: 'failed', message: error.message });
    meeting.reject(error);
    onLost(error instanceof LostRankError ? error : new LostRankError(error.message));
  };
  const exchanges = collectExchanges(count, {
    onComplete: (exchange, gathered) => {
      broadcast({ type: 'gathered', exchange, ...gathered });
    },
    onMismatch: (rank, expected, got) => {
      end(
        new InputError(
          `${nameOf(hosts, rank)}: expected to exchange ${expected} as others do, got ${got}; please report this as ` +
            'a bug',
        ),
      );
    },
  });

  const server = await network.listen((socket: Duplex) => {
    let rank: number | undefined;
    const channel = openChannel(socket, {
      onMessage(message) {
        if (rank === undefined) {
          rank = admit(message, channel);
          return;
        }
        const member = members.get(rank)!;
        member.heartbeat.heard();
        if (message.type === 'given') void exchanges.take(rank, message);
        else if (message.type === 'failed') end(new LostRankError(failedRank(hosts, rank, message.message)));
        else if (message.type === 'done') member.isDone = true;
      },
      onClosed(why) {
        if (rank === undefined) {
          if (why === HAS_KEY) network.onRefused(`connection refused: ${why}`);
          return; // not a rank of this run
        }
        const { heartbeat, isDone } = members.get(rank)!;
        heartbeat.stop();
        if (!isDone) end(lostRank(hosts, rank, why));
      },
    });
  });

  /** Admits a rank that identifies itself, and refuses others. */
  function admit(message: Message, channel: Channel): number | undefined {
    if (
      message.type !== 'hello' ||
      isOver ||
      message.rank >= count ||
      message.rank === 0 ||
      members.has(message.rank)
    ) {
      const why =
        message.type === 'hello'
          ? `rank ${message.rank} is taken, or none of ${count}`
          : "expected a rank's first message";
      channel.send({ type: 'failed', message: `${nameOf(hosts, 0)}: ${why}; give every rank another --rank` });
      void channel.close(CLOSED_WITHIN.done);
      return undefined;
    }
    const { rank } = message;
    const beat = (): void => {
      channel.send({ type: 'beat' });
    };
    const heartbeat = startHeartbeat(timeout, beat, () => {
      end(silentRank(hosts, rank, timeout));
    });
    members.set(rank, { channel, heartbeat, isDone: false });
    beat(); // it is waiting for an answer
    const difference = differenceOf({ count, version, command, timeout }, message);
    if (difference !== undefined) end(new InputError(`${nameOf(hosts, rank)}: ${difference}`));
    else if (members.size === count - 1) meeting.resolve(undefined);
    return rank;
  }

  const close = async (within: number): Promise<void> => {
    isOver = true;
    for (const { heartbeat } of members.values()) heartbeat.stop();
    await Promise.all([...members.values()].map(({ channel }) => channel.close(within)));
    server.close();
  };
  const patience = setTimeout(() => {
    const missing = hosts.addresses.flatMap((_, rank) =>
      rank === 0 || members.has(rank) ? [] : [nameOf(hosts, rank)],
    );
    end(
      new InputError(
        `${missing.join(', ')}: expected to connect within ${timeout / 1000} s; start every rank in that time`,
      ),
    );
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
    exchange: (topic, text, stop) => exchanges.take(0, { exchange: next++, topic, text, stop }),
    async fail(message) {
      end(new LostRankError(failedRank(hosts, 0, message)));
      await close(CLOSED_WITHIN.lost);
    },
    close: () => close(CLOSED_WITHIN.done),
  };
}
