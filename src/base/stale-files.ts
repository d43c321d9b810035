/**
 * @file Names for unfinished files and folders, and the removal of those that a killed process left.
 *
 * A name holds who made it, `<boot and namespace>-<pid>-<start>-<random>`, so that nothing is removed that a process is
 * still at work on. The random part, 64 bits, keeps makers apart that cannot see each other: two containers on one
 * folder.
 */
import { createHash, randomBytes } from 'node:crypto';
import { lstatSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isRunning, thisProcess, type ProcessIdentity } from './processes.js';

/**
 * After so long without a change, what was made in another container, on another machine or before a boot is left over.
 */
const ABANDONED_MS = 24 * 60 * 60 * 1000;

const MAKER = /-?([0-9a-f]{8})-(\d+)-(\d+)-[0-9a-f]{16}(?:\.tmp|\.old)?$/;

/** A part of a name that no other name has, and that tells who made it. */
export function makerTag(maker: ProcessIdentity = thisProcess()): string {
  return `${scopeOf(maker)}-${maker.pid}-${maker.started ?? 0}-${randomBytes(8).toString('hex')}`;
}

/**
 * Removes what processes that are no more left in a folder. What cannot be removed, belongs to another user, or may
 * still be somebody's work is passed over.
 *
 * @param isUnfinished whether a name is one that unfinished work has
 */
export function removeStaleFiles(folder: string, isUnfinished: (name: string) => boolean): void {
  for (const name of namesIn(folder).filter(isUnfinished)) {
    if (!isStale(folder, name)) continue;
    try {
      rmSync(join(folder, name), { recursive: true, force: true });
    } catch {
      // a folder of somebody else, a file system gone read-only: it harms nobody
    }
  }
}

/** Whether something unfinished is this user's, and its maker is gone. */
export function isStale(folder: string, name: string): boolean {
  try {
    const path = join(folder, name);
    if (process.getuid !== undefined && lstatSync(path).uid !== process.getuid()) return false;
    const running = makerRuns(name);
    return running === undefined ? Date.now() - lastChange(path) > ABANDONED_MS : !running;
  } catch {
    return false; // gone meanwhile, or not to be seen
  }
}

/** Whether the maker in a name still runs; undefined where that cannot be known. */
function makerRuns(name: string): boolean | undefined {
  const [, scope, pid, started] = MAKER.exec(name) ?? [];
  const self = thisProcess();
  if (scope === undefined || scope !== scopeOf(self)) return undefined;
  return isRunning({ ...self, pid: Number(pid), started: started === '0' ? undefined : started }, self);
}

/** Where process numbers count: a PID namespace of a boot, or where the system has neither, a host. */
function scopeOf({ boot, namespace, host }: ProcessIdentity): string {
  const isKnown = namespace !== undefined || process.platform !== 'linux';
  const scope = isKnown ? JSON.stringify([boot, namespace, boot === undefined ? host : undefined]) : UNKNOWN_SCOPE;
  return createHash('sha256').update(scope).digest('hex').slice(0, 8);
}

/** For a process that cannot tell its namespace: shared with nobody. */
const UNKNOWN_SCOPE = randomBytes(16).toString('hex');

/** The newest modification in a file or folder, in milliseconds since 1970. */
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
