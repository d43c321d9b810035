/** @file The connection of one rank to the others. */
import type { Hosts } from './addresses.js';
import type { LostRank } from './lost-rank.js';
import type { Network } from './network.js';

/** The texts of all ranks, and whether one of them was asked to stop. */
export interface Gathered {
  readonly texts: readonly string[];
  readonly stop: boolean;
}

/** The connection of a rank to the others: through the first one, which collects. */
export interface Link {
  /**
   * Gives this rank's text for the next exchange, and waits for those of all.
   *
   * @param topic what it is about, which must be the same on all ranks
   */
  exchange(topic: string, text: string, stop: boolean): Promise<Gathered>;
  /** Tells all others that the run ends, and why, unless they know; then closes. */
  fail(message: string): Promise<void>;
  /** Closes when all are done. */
  close(): Promise<void>;
}

/** Milliseconds that a link waits for the other sides when it closes: when all are done, and when one may be lost. */
export const CLOSED_WITHIN = { done: 1000, lost: 100 } as const;

/** What a link works with. */
export interface LinkOptions {
  readonly hosts: Hosts;
  readonly network: Network;
  readonly version: string;
  readonly command: string;
  /** Milliseconds. */
  readonly timeout: number;
  readonly onLost: (error: LostRank) => void;
}
