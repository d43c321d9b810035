/** @file What `kd doctor` finds, one thing at a time. */
import type { Problem } from '../../tensorflow/gpu-choice.js';

/** One thing looked at. */
export interface Finding {
  readonly name: string;
  readonly ok: boolean;
  readonly found: string;
  /** What to do, where it is not ok. */
  readonly remedy?: string;
}

/** A finding that needs a remedy only where it is not ok. */
export function check(name: string, ok: boolean, found: string, remedy: string): Finding {
  return ok ? { name, ok, found } : { name, ok, found, remedy };
}

/** A finding that is a problem. */
export function problemFinding(name: string, { found, remedy }: Problem): Finding {
  return { name, ok: false, found, remedy };
}
