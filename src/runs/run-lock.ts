/** @file The lock of a run: only one process at a time writes its folder. */
import type { HeartbeatTimes } from '../base/lock/heartbeat.js';
import { checkUnlocked, isLocked, isLeft, takeLock, type Lock } from '../base/lock/lock.js';

export { FOLDER_MOVED, type Lock as RunLock } from '../base/lock/lock.js';

/**
 * Takes the lock of a run.
 *
 * @param onWait called with a message if it takes long
 * @param times heartbeat times, for tests
 * @throws InputError while another process has or may have it, and if the folder cannot be written
 */
export async function lockRun(run: string, onWait?: (text: string) => void, times?: HeartbeatTimes): Promise<Lock> {
  return takeLock(run, { what: 'a run', ...(onWait && { onWait }), ...(times && { times }) });
}

/**
 * Checks that a run can probably be locked now. Changes nothing.
 *
 * @throws InputError as `lockRun`
 */
export async function checkLockable(run: string): Promise<void> {
  await checkUnlocked(run, { what: 'a run' });
}

/** Whether a process seems to be writing a run. */
export const isWritten = isLocked;

/** Whether a process that wrote a run is gone without releasing its lock, as when it was killed. */
export const isAbandoned = isLeft;
