import { createRequire } from 'node:module';
import { installedAddon } from './installed-addon.js';

/** The functions of `native/standard_error.cc`. */
interface StandardErrorAddon {
  /** @returns a descriptor of where standard error pointed; -1 if it could not be muted */
  mute(): number;
  unmute(descriptor: number): void;
}

/**
 * Runs `work` with the process's standard error redirected to `/dev/null`. Whenever TensorFlow is loaded, it writes two
 * lines about itself there, at every log level and bypassing Node's streams; errors are thrown, not written. If
 * standard error cannot be muted, `work` simply runs. Synchronous, so nothing else in this process is silenced.
 */
export function withMutedStderr<T>(work: () => T): T {
  const addon = standardErrorAddon();
  const kept = addon?.mute() ?? -1;
  if (kept < 0) return work();
  try {
    return work();
  } finally {
    addon!.unmute(kept);
  }
}

/** @returns undefined if it cannot be loaded, as after the set-up of an earlier version without it */
function standardErrorAddon(): StandardErrorAddon | undefined {
  try {
    return createRequire(import.meta.url)(installedAddon('standard_error.node')) as StandardErrorAddon;
  } catch {
    return undefined; // a broken installation is reported when TensorFlow is loaded
  }
}
