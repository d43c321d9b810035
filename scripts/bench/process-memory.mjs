/** Memory of a process, as Linux counts it, in bytes. */
import { readFileSync, writeFileSync } from 'node:fs';

/** @typedef {{ resident: number, peak: number, anonymous: number, mapped: number }} Memory */

/**
 * Current and peak resident memory, and how much of the current is private (`anonymous`) rather than mapped from files.
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
 * The running child processes of a process.
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
 * Resets the peak to the current resident memory (proc(5), clear_refs).
 *
 * @param {number | 'self' | undefined} pid
 */
export function resetPeak(pid) {
  writeFileSync(`/proc/${pid}/clear_refs`, '5');
}
