/** @file What ends with the process: temporary files and folders that nobody removed before, and child processes. */
import type { ChildProcess } from 'node:child_process';
import { rmSync } from 'node:fs';

const temporary = new Map<string | ChildProcess, () => void>();

/** What is done while there is something to remove: called with whether there is, whenever that changes. */
let watcher: ((isSome: boolean) => void) | undefined;

/** Tells, from now on, when there begins to be something to remove, and when no more; undefined: tells nobody. */
export function watchTemporary(next: ((isSome: boolean) => void) | undefined): void {
  if (temporary.size > 0) watcher?.(false);
  watcher = next;
  if (temporary.size > 0) watcher?.(true);
}

/** Removes a file or folder when the process exits, unless `forget` is called before. */
export function removeOnExit(path: string): void {
  doOnExit(path, () => {
    removeIfPossible(path);
  });
}

/** Kills a child process when this process exits: its work is of use to this one only. */
export function killOnExit(child: ChildProcess): void {
  doOnExit(child, () => {
    child.kill('SIGKILL');
  });
  child.once('exit', () => {
    forget(child);
  });
}

function doOnExit(what: string | ChildProcess, action: () => void): void {
  if (temporary.size === 0) {
    process.off('exit', removeAll);
    process.on('exit', removeAll);
    watcher?.(true);
  }
  temporary.set(what, action);
}

/** Leaves something alone when the process exits: it was removed, has ended, or has got its name. */
export function forget(what: string | ChildProcess): void {
  if (temporary.delete(what) && temporary.size === 0) watcher?.(false);
}

function removeAll(): void {
  for (const action of temporary.values()) action();
}

/**
 * Removes a file or folder that the next process would remove, too: nothing is reported if the system refuses, as when
 * the file system has become read-only. The error that this would hide is the one to report.
 */
export function removeIfPossible(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch {
    // left to the next process
  }
}
