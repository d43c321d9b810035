/** @file Runs a function while holding a run's lock, and cleans up however it ends. */
import { lockRun, type RunLock } from '../runs/run-lock.js';
import type { Reporter } from '../app/reporter.js';

/** Runs a function while holding a run's lock. */
export async function withLock<T>(folder: string, reporter: Reporter, work: (lock: RunLock) => Promise<T>): Promise<T> {
  const lock = await lockRun(folder, (text) => {
    reporter.message(text);
  });
  if (lock.takenFrom !== undefined)
    reporter.message(`took over the lock of process ${lock.takenFrom.pid}, which has exited`);
  return withCleanup(
    () => {
      lock.release();
    },
    () => work(lock),
  );
}

/** Does some work and then cleans up. If the process exits meanwhile, cleanups run in reverse order. */
export async function withCleanup<T>(cleanUp: () => void, work: () => Promise<T>): Promise<T> {
  process.prependListener('exit', cleanUp);
  try {
    return await work();
  } finally {
    process.off('exit', cleanUp);
    cleanUp();
  }
}

/** Whether this process still holds a lock. */
export function isHeld(lock: RunLock): boolean {
  try {
    lock.check();
    return true;
  } catch {
    return false;
  }
}
