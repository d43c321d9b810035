/**
 * @file A lock on a folder: one process at a time, also where processes cannot see each other.
 *
 * A process that wants the lock puts a claim into the folder, `lock-<random>`, and then looks for others. It has the
 * lock where there is none of a process that may be alive; of two that come at once, each finds the other unless it was
 * first, and the later steps back. Claims have names that are never used twice, so that removing a dead one cannot hit
 * another's.
 *
 * Whether a claim's maker is alive is known
 *
 * 1. from `lock-<random>.socket`, on which it listens: the kernel answers for it while it lives, also while it computes
 *    or is stopped, through all containers of the machine, and refuses as soon as it is gone;
 * 2. where the file system has no sockets, from its number and start, in the same PID namespace of the same boot;
 * 3. from the host's name, where the machine was started again and the file system is its own;
 * 4. else (another machine) from the claim's modification time, which a thread of the maker renews: after a generous
 *    while without, and then a moment of looking, it counts as gone. Times are compared as the file system has them,
 *    not by this machine's clock.
 */
import { constants, existsSync, statSync } from 'node:fs';
import { access, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { InputError } from '../errors.js';
import { fileError } from '../system-errors.js';
import { isSameBoot, thisProcess } from '../processes.js';
import { CLAIM, makeClaim, type LockOwner, type OwnClaim } from './claim.js';
import { startHeartbeat, TIMES, type HeartbeatTimes } from './heartbeat.js';
import { findOtherClaims } from './other-claims.js';
import { look, type Claim, type Verdict } from './verdict.js';

/** A lock that this process holds. */
export interface Lock {
  /** The dead process whose claim was removed. */
  readonly takenFrom: LockOwner | undefined;
  /**
   * Says whether this process still has the lock: someone may have removed its claim, or another process may have taken
   * over while this one was stopped for long.
   *
   * @throws InputError if it has not
   */
  check(): void;
  release(): void;
}

/** How a lock is taken. */
export interface LockOptions {
  /** What the folder is: `a run`. */
  readonly what: string;
  /** How long to wait for the present owner, in milliseconds. */
  readonly patience?: number;
  /** Called before the only slow step: checking whether an owner on another machine is gone. */
  readonly onWait?: (text: string) => void;
  /** How often a claim is renewed, and after how long without it counts as dead, in milliseconds. */
  readonly times?: HeartbeatTimes;
}

/** Two processes that arrive together need some milliseconds to agree. */
const PATIENCE_MS = 500;

/**
 * Takes the lock of a folder.
 *
 * @throws InputError while another process has it, or may have it, and where the folder cannot be written
 */
export async function takeLock(folder: string, options: LockOptions): Promise<Lock> {
  const { patience = PATIENCE_MS } = options;
  const seen = new Map<string, number>(); // other claims, and when each was first seen
  let [claim, takenFrom]: [OwnClaim | undefined, LockOwner | undefined] = [undefined, undefined];
  try {
    for (;;) {
      claim ??= await makeClaim(folder);
      const { name } = claim;
      const { alive, dead } = await findOtherClaims(name, folder, options);
      takenFrom ??= dead;
      if (alive.length === 0) return holding(claim, folder, takenFrom, options);
      const isFirst = alive.every((other) => name < other.name);
      for (const old of seen.keys()) if (!alive.some((other) => other.name === old)) seen.delete(old);
      for (const other of alive) {
        const since = seen.get(other.name) ?? Date.now();
        seen.set(other.name, since);
        // A process that steps back returns under another name; one that does not has waited longest.
        const isHolder = other.age > 4 * patience || Date.now() - since > (isFirst ? 4 : 1) * patience;
        if (isHolder) throw inUse(folder, other, options);
      }
      if (!isFirst || !existsSync(claim.path)) {
        claim.withdraw();
        claim = undefined;
      }
      await sleep((isFirst ? 10 : 100) * (1 + Math.random()));
    }
  } catch (error) {
    claim?.withdraw();
    throw fileError(join(folder, 'lock'), 'cannot be written', error);
  }
}

function holding(
  { name, path, withdraw }: OwnClaim,
  folder: string,
  takenFrom: LockOwner | undefined,
  { times = TIMES }: LockOptions,
): Lock {
  const heartbeat = startHeartbeat(path, times.every);
  const identity = identityOf(folder);
  return {
    takenFrom,
    release(): void {
      void heartbeat.terminate();
      withdraw();
    },
    check(): void {
      if (existsSync(path)) return;
      if (identityOf(folder) !== identity)
        throw new InputError(`${folder}: expected the folder being written to, but it was moved or removed meanwhile`);
      throw new InputError(
        `${folder}: expected to hold its lock, but ${name} is gone: another process may write here by now`,
      );
    },
  };
}

/** Identifies a folder even if another takes its name; undefined if it does not exist. */
function identityOf(folder: string): string | undefined {
  const stats = statSync(folder, { throwIfNoEntry: false });
  return stats && `${stats.dev}:${stats.ino}`;
}

/**
 * Whether a process has the lock of a folder, as far as can be told. A process on another machine that has been silent
 * for long does not count.
 */
export async function isLocked(folder: string): Promise<boolean> {
  return (await verdictsOn(folder)).includes('alive');
}

/** Whether a folder has the lock of a process that is gone, and of no other. */
export async function isLeft(folder: string): Promise<boolean> {
  const verdicts = await verdictsOn(folder);
  return verdicts.includes('dead') && !verdicts.includes('alive');
}

async function verdictsOn(folder: string): Promise<Verdict[]> {
  const claims = (await namesIn(folder)).filter((name) => CLAIM.test(name));
  return Promise.all(claims.map(async (name) => (await look(folder, name, Date.now(), TIMES)).verdict));
}

/**
 * Checks that the lock of a folder could be taken now, as far as can be told. Changes nothing.
 *
 * @throws InputError as `takeLock`
 */
export async function checkUnlocked(folder: string, options: LockOptions): Promise<void> {
  for (const name of await namesIn(folder)) {
    if (!CLAIM.test(name)) continue;
    const found = await look(folder, name, Date.now(), options.times ?? TIMES);
    if (found.verdict === 'alive') throw inUse(folder, found, options);
  }
  await access(folder, constants.W_OK | constants.X_OK).catch((error: unknown) => {
    throw fileError(join(folder, 'lock'), 'cannot be written', error);
  });
}

function inUse(
  folder: string,
  { name, owner, isCertain, age }: Claim,
  { what, times = TIMES }: LockOptions,
): InputError {
  const text = `${folder}: expected ${what} that no process is writing to, but`;
  if (owner === undefined) return new InputError(`${text} another is, whose lock was removed; wait for it, or stop it`);
  const { pid, host, namespace, since } = owner;
  const self = thisProcess();
  if (isCertain && isSameBoot(owner, self) && namespace === self.namespace)
    return new InputError(`${text} process ${pid} is; wait for it, or stop it`);
  const place = `of PID namespace ${namespace ?? 'unknown'} on ${host}`;
  const known = `${text} process ${pid} ${place} is, since ${since ?? 'an unknown time'}`;
  if (isCertain) return new InputError(`${known}; wait for it, or stop it there`);
  const minutes = Math.ceil(times.limit / 60_000);
  return new InputError(
    `${known}, last sign of life ${Math.round(age / 1000)} seconds ago; wait for it, or stop it there; ` +
      `if it has exited, remove ${join(folder, name)}, or try again once it has given none for ${minutes} minutes`,
  );
}

async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []);
}
