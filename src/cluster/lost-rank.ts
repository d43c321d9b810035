/** @file Messages about a rank that is lost. */
import { InputError } from '../base/errors.js';
import { formatDuration } from '../base/format.js';
import { addressText, type Hosts } from './addresses.js';

/** A process of a run has gone away, or ended with an error. */
export class LostRankError extends InputError {
  override readonly code = 'LOST_RANK';
}

/** `rank 1 (b:2222)` */
export function nameOf({ addresses }: Hosts, rank: number): string {
  return `rank ${rank} (${addressText(addresses[rank]!)})`;
}

/** What to do when a rank is lost. */
const WAY_ON = 'start every rank again, with --resume once the run has begun';

/** The error for a rank that has gone away. */
export function lostRank(hosts: Hosts, rank: number, why: string): LostRankError {
  return new LostRankError(`${nameOf(hosts, rank)}: expected it to keep running, but ${why}; ${WAY_ON}`);
}

/** The error for a rank that was silent for too long: one that is gone, suspended, or too busy to say anything. */
export function silentRank(hosts: Hosts, rank: number, milliseconds: number): LostRankError {
  return lostRank(hosts, rank, silentFor(milliseconds)).add('with a longer --cluster-timeout if it was only busy');
}

/** The reason for a rank that was silent for too long. */
export function silentFor(milliseconds: number): string {
  return `nothing was heard from it for ${formatDuration(milliseconds / 1000)}`;
}

/**
 * The message of a rank that ended with an error. One that already names a rank is the same on all ranks and unchanged.
 */
export function failedRank(hosts: Hosts, rank: number, message: string): string {
  const isOfRank = hosts.addresses.some((_, each) => message.startsWith(`${nameOf(hosts, each)}: `));
  return isOfRank ? message : `${nameOf(hosts, rank)} ended: ${message}`;
}
