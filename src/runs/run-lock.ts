/**
 * @file The lock of a run: one process at a time writes its folder.
 *
 * `lock` names its owner by process number, start of the process and boot of the machine, none of which a clock can change. So
 * the lock of a process that is no more is known for what it is, also where another process has its number by now.
 */
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { readFileSync, rmSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { InputError } from '../errors.js';
import { fileError } from '../files.js';

const LOCK = 'lock';

/** Who holds a lock. */
export interface Owner {
  readonly pid: number;
  /** When the process began, in clock ticks since boot; absent where the system does not tell. */
  readonly started?: string | undefined;
  /** Which boot of the machine this is; absent likewise. */
  readonly boot?: string | undefined;
  readonly host: string;
}

export interface RunLock {
  release(): void;
  /** The dead owner from whom the lock was taken over. */
  readonly takenFrom: Owner | undefined;
}

/**
 * Takes the lock of a run.
 *
 * @throws InputError while another process has it, and where the folder cannot be written
 */
export async function lockRun(run: string): Promise<RunLock> {
  const path = join(run, LOCK);
  const own = ownerOf(process.pid)!;
  const text = JSON.stringify(own);
  const draft = `${path}.${process.pid}.tmp`;
  let takenFrom: Owner | undefined;
  try {
    await writeFile(draft, text);
    for (let attempt = 0; attempt < 10; attempt++) {
      if (await isMade(draft, path)) return { release, takenFrom };
      const held = await readFile(path, 'utf8').catch(() => undefined);
      if (held === undefined) continue; // gone meanwhile
      const owner = parseOwner(held);
      if (owner !== undefined && isHeld(owner)) throw inUse(run, owner);
      if (await removeIf(path, held)) takenFrom = owner;
    }
  } catch (error) {
    throw fileError(path, 'cannot be written', error);
  } finally {
    await rm(draft, { force: true }).catch(() => undefined);
  }
  throw new InputError(`${path}: expected to take the lock of the run, but others keep taking it; try again`);

  function release(): void {
    if (readIfThere(path) === text) rmSync(path, { force: true });
  }
}

/** Whether a process writes a run, as far as can be told. */
export async function isWritten(run: string): Promise<boolean> {
  const owner = parseOwner(await readFile(join(run, LOCK), 'utf8').catch(() => ''));
  return owner !== undefined && isHeld(owner);
}

/** Whether a lock's owner is alive, as far as can be told: of another machine it cannot, and counts as alive. */
export function isHeld(owner: Owner, processOf: (pid: number) => Owner | undefined = ownerOf): boolean {
  const own = processOf(process.pid)!;
  if (owner.host !== own.host) return true;
  if (owner.boot !== own.boot) return false;
  const now = processOf(owner.pid);
  return now !== undefined && now.started === owner.started;
}

/** Who a process is; undefined for one that is no more. */
function ownerOf(pid: number): Owner | undefined {
  const host = hostname();
  const stat = readIfThere(`/proc/${pid}/stat`);
  const boot = readIfThere('/proc/sys/kernel/random/boot_id')?.trim();
  // Field 22, counted after the name in brackets, which may hold anything (proc_pid_stat(5)).
  if (stat !== undefined) return { pid, started: stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19], boot, host };
  if (boot !== undefined && pid !== process.pid) return undefined;
  return isRunning(pid) ? { pid, boot, host } : undefined;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0); // asks only whether it is there
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function inUse(run: string, { pid, host }: Owner): InputError {
  const where = host === hostname() ? '' : ` on ${host}`;
  const hint = host === hostname() ? 'wait for it, or stop it' : `if that is no more, remove ${join(run, LOCK)}`;
  return new InputError(`${run}: expected a run that no process writes, but process ${pid}${where} does; ${hint}`);
}

/** Gives a file a name that must be free. */
async function isMade(draft: string, path: string): Promise<boolean> {
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Removes a dead owner's lock. Of several processes one does; one that came late and took a new lock gives it back. */
async function removeIf(path: string, expected: string): Promise<boolean> {
  const taken = `${path}.${process.pid}.stale.tmp`;
  try {
    await rename(path, taken);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
  const isExpected = (await readFile(taken, 'utf8')) === expected;
  if (!isExpected) await link(taken, path).catch(() => undefined);
  await rm(taken, { force: true });
  return isExpected;
}

function parseOwner(text: string): Owner | undefined {
  try {
    const owner = JSON.parse(text) as Owner | null;
    return typeof owner?.pid === 'number' && typeof owner.host === 'string' ? owner : undefined;
  } catch {
    return undefined;
  }
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
