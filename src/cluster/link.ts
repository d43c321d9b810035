/** @file The connection between one rank and the others. */
import type { Hosts } from './addresses.js';
import type { LostRankError } from './lost-rank.js';
import type { Network } from './network.js';

/** The texts of all ranks, and whether any of them was asked to stop. */
export interface Gathered {
  readonly texts: readonly string[];
  readonly stop: boolean;
}

/** A rank's connection to the others, through rank 0, which collects texts. */
export interface Link {
  /**
   * Gives this rank's text for the next exchange, and waits for those of all ranks.
   *
   * @param topic the subject, which must be the same on all ranks
   */
  exchange(topic: string, text: string, stop: boolean): Promise<Gathered>;
  /** Tells all others, unless they know, that the run ends and why; then closes. */
  fail(message: string): Promise<void>;
  /** Closes once all ranks are done. */
  close(): Promise<void>;
}

/** Milliseconds that a link waits for the other ends when closing: if all are done, and if one may be lost. */
export const CLOSED_WITHIN = { done: 1000, lost: 100 } as const;

/** The parameters of a link. */
export interface LinkOptions {
  readonly hosts: Hosts;
  readonly network: Network;
  readonly version: string;
  readonly command: string;
  /** Milliseconds. */
  readonly timeout: number;
  readonly onLost: (error: LostRankError) => void;
}
