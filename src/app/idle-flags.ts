/** @file The warning of flags that have no effect. */
import type { Reporter } from './reporter.js';

/** Flags, by the names of their values, that have no effect if a condition holds, and the reason in words. */
export type IdleFlags = readonly [names: readonly string[], isIdle: boolean, why: string];

/**
 * Warns of flags that have no effect: `--port: not applied without --serve`. Without flags, there is no warning.
 *
 * @param why continues "not applied"
 */
export function warnOfIdleFlags(flags: readonly string[], why: string, reporter: Pick<Reporter, 'warn'>): void {
  if (flags.length > 0) reporter.warn(`${flags.join(', ')}: not applied ${why}`);
}
