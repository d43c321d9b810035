/** @file How long names are looked up for. */
import { readFileSync } from 'node:fs';

/**
 * Options of the C library's resolver (resolv.conf(5)), for a machine with a network and for one without. By default it
 * asks silent name servers for 10 s each, and a process cannot end before its lookups do.
 */
const LOOKUP = { connected: 'timeout:2 attempts:2', unconnected: 'timeout:1 attempts:1' };

/** Limits lookups from the first one of this process on, unless the user or the machine has limits for them. */
export function limitLookups(isUnconnected: boolean): void {
  if (process.env.RES_OPTIONS !== undefined || (!isUnconnected && hasOwnLimits())) return;
  process.env.RES_OPTIONS = isUnconnected ? LOOKUP.unconnected : LOOKUP.connected;
}

function hasOwnLimits(): boolean {
  try {
    return /^options\b.*\b(timeout|attempts):/m.test(readFileSync('/etc/resolv.conf', 'utf8'));
  } catch {
    return false;
  }
}
