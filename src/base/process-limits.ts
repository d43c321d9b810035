/** @file The limits that the system sets for this process, which its child processes inherit (getrlimit(2)). */
import { readFileSync } from 'node:fs';

const NAMES = { openFiles: 'Max open files', addressSpace: 'Max address space' } as const;

/** A limit of this process, files or bytes; Infinity if there is none, or if it is unknown. */
export function processLimit(name: keyof typeof NAMES): number {
  try {
    const [, limit] = new RegExp(`^${NAMES[name]} +(\\d+)`, 'm').exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
    return Number(limit ?? Infinity);
  } catch {
    return Infinity; // not Linux, or not even this file can be opened
  }
}
