/** @file The findings of `kd doctor`. */
import type { Problem } from '../../tensorflow/gpu-choice.js';

/** The result of one check. */
export interface Finding {
  readonly name: string;
  readonly ok: boolean;
  readonly found: string;
  /** What to do if it is not ok. */
  readonly remedy?: string;
}

/** Makes a finding. The remedy is dropped if it is ok. */
export function check(name: string, ok: boolean, found: string, remedy: string): Finding {
  return ok ? { name, ok, found } : { name, ok, found, remedy };
}

/** Makes a finding from a problem. */
export function problemFinding(name: string, { found, remedy }: Problem): Finding {
  return { name, ok: false, found, remedy };
}
