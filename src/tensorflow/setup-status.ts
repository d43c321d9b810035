import { readFileSync } from 'node:fs';

/** What set-up left behind about TensorFlow (scripts/setup/tensorflow.mjs writes it). */
export interface SetupStatus {
  readonly backend: 'tensorflow' | 'cpu';
  /** Why TensorFlow is not there. */
  readonly reason?: string;
  readonly remedy?: string;
  /** For which device libtensorflow is built; `own`: the user's, from TF_LIBRARY_DIR. */
  readonly device?: 'cpu' | 'gpu' | 'own';
  readonly libtensorflow?: { readonly version: string; readonly path: string };
  /** CUDA's libraries beside libtensorflow, by file name; absent where the system's are to serve. */
  readonly cuda?: {
    readonly folder: string;
    readonly files: Readonly<Record<string, { readonly path: string; readonly version: string } | undefined>>;
  };
  /** What set-up was told to set up for. */
  readonly choice?: { readonly device: 'auto' | 'gpu' | 'cpu'; readonly cuda: 'wheels' | 'system' };
  /** Why it is not the build for GPUs although one is in sight. */
  readonly gpu?: { readonly reason: string; readonly remedy: string };
}

/** Reads what set-up wrote; undefined where it has not run, as in an installation by other means. */
export function readSetupStatus(): SetupStatus | undefined {
  try {
    return JSON.parse(
      readFileSync(new URL('../../node_modules/.kd-setup.json', import.meta.url), 'utf8'),
    ) as SetupStatus;
  } catch {
    return undefined;
  }
}
