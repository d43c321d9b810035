/** Memory of a process as Linux counts it, in bytes. */
import { readFileSync, writeFileSync } from 'node:fs';

/** @typedef {{ resident: number, peak: number, anonymous: number, mapped: number }} Memory */

/**
 * Resident now and at its most, and what of now is the process's own (`anonymous`), not pages of files that are mapped.
 *
 * @param {number | 'self' | undefined} pid
 * @returns {Memory | undefined} undefined for a process that is gone
 */
export function memoryOf(pid) {
  try {
    const text = readFileSync(`/proc/${pid}/status`, 'utf8');
    /** @param {string} name */
    const bytes = (name) => {
      const found = new RegExp(`^${name}:\\s*(\\d+) kB`, 'm').exec(text);
      if (found === null) throw new Error('a process that has ended has no such line');
      return 1024 * Number(found[1]);
    };
    return { resident: bytes('VmRSS'), peak: bytes('VmHWM'), anonymous: bytes('RssAnon'), mapped: bytes('RssFile') };
  } catch {
    return undefined;
  }
}

/**
 * The processes that a process has started and that are still there.
 *
 * @param {number | undefined} pid
 */
export function childrenOf(pid) {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

/**
 * Lets the peak begin anew from what is resident now (proc(5), clear_refs).
 *
 * @param {number | 'self' | undefined} pid
 */
export function resetPeak(pid) {
  writeFileSync(`/proc/${pid}/clear_refs`, '5');
}
