import { createRequire } from 'node:module';
import { installedAddon } from './installed-addon.js';

/** The functions of `native/standard_error.cc`. */
interface StandardErrorAddon {
  /** @returns the descriptor of where standard error pointed; -1: it could not be muted */
  mute(): number;
  unmute(descriptor: number): void;
}

/**
 * Runs `work` with the process's standard error pointed at nothing. TensorFlow writes two lines about itself there
 * whenever it is loaded, at every log level, and past Node's streams; errors are thrown, not written. Where that cannot
 * be done, `work` simply runs. Synchronous, so nothing else of this process is silenced.
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

/** @returns undefined where it cannot be loaded: after the set-up of an earlier version, which had none */
function standardErrorAddon(): StandardErrorAddon | undefined {
  try {
    return createRequire(import.meta.url)(installedAddon('standard_error.node')) as StandardErrorAddon;
  } catch {
    return undefined; // what TensorFlow itself lacks is told when that is loaded
  }
}
