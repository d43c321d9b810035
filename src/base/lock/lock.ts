/**
 * @file A lock on a folder, for one process at a time, even if processes cannot see each other.
 *
 * A process that wants the lock puts a claim, `lock-<random>`, into the folder and then looks for other claims. It
 * holds the lock if no other claim belongs to a process that may be alive. If two processes arrive at the same time, at
 * least one finds the other's claim, and the one whose claim sorts later steps back. Names of claims are never reused,
 * so that removing a dead claim cannot remove another's.
 *
 * Whether the owner of a claim is alive is determined
 *
 * 1. by `lock-<random>.socket`, on which it listens: the kernel accepts connections while the process exists, even if
 *    it is busy or stopped, from every container on the machine, and refuses them once it has exited;
 * 2. if the file system has no sockets, by process id and start time, within the same PID namespace of the same boot;
 * 3. by the host name, if the machine has been rebooted and the file system is local to it;
 * 4. otherwise (another machine) by the claim's modification time, which a thread of the owner keeps renewing: if it
 *    has not been renewed for a long time, and is not while we watch, the owner counts as dead. Times are compared by
 *    the file system's clock, not this machine's.
 */
import { constants, existsSync, statSync } from 'node:fs';
import { access, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { InputError } from '../errors.js';
import { folderIdentity } from '../folder-identity.js';
import { fileError } from '../system-errors.js';
import { isSameBoot, thisProcess } from '../processes.js';
import { CLAIM, makeClaim, type LockOwner, type OwnClaim } from './claim.js';
import { startHeartbeat, TIMES, type HeartbeatTimes } from './heartbeat.js';
import { findOtherClaims } from './other-claims.js';
import { look, type Claim, type Verdict } from './verdict.js';

/** The `code` of the error for a locked folder that is not in its place any more. */
export const FOLDER_MOVED = 'FOLDER_MOVED';

/** A lock that this process holds. */
export interface Lock {
  /** The dead process whose claim was removed, if any. */
  readonly takenFrom: LockOwner | undefined;
  /**
   * Checks that this process still holds the lock. Its claim may have been removed, or another process may have taken
   * over while this one was stopped for a long time.
   *
   * @throws InputError if it does not; with the code `FOLDER_MOVED` if the whole folder is gone
   */
  check(): void;
  release(): void;
}

/** How a lock is taken. */
export interface LockOptions {
  /** What the folder is, for messages: `a run`. */
  readonly what: string;
  /** How long to wait for the current owner, in milliseconds. */
  readonly patience?: number;
  /** Called before the only slow step: checking whether an owner on another machine is gone. */
  readonly onWait?: (text: string) => void;
  readonly times?: HeartbeatTimes;
}

/** Two processes that arrive together need some time to agree, in milliseconds. */
const PATIENCE_MS = 500;

/**
 * Takes the lock of a folder.
 *
 * @throws InputError if another process holds it, or may hold it, or if the folder cannot be written to
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
        const since = seen.get(other.name) ?? performance.now();
        seen.set(other.name, since);
        // A process that steps back returns under a new name, so a claim that stays belongs to the holder.
        const isHolder = other.age > 4 * patience || performance.now() - since > (isFirst ? 4 : 1) * patience;
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
  const identity = folderIdentity(folder);
  return {
    takenFrom,
    release(): void {
      void heartbeat.terminate();
      withdraw();
    },
    check(): void {
      if (!isGone(path)) return;
      if (folderIdentity(folder) !== identity)
        throw new InputError(`${folder}: expected the folder being written to, but it was moved or removed meanwhile`, {
          code: FOLDER_MOVED,
        });
      throw new InputError(
        `${folder}: expected to hold its lock, but ${name} is gone: another process may write here by now`,
      );
    },
  };
}

/** Whether a file does not exist; false if the system does not say, as while a file server does not answer. */
function isGone(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) === undefined;
  } catch {
    return false;
  }
}

/**
 * Whether a process holds the lock of a folder, as far as can be determined. A process on another machine that has been
 * silent for a long time does not count.
 */
export async function isLocked(folder: string): Promise<boolean> {
  return (await verdictsOn(folder)).includes('alive');
}

/** Whether the lock of a folder was left by a process that has exited, and no live process holds it. */
export async function isLeft(folder: string): Promise<boolean> {
  const verdicts = await verdictsOn(folder);
  return verdicts.includes('dead') && !verdicts.includes('alive');
}

async function verdictsOn(folder: string): Promise<Verdict[]> {
  const claims = (await namesIn(folder)).filter((name) => CLAIM.test(name));
  return Promise.all(claims.map(async (name) => (await look(folder, name, Date.now(), TIMES)).verdict));
}

/**
 * Checks that the lock of a folder could be taken now, as far as can be determined. Changes nothing.
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
