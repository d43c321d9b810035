/** @file The lock of a run: one process at a time writes its folder. */
import type { HeartbeatTimes } from '../base/lock/heartbeat.js';
import { checkUnlocked, isLocked, isLeft, takeLock, type Lock } from '../base/lock/lock.js';

export type { Lock as RunLock } from '../base/lock/lock.js';

/**
 * Takes the lock of a run.
 *
 * @param onWait told when it takes long
 * @param times of the signs of life, for tests
 * @throws InputError while another process has it, or may have it, and where the folder cannot be written
 */
export async function lockRun(run: string, onWait?: (text: string) => void, times?: HeartbeatTimes): Promise<Lock> {
  return takeLock(run, { what: 'a run', ...(onWait && { onWait }), ...(times && { times }) });
}

/**
 * Checks that a run can be locked now, as far as can be told, and changes nothing.
 *
 * @throws InputError as `lockRun`
 */
export async function checkLockable(run: string): Promise<void> {
  await checkUnlocked(run, { what: 'a run' });
}

/** Whether a process writes a run, as far as can be told. */
export const isWritten = isLocked;

/** Whether a process that wrote a run is gone and has left its lock behind, as one that was killed. */
export const isAbandoned = isLeft;
