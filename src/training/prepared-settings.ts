/** @file Settings that prepared data makes idle. */
import { warnOfIdleFlags } from '../app/idle-flags.js';
import type { Reporter } from '../app/reporter.js';
import { isStore } from '../data/store/manifest.js';
import { flagOf, type RequestedSettings } from './settings.js';

/** Settings of the preparation. `samples` is compared with what was prepared, and `seed` has other uses. */
const PREPARATION = ['koColumn', 'enColumn', 'validFraction', 'shuffle'] as const;

/** Warns of given flags that have no effect because the data is prepared. */
export async function warnOfPrepared(
  [data, ...others]: readonly string[],
  given: Partial<RequestedSettings>,
  reporter: Pick<Reporter, 'warn'>,
): Promise<void> {
  const idle = PREPARATION.filter((name) => given[name] !== undefined);
  if (idle.length === 0 || data === undefined || others.length > 0 || !(await isStore(data))) return;
  const flags = idle.map((name) => flagOf(name, given[name]));
  warnOfIdleFlags(flags, `because ${data} is prepared and used as it is`, reporter);
}
