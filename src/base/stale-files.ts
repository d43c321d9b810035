/**
 * @file Names for unfinished files and folders, and the removal of those that killed processes left behind.
 *
 * A name records the process that made it, `<boot and namespace>-<pid>-<start>-<random>`, so that nothing a live
 * process is working on is removed. The 64 random bits distinguish processes that cannot see each other, such as in two
 * containers that share a folder.
 */
import { createHash, randomBytes } from 'node:crypto';
import { lstatSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isRunning, thisProcess, type ProcessIdentity } from './processes.js';

/** How long something from another container, machine or boot must be unchanged to count as abandoned. */
const ABANDONED_MS = 24 * 60 * 60 * 1000;

const MAKER = /-?([0-9a-f]{8})-(\d+)-(\d+)-[0-9a-f]{16}(?:\.tmp|\.old|\.part)?$/;

/** A part of a name that is unique and identifies its process. */
export function makerTag(maker: ProcessIdentity = thisProcess()): string {
  return `${scopeOf(maker)}-${maker.pid}-${maker.started ?? 0}-${randomBytes(8).toString('hex')}`;
}

/**
 * Removes what exited processes left in a folder. Skips anything that cannot be removed, belongs to another user, or
 * may still be in use.
 *
 * @param isUnfinished whether a name is that of unfinished work
 */
export function removeStaleFiles(folder: string, isUnfinished: (name: string) => boolean): void {
  for (const name of namesIn(folder).filter(isUnfinished)) {
    if (!isStale(folder, name)) continue;
    try {
      rmSync(join(folder, name), { recursive: true, force: true });
    } catch {
      // another user's folder, or a file system that has become read-only: it does no harm
    }
  }
}

/**
 * Whether unfinished work belongs to this user and its process has exited.
 *
 * @param abandonedMs how long the work of an unknown process must be unchanged, in milliseconds
 */
export function isStale(folder: string, name: string, abandonedMs = ABANDONED_MS): boolean {
  try {
    const path = join(folder, name);
    if (process.getuid !== undefined && lstatSync(path).uid !== process.getuid()) return false;
    const running = makerRuns(name);
    return running === undefined ? Date.now() - lastChange(path) > abandonedMs : !running;
  } catch {
    return false; // gone in the meantime, or not visible
  }
}

/** Whether the process in a name is still running; undefined if that cannot be known. */
export function makerRuns(name: string): boolean | undefined {
  const [, scope, pid, started] = MAKER.exec(name) ?? [];
  const self = thisProcess();
  if (scope === undefined || scope !== scopeOf(self)) return undefined;
  return isRunning({ ...self, pid: Number(pid), started: started === '0' ? undefined : started }, self);
}

/** Hashes the scope of process ids: a PID namespace of a boot, or a host if the system has neither. */
function scopeOf({ boot, namespace, host }: ProcessIdentity): string {
  const isKnown = namespace !== undefined || process.platform !== 'linux';
  const scope = isKnown ? JSON.stringify([boot, namespace, boot === undefined ? host : undefined]) : UNKNOWN_SCOPE;
  return createHash('sha256').update(scope).digest('hex').slice(0, 8);
}

/** The scope of a process that does not know its namespace; shared with no other process. */
const UNKNOWN_SCOPE = randomBytes(16).toString('hex');

/** When a file, or anything in a folder, was last modified, in milliseconds since 1970. */
function lastChange(path: string): number {
  const stats = lstatSync(path);
  const inside = stats.isDirectory() ? readdirSync(path).map((name) => lastChange(join(path, name))) : [];
  return Math.max(stats.mtimeMs, ...inside);
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
