import { readFileSync } from 'node:fs';

/** What set-up left behind about TensorFlow (scripts/setup/tensorflow.mjs writes it). */
export interface SetupStatus {
  readonly backend: 'tensorflow' | 'cpu';
  /** Why TensorFlow is not there. */
  readonly reason?: string;
  readonly remedy?: string;
  readonly libtensorflow?: { readonly version: string; readonly path: string };
}

/** Reads what set-up wrote; undefined where it has not run, as in an installation by other means. */
export function readSetupStatus(): SetupStatus | undefined {
  try {
    return JSON.parse(readFileSync(new URL('../../node_modules/.kd-setup.json', import.meta.url), 'utf8')) as SetupStatus;
  } catch {
    return undefined;
  }
}
