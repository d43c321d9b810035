/** @file Rank 0's end: waits for the others, collects their texts and sends them to all. */
import type { Duplex } from 'node:stream';
import { InputError } from '../base/errors.js';
import { deferred } from '../base/deferred.js';
import type { Hosts } from './addresses.js';
import { HAS_KEY, openChannel, type Channel, type Message } from './channel.js';
import { collectExchanges, type Exchanges } from './exchanges.js';
import { differenceOf } from './hello.js';
import { CLOSED_WITHIN, type Link, type LinkOptions } from './link.js';
import { failedRank, LostRankError, lostRank, nameOf, silentRank } from './lost-rank.js';
import { startHeartbeat, type Heartbeat } from './heartbeat.js';

/** Listens until all ranks are connected. */
export async function openHub(options: LinkOptions): Promise<Link> {
  const { hosts, network, timeout } = options;
  const hub = new Hub(options);
  const server = await network.listen((socket) => {
    hub.take(socket);
  });
  const close = async (within: number): Promise<void> => {
    await hub.close(within);
    server.close();
  };
  const patience = setTimeout(() => {
    hub.end(notConnected(hosts, hub.missing(), timeout));
  }, timeout);
  try {
    await hub.allConnected;
  } catch (error) {
    await close(CLOSED_WITHIN.lost);
    throw error;
  } finally {
    clearTimeout(patience);
  }
  hub.broadcast({ type: 'ready' });
  let next = 0;
  return {
    exchange: (topic, text, stop) => hub.exchanges.take(0, { exchange: next++, topic, text, stop }),
    async fail(message) {
      hub.end(new LostRankError(failedRank(hosts, 0, message)));
      await close(CLOSED_WITHIN.lost);
    },
    close: () => close(CLOSED_WITHIN.done),
  };
}

/** Another rank. */
interface Member {
  readonly channel: Channel;
  readonly heartbeat: Heartbeat;
  /** Whether it said that it is done. */
  isDone: boolean;
}

/** Rank 0's connections to the other ranks. */
class Hub {
  readonly exchanges: Exchanges;
  readonly #options: LinkOptions;
  readonly #members = new Map<number, Member>();
  readonly #meeting = deferred<undefined>();
  #isOver = false;

  constructor(options: LinkOptions) {
    this.#options = options;
    const { hosts } = options;
    this.exchanges = collectExchanges(hosts.addresses.length, {
      onComplete: (exchange, gathered) => {
        this.broadcast({ type: 'gathered', exchange, ...gathered });
      },
      onMismatch: (rank, expected, got) => {
        this.end(otherTopic(hosts, rank, expected, got));
      },
    });
  }

  /** Rejects with the error that ends the run before that. */
  get allConnected(): Promise<undefined> {
    return this.#meeting.promise;
  }

  /** The ranks that are not connected. */
  missing(): number[] {
    const ranks = Array.from(this.#options.hosts.addresses.keys());
    return ranks.filter((rank) => rank !== 0 && !this.#members.has(rank));
  }

  /** Sends a message to all ranks. */
  broadcast(message: Message): void {
    for (const { channel } of this.#members.values()) channel.send(message);
  }

  /** Ends the run and tells all ranks, even one that was only silent. */
  end(error: InputError): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.broadcast({ type: 'failed', message: error.message });
    this.#meeting.reject(error);
    this.#options.onLost(error instanceof LostRankError ? error : new LostRankError(error.message));
  }

  /** Takes a connection, perhaps of a rank. */
  take(socket: Duplex): void {
    let rank: number | undefined;
    const channel = openChannel(socket, {
      onMessage: (message) => {
        if (rank === undefined) rank = this.#admit(message, channel);
        else this.#receive(rank, message);
      },
      onClosed: (why) => {
        if (rank !== undefined) this.#lose(rank, why);
        else if (why === HAS_KEY) this.#options.network.onRefused(`connection refused: ${why}`);
      },
    });
  }

  /** Ends all connections. */
  async close(within: number): Promise<void> {
    this.#isOver = true;
    for (const { heartbeat } of this.#members.values()) heartbeat.stop();
    await Promise.all([...this.#members.values()].map(({ channel }) => channel.close(within)));
  }

  /** Admits a rank that identifies itself, and refuses others. */
  #admit(message: Message, channel: Channel): number | undefined {
    const { hosts, version, command, timeout } = this.#options;
    const why = this.#refusal(message);
    if (why !== undefined || message.type !== 'hello') {
      channel.send({ type: 'failed', message: `${nameOf(hosts, 0)}: ${why}; give every rank another --rank` });
      void channel.close(CLOSED_WITHIN.done);
      return undefined;
    }
    const { rank } = message;
    const beat = (): void => {
      channel.send({ type: 'beat' });
    };
    const heartbeat = startHeartbeat(timeout, beat, () => {
      this.end(silentRank(hosts, rank, timeout));
    });
    this.#members.set(rank, { channel, heartbeat, isDone: false });
    beat(); // it is waiting for an answer
    const difference = differenceOf({ count: hosts.addresses.length, version, command, timeout }, message);
    if (difference !== undefined) this.end(new InputError(`${nameOf(hosts, rank)}: ${difference}`));
    else if (this.missing().length === 0) this.#meeting.resolve(undefined);
    return rank;
  }

  /** Why a first message is not from a rank that is missing. */
  #refusal(message: Message): string | undefined {
    if (message.type !== 'hello') return "expected a rank's first message";
    if (!this.#isOver && this.missing().includes(message.rank)) return undefined;
    return `rank ${message.rank} is taken, or none of ${this.#options.hosts.addresses.length}`;
  }

  #receive(rank: number, message: Message): void {
    const member = this.#members.get(rank)!;
    member.heartbeat.heard();
    if (message.type === 'given') void this.exchanges.take(rank, message);
    else if (message.type === 'failed')
      this.end(new LostRankError(failedRank(this.#options.hosts, rank, message.message)));
    else if (message.type === 'done') member.isDone = true;
  }

  #lose(rank: number, why: string): void {
    const { heartbeat, isDone } = this.#members.get(rank)!;
    heartbeat.stop();
    if (!isDone) this.end(lostRank(this.#options.hosts, rank, why));
  }
}

function notConnected(hosts: Hosts, missing: readonly number[], timeout: number): InputError {
  const names = missing.map((rank) => nameOf(hosts, rank)).join(', ');
  return new InputError(`${names}: expected to connect within ${timeout / 1000} s; start every rank in that time`);
}

function otherTopic(hosts: Hosts, rank: number, expected: string, got: string): InputError {
  return new InputError(
    `${nameOf(hosts, rank)}: expected to exchange ${expected} as others do, got ${got}; please report this as a bug`,
  );
}
