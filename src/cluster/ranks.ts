/** @file The processes of a run, as seen by one of them: exchanges between them, and the loss of one. */
import { setTimeout as after } from 'node:timers/promises';
import { untilAborted } from '../base/abort.js';
import { messageOf } from '../base/errors.js';
import { joinHub } from './member.js';
import { openHub } from './hub.js';
import type { LinkOptions } from './link.js';
import { LostRankError, nameOf } from './lost-rank.js';
import type { Network } from './network.js';

/** The processes of a run. All of them must call `gather` in the same order. */
export interface Ranks {
  readonly rank: number;
  readonly count: number;
  /** Seconds to wait for another process. */
  readonly timeout: number;
  readonly network: Network;
  /** Aborted on all ranks after the same exchange, once any rank was asked to stop. */
  readonly signal: AbortSignal;
  /** `rank 1 (b:2222)` */
  nameOf(rank: number): string;
  /**
   * All ranks' texts in rank order, once all have given theirs.
   *
   * @param topic the subject; different topics on different ranks are an error
   * @throws LostRankError if a rank is lost
   */
  gather(topic: string, text: string): Promise<readonly string[]>;
  /** Aborted as soon as a rank is lost. */
  readonly lost: AbortSignal;
  /**
   * The result of work that does not wait for other ranks.
   *
   * @throws LostRankError as soon as a rank is lost
   */
  unlessLost<T>(work: Promise<T>): Promise<T>;
  /**
   * The result of work that may wait for other ranks.
   *
   * @throws LostRankError as soon as a rank is lost, rather than the resulting error
   */
  orLost<T>(work: Promise<T>): Promise<T>;
  /** Waits for all ranks, then closes. */
  end(): Promise<void>;
  /** Closes, and tells the others why, unless they know. */
  fail(message: string): Promise<void>;
}

/** Milliseconds to wait for a lost rank to be reported, after an error that it may have caused. */
const TOLD_AFTER = 3_000;

/**
 * Connects to the other processes of a run.
 *
 * @param timeout seconds to wait for another process
 * @param stop this process's request to stop
 * @throws InputError if one of them does not connect in time or has a different version, or if the address is taken
 */
export async function meetRanks(
  { hosts, network, version, command, timeout }: Omit<LinkOptions, 'onLost'>,
  stop: AbortSignal,
): Promise<Ranks> {
  const { rank, addresses } = hosts;
  const lost = new AbortController();
  const stopped = new AbortController();
  let isEnded = false;
  const options: LinkOptions = {
    hosts,
    network,
    version,
    command,
    timeout: timeout * 1000,
    onLost: (error) => {
      if (!isEnded) lost.abort(error);
    },
  };
  const link = await (rank === 0 ? openHub(options) : joinHub(options));
  try {
    await network.open();
  } catch (error) {
    isEnded = true;
    await link.fail(messageOf(error));
    throw error;
  }
  // Not a race with one promise for the whole run, which would keep all that was ever awaited.
  const unlessLost = <T>(work: Promise<T>): Promise<T> => untilAborted(work, lost.signal);

  async function gather(topic: string, text: string): Promise<readonly string[]> {
    const { texts, stop: isStopped } = await unlessLost(link.exchange(topic, text, stop.aborted));
    if (isStopped) stopped.abort();
    return texts;
  }

  return {
    rank,
    count: addresses.length,
    timeout,
    network,
    signal: stopped.signal,
    nameOf: (other) => nameOf(hosts, other),
    gather,
    lost: lost.signal,
    unlessLost,
    async orLost(work) {
      try {
        return await unlessLost(work);
      } catch (error) {
        if (!(error instanceof LostRankError)) await unlessLost(after(TOLD_AFTER, undefined, { ref: false }));
        throw error;
      }
    },
    async end() {
      await gather('end', '');
      isEnded = true;
      await link.close();
    },
    async fail(message) {
      isEnded = true;
      await link.fail(message);
    },
  };
}
