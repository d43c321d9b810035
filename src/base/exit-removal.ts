/** @file What is removed when the process exits: temporary files and folders that nobody removed before. */
import { rmSync } from 'node:fs';

const temporary = new Set<string>();

/** Removes a file or folder when the process exits, unless `forget` is called before. */
export function removeOnExit(path: string): void {
  if (temporary.size === 0) {
    process.off('exit', removeAll);
    process.on('exit', removeAll);
  }
  temporary.add(path);
}

/** Leaves a file or folder alone when the process exits: it was removed, or has got its name. */
export function forget(path: string): void {
  temporary.delete(path);
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
