/**
 * @file A lock on a folder: one process at a time, also where processes cannot see each other.
 *
 * A process that wants the lock puts a claim into the folder, `lock-<random>`, and then looks for others. It has the lock where there
 * is none of a process that may be alive; of two that come at once, each finds the other unless it was first, and the later steps
 * back. Claims have names that are never used twice, so that removing a dead one cannot hit another's.
 *
 * Whether a claim's maker is alive is known
 *
 * 1. from `lock-<random>.socket`, on which it listens: the kernel answers for it while it lives, also while it computes or is stopped,
 *    through all containers of the machine, and refuses as soon as it is gone;
 * 2. where the file system has no sockets, from its number and start, in the same PID namespace of the same boot;
 * 3. from the host's name, where the machine was started again and the file system is its own;
 * 4. else (another machine) from the claim's modification time, which a thread of the maker renews: after a generous while without,
 *    and then a moment of looking, it counts as gone. Times are compared as the file system has them, not by this machine's clock.
 */
import { randomBytes } from 'node:crypto';
import { constants, existsSync, rmSync } from 'node:fs';
import { access, readdir, readFile, rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { InputError } from './errors.js';
import { fileError, writeFileAtomic } from './files.js';
import { askSocket, openSocket } from './lock-socket.js';
import { isRunning, isSameBoot, thisProcess, type ProcessIdentity } from './processes.js';

/** Who holds a lock. */
export interface LockOwner extends ProcessIdentity {
  /** When it was taken, in ISO 8601. */
  readonly since?: string | undefined;
  /** Whether it listens on a socket. */
  readonly socket?: boolean | undefined;
}

export interface Lock {
  /** The dead owner whose claim was removed. */
  readonly takenFrom: LockOwner | undefined;
  /**
   * Says whether the lock is still this process's: a claim may be removed by hand, or for a process that was stopped for long.
   *
   * @throws InputError where it is not
   */
  check(): void;
  release(): void;
}

export interface LockOptions {
  /** What the folder is: `a run`. */
  readonly what: string;
  /** How long to wait for the present owner, in milliseconds. */
  readonly patience?: number;
  /** Told before the only step that takes long: looking whether an owner on another machine is gone. */
  readonly onWait?: (text: string) => void;
  /** How often a claim is renewed, and after how long without it counts as dead, in milliseconds. */
  readonly times?: HeartbeatTimes;
}

export interface HeartbeatTimes {
  readonly every: number;
  readonly limit: number;
}

const TIMES: HeartbeatTimes = { every: 10_000, limit: 15 * 60_000 };

/** Two that come at once need some milliseconds to agree. */
const PATIENCE_MS = 500;

/** The names of claims; `lock` alone is one of an earlier version. */
const CLAIM = /^lock(-[0-9a-f]{16})?$/;
const SOCKET = /^(lock-[0-9a-f]{16})\.socket$/;

/** Whether a name in a locked folder belongs to its lock. */
export function isLockName(name: string): boolean {
  return CLAIM.test(name) || SOCKET.test(name);
}

/**
 * Takes the lock of a folder.
 *
 * @throws InputError while another process has it, or may have it, and where the folder cannot be written
 */
export async function takeLock(folder: string, options: LockOptions): Promise<Lock> {
  const { patience = PATIENCE_MS } = options;
  const seen = new Map<string, number>(); // other claims, and since when they have been there
  let [claim, takenFrom]: [OwnClaim | undefined, LockOwner | undefined] = [undefined, undefined];
  try {
    for (;;) {
      claim ??= await makeClaim(folder);
      const { name } = claim;
      const { alive, dead } = await othersThan(name, folder, options);
      takenFrom ??= dead;
      if (alive.length === 0) return holding(claim, folder, takenFrom, options);
      const isFirst = alive.every((other) => name < other.name);
      for (const old of seen.keys()) if (!alive.some((other) => other.name === old)) seen.delete(old);
      for (const other of alive) {
        const since = seen.get(other.name) ?? Date.now();
        seen.set(other.name, since);
        // Who steps back comes again under another name; and who does not, waits longest.
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

/** A claim of this process, with the socket that it listens on. */
interface OwnClaim {
  readonly name: string;
  readonly path: string;
  readonly withdraw: () => void;
}

/** Puts a claim under a new name into a folder. */
async function makeClaim(folder: string): Promise<OwnClaim> {
  const name = `lock-${randomBytes(8).toString('hex')}`;
  const path = join(folder, name);
  const socket = await openSocket(folder, `${name}.socket`);
  const withdraw = (): void => {
    rmSync(path, { force: true });
    socket?.close();
  };
  try {
    const owner = { ...thisProcess(), since: new Date().toISOString(), socket: socket !== undefined };
    await writeFileAtomic(path, JSON.stringify(owner));
  } catch (error) {
    withdraw();
    throw error;
  }
  return { name, path, withdraw };
}

function holding(
  { name, path, withdraw }: OwnClaim,
  folder: string,
  takenFrom: LockOwner | undefined,
  { times = TIMES }: LockOptions,
): Lock {
  const heartbeat = startHeartbeat(path, times.every);
  return {
    takenFrom,
    release(): void {
      void heartbeat.terminate();
      withdraw();
    },
    check(): void {
      if (existsSync(path)) return;
      throw new InputError(
        `${folder}: expected to hold its lock, but ${name} is gone: another process may write here by now`,
      );
    },
  };
}

/** Whether a process has the lock of a folder, as far as can be told; one on another machine that was silent for long has not. */
export async function isLocked(folder: string): Promise<boolean> {
  for (const name of await namesIn(folder)) {
    if (CLAIM.test(name) && (await look(folder, name, Date.now(), TIMES)).verdict === 'alive') return true;
  }
  return false;
}

/**
 * Checks that the lock of a folder could be taken now, as far as can be told, and changes nothing.
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

/** A claim that is not known to be dead. */
interface Claim {
  readonly name: string;
  /** Absent for one that is about to be written. */
  readonly owner: LockOwner | undefined;
  readonly isCertain: boolean;
  /** Time since it was renewed, in milliseconds. */
  readonly age: number;
}

/** The other claims in a folder; the dead ones are removed. */
async function othersThan(
  own: string,
  folder: string,
  { times = TIMES, onWait }: LockOptions,
): Promise<{ alive: Claim[]; dead: LockOwner | undefined }> {
  const now = (await stat(join(folder, own))).mtimeMs; // this moment, by the file system's clock
  const alive: Claim[] = [];
  let dead: LockOwner | undefined;
  const names = await readdir(folder);
  for (const name of names.filter((each) => CLAIM.test(each) && each !== own)) {
    const found = await look(folder, name, now, times);
    if (found.verdict === 'none') continue;
    if (found.verdict === 'alive' || (found.verdict === 'silent' && (await stirs(folder, found, times, onWait)))) {
      alive.push(found);
      continue;
    }
    await rm(join(folder, name), { force: true });
    await rm(join(folder, `${name}.socket`), { force: true });
    dead ??= found.owner;
  }
  alive.push(...(await unclaimedSockets(own, folder, names, now, times)));
  return { alive, dead };
}

/**
 * Sockets without a claim: of processes that are about to write it, or are just stepping back, and of one that has the lock where
 * somebody removed its claim.
 */
async function unclaimedSockets(
  own: string,
  folder: string,
  names: readonly string[],
  now: number,
  { limit }: HeartbeatTimes,
): Promise<Claim[]> {
  const alive: Claim[] = [];
  for (const [socket, name] of names.map((each) => SOCKET.exec(each) ?? []) as [string?, string?][]) {
    if (socket === undefined || name === undefined || name === own || names.includes(name)) continue;
    if ((await askSocket(folder, socket)) === 'answers')
      alive.push({ name, owner: undefined, isCertain: true, age: 0 });
    else if (now - (await changeTime(join(folder, socket))) > limit) await rm(join(folder, socket), { force: true });
  }
  return alive;
}

/** `silent`: of another machine, and not renewed for long. */
type Verdict = 'alive' | 'silent' | 'dead' | 'none';

/** Looks at a claim, as the comment at the head of this file says. */
async function look(
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
  if (owner === undefined) return of('dead'); // a claim is written whole or not at all: this is damaged
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
    // A claim of an earlier version knows no namespace.
    return isRunning({ ...owner, namespace: owner.namespace ?? self.namespace }, self) === true ? false : undefined;
  }
  const isRestarted = owner.host === self.host && owner.boot !== undefined && self.boot !== undefined;
  return isRestarted && (await isLocalFileSystem(folder)) ? true : undefined;
}

/** Whether a silent claim is renewed while one looks: its time may be wrong only because a clock was set. */
async function stirs(
  folder: string,
  { name, owner }: Claim,
  { every }: HeartbeatTimes,
  onWait?: (text: string) => void,
): Promise<boolean> {
  const path = join(folder, name);
  const before = await changeTime(path);
  onWait?.(
    `looking ${Math.ceil((3 * every) / 1000)} seconds for a sign of life of process ${owner?.pid} on ${owner?.host}`,
  );
  for (let i = 0; i < 6; i++) {
    await sleep(every / 2);
    if ((await changeTime(path)) !== before) return true;
  }
  return false;
}

/** Magic numbers of file systems that one machine alone can have mounted (statfs(2)): ext, xfs, btrfs, f2fs, zfs, tmpfs, overlay. */
const LOCAL = [0xef53, 0x58465342, 0x9123683e, 0xf2f52010, 0x2fc12fc1, 0x01021994, 0x794c7630];

async function isLocalFileSystem(folder: string): Promise<boolean> {
  return statfs(folder).then(
    ({ type }) => LOCAL.includes(type),
    () => false,
  );
}

/** Renews a claim from a thread of its own: a step may keep this one busy for minutes. */
const HEARTBEAT = `
const { workerData: { path, every } } = require('node:worker_threads');
const { closeSync, openSync, writeSync } = require('node:fs');
setInterval(() => {
  try {
    const file = openSync(path, 'r+'); // never makes it anew
    try {
      writeSync(file, '{', 0); // what is there; the time is then the file system's own
    } finally {
      closeSync(file);
    }
  } catch {} // tried again next time
}, every);
`;

function startHeartbeat(path: string, every: number): Worker {
  const worker = new Worker(HEARTBEAT, {
    eval: true,
    execArgv: [],
    workerData: { path, every },
    resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 2 },
  });
  worker.unref();
  worker.on('error', () => undefined);
  return worker;
}

function inUse(
  folder: string,
  { name, owner, isCertain, age }: Claim,
  { what, times = TIMES }: LockOptions,
): InputError {
  const text = `${folder}: expected ${what} that no process writes, but`;
  if (owner === undefined)
    return new InputError(`${text} another does, whose lock was removed; wait for it, or stop it`);
  const { pid, host, namespace, since } = owner;
  const self = thisProcess();
  if (isCertain && isSameBoot(owner, self) && namespace === self.namespace)
    return new InputError(`${text} process ${pid} does; wait for it, or stop it`);
  const place = `of PID namespace ${namespace ?? 'unknown'} on ${host}`;
  const known = `${text} process ${pid} ${place} does, since ${since ?? 'an unknown time'}`;
  if (isCertain) return new InputError(`${known}; wait for it, or stop it there`);
  const minutes = Math.ceil(times.limit / 60_000);
  return new InputError(
    `${known}, last sign of life ${Math.round(age / 1000)} seconds ago; wait for it, or stop it there; ` +
      `if it is no more, remove ${join(folder, name)}, or try again when it has given none for ${minutes} minutes`,
  );
}

function parseOwner(text: string): LockOwner | undefined {
  try {
    const owner = JSON.parse(text) as LockOwner | null;
    return Number.isSafeInteger(owner?.pid) && owner!.pid > 0 && typeof owner!.host === 'string' ? owner! : undefined;
  } catch {
    return undefined;
  }
}

async function changeTime(path: string): Promise<number> {
  return stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => NaN,
  );
}

async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []);
}
