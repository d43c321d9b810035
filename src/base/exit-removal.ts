/** @file What is removed when the process exits: temporary files and folders that nobody removed before. */
import { rmSync } from 'node:fs';

const temporary = new Set<string>();

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
  if (temporary.size === 0) {
    process.off('exit', removeAll);
    process.on('exit', removeAll);
    watcher?.(true);
  }
  temporary.add(path);
}

/** Leaves a file or folder alone when the process exits: it was removed, or has got its name. */
export function forget(path: string): void {
  if (temporary.delete(path) && temporary.size === 0) watcher?.(false);
}

function removeAll(): void {
  for (const path of temporary) removeIfPossible(path);
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
