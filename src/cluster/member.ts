/** @file The other ranks' end: each is connected to rank 0. */
import type { Duplex } from 'node:stream';
import { setTimeout as after } from 'node:timers/promises';
import { InputError, messageOf } from '../base/errors.js';
import { deferred } from '../base/deferred.js';
import type { Hosts } from './addresses.js';
import { openChannel, type Channel, type Message } from './channel.js';
import type { Network } from './network.js';
import { CLOSED_WITHIN, type Gathered, type Link, type LinkOptions } from './link.js';
import { LostRankError, lostRank, nameOf, silentFor, silentRank } from './lost-rank.js';
import { startHeartbeat, type Heartbeat } from './heartbeat.js';

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
  const member = new Member(options, await reach(options.network, options));
  await member.allConnected();
  return member;
}

/** This rank's connection to rank 0. */
class Member implements Link {
  readonly #options: LinkOptions;
  readonly #channel: Channel;
  readonly #heartbeat: Heartbeat;
  readonly #meeting = deferred<undefined>();
  /** Exchanges whose texts are not all there, by number. */
  readonly #waiting = new Map<number, (gathered: Gathered) => void>();
  /** The number of the next exchange. */
  #next = 0;
  #wasHeard = false;
  #isOver = false;

  constructor(options: LinkOptions, socket: Duplex) {
    const { hosts, version, command, timeout } = options;
    this.#options = options;
    this.#channel = openChannel(socket, {
      onMessage: (message) => {
        this.#receive(message);
      },
      onClosed: (why) => {
        this.#end(this.#wasHeard ? lostRank(hosts, 0, why) : noAnswer(hosts, why));
      },
    });
    this.#heartbeat = startHeartbeat(
      timeout,
      () => {
        this.#channel.send({ type: 'beat' });
      },
      () => {
        this.#end(this.#wasHeard ? silentRank(hosts, 0, timeout) : noAnswer(hosts, silentFor(timeout)));
      },
    );
    const { rank, addresses } = hosts;
    this.#channel.send({ type: 'hello', rank, count: addresses.length, version, command, timeout });
  }

  /** Waits until all ranks are connected; closes if they never are, and throws the error that says why. */
  async allConnected(): Promise<void> {
    const answer = setTimeout(() => {
      if (!this.#wasHeard) this.#end(noAnswer(this.#options.hosts, `nothing came within ${ANSWERS_WITHIN / 1000} s`));
    }, ANSWERS_WITHIN);
    try {
      await this.#meeting.promise;
    } catch (error) {
      await this.fail(messageOf(error));
      throw error;
    } finally {
      clearTimeout(answer);
    }
  }

  exchange(topic: string, text: string, stop: boolean): Promise<Gathered> {
    return new Promise((resolve) => {
      const exchange = this.#next++;
      this.#waiting.set(exchange, resolve);
      this.#channel.send({ type: 'given', exchange, topic, text, stop });
    });
  }

  fail(message: string): Promise<void> {
    return this.#close({ type: 'failed', message }, CLOSED_WITHIN.lost);
  }

  close(): Promise<void> {
    return this.#close({ type: 'done' }, CLOSED_WITHIN.done);
  }

  #receive(message: Message): void {
    this.#wasHeard = true;
    this.#heartbeat.heard();
    if (message.type === 'ready') this.#meeting.resolve(undefined);
    else if (message.type === 'failed') this.#end(new LostRankError(message.message));
    else if (message.type === 'gathered') {
      this.#waiting.get(message.exchange)?.({ texts: message.texts, stop: message.stop });
      this.#waiting.delete(message.exchange);
    }
  }

  /** Ends the run on this rank. */
  #end(error: LostRankError): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#heartbeat.stop();
    this.#meeting.reject(error);
    this.#options.onLost(error);
  }

  async #close(message: Message, within: number): Promise<void> {
    this.#isOver = true;
    this.#heartbeat.stop();
    this.#channel.send(message);
    await this.#channel.close(within);
  }
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
