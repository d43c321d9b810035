/** @file Determines whether the owner of a claim is alive, by the rules in `lock.ts`. */
import { readFile, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isRunning, isSameBoot, thisProcess } from '../processes.js';
import { changeTime, parseOwner, type LockOwner } from './claim.js';
import type { HeartbeatTimes } from './heartbeat.js';
import { askSocket } from './socket.js';

/** What is known about a claim. */
export interface Claim {
  readonly name: string;
  /** Absent for a claim that is about to be written. */
  readonly owner: LockOwner | undefined;
  readonly isCertain: boolean;
  /** Time since it was last renewed, in milliseconds. */
  readonly age: number;
}

/** `silent`: from another machine, and not renewed for a long time. `none`: the claim is gone. */
export type Verdict = 'alive' | 'silent' | 'dead' | 'none';

/** Examines a claim, by the rules at the head of `lock.ts`. */
export async function look(
  folder: string,
  name: string,
  now: number,
  { limit }: HeartbeatTimes,
): Promise<Claim & { verdict: Verdict }> {
  const path = join(folder, name);
  let changed = now;
  let text: string;
  const of = (verdict: Verdict, owner?: LockOwner, isCertain = true): Claim & { verdict: Verdict } => ({
    name,
    owner,
    isCertain,
    age: Math.max(0, now - changed),
    verdict,
  });
  try {
    changed = (await stat(path)).mtimeMs;
    text = await readFile(path, 'utf8');
  } catch (error) {
    return of((error as NodeJS.ErrnoException).code === 'ENOENT' ? 'none' : 'alive', undefined, false);
  }
  const owner = parseOwner(text);
  const answer = await askSocket(folder, `${name}.socket`);
  if (answer === 'answers') return of('alive', owner);
  if (owner === undefined) return of('dead'); // claims are written atomically, so this one is damaged
  const isDead = await isProvablyDead(owner, answer === 'refuses', folder);
  if (isDead !== undefined) return of(isDead ? 'dead' : 'alive', owner);
  return of(now - changed > limit ? 'silent' : 'alive', owner, false);
}

async function isProvablyDead(owner: LockOwner, isRefused: boolean, folder: string): Promise<boolean | undefined> {
  const self = thisProcess();
  if (isSameBoot(owner, self)) {
    if (owner.socket === true && isRefused) return true;
    const runs = isRunning(owner, self);
    if (runs !== undefined) return !runs;
    // Claims of earlier versions do not name a namespace.
    return isRunning({ ...owner, namespace: owner.namespace ?? self.namespace }, self) === true ? false : undefined;
  }
  const isRestarted = owner.host === self.host && owner.boot !== undefined && self.boot !== undefined;
  return isRestarted && (await isLocalFileSystem(folder)) ? true : undefined;
}

/** Whether a silent claim is renewed while we watch: it may look old only because a clock was changed. */
export async function stirs(
  folder: string,
  { name, owner }: Claim,
  { every }: HeartbeatTimes,
  onWait?: (text: string) => void,
): Promise<boolean> {
  const path = join(folder, name);
  const before = await changeTime(path);
  onWait?.(
    `waiting ${Math.ceil((3 * every) / 1000)} seconds for a sign of life from process ${owner?.pid} on ${owner?.host}`,
  );
  for (let i = 0; i < 6; i++) {
    await sleep(every / 2);
    if ((await changeTime(path)) !== before) return true;
  }
  return false;
}

/**
 * Magic numbers of file systems that only one machine can mount at a time (statfs(2)): ext, xfs, btrfs, f2fs, zfs,
 * tmpfs, overlay.
 */
const LOCAL = [0xef53, 0x58465342, 0x9123683e, 0xf2f52010, 0x2fc12fc1, 0x01021994, 0x794c7630];

async function isLocalFileSystem(folder: string): Promise<boolean> {
  return statfs(folder).then(
    ({ type }) => LOCAL.includes(type),
    () => false,
  );
}
