/** @file Why TensorFlow is not used, what that costs, and what to do about it. */
import { messageOf } from '../base/errors.js';
import { formatBytes } from '../base/format.js';
import { processLimit } from '../base/process-limits.js';
import { setupCommand } from '../base/setup-command.js';
import { RAISE_MEMORY } from '../base/system-errors.js';
import { readSetupStatus } from './setup-status.js';

/** Errors from loading native code are long; their beginning names the cause. */
const MESSAGE_LENGTH = 160;

/** The dynamic linker's and the system's words for a library that does not fit into the address space. */
const NO_ROOM = /failed to map segment|cannot allocate memory|cannot create shared object descriptor/i;

/**
 * `no TensorFlow (…): computing in JavaScript, tens of times slower; run …`
 *
 * @param error from loading it; set-up's status, if it says why TensorFlow is missing, takes precedence
 * @param limit the most bytes of memory that this process may map
 */
export function absenceReason(error: unknown, setup = readSetupStatus(), limit = processLimit('addressSpace')): string {
  const message = messageOf(error).slice(0, MESSAGE_LENGTH);
  const isLimited = setup?.reason === undefined && limit !== Infinity && NO_ROOM.test(message);
  const why = isLimited ? `${message}; this process may map ${formatBytes(limit)}` : (setup?.reason ?? message);
  const remedy = isLimited ? RAISE_MEMORY : (setup?.remedy ?? `run ${setupCommand()}`);
  return `no TensorFlow (${why}): computing in JavaScript, tens of times slower; ${remedy}`;
}
