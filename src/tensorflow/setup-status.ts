import { readFileSync } from 'node:fs';
import * as v from 'valibot';
import { mapOf, object, text } from '../base/json-schema.js';
import { soundJson } from '../base/parse-json.js';

const STATUS = object({
  backend: v.picklist(['tensorflow', 'cpu']),
  /** Why TensorFlow is not there. */
  reason: v.exactOptional(text),
  remedy: v.exactOptional(text),
  /** For which device libtensorflow is built; `own`: the user's, from TF_LIBRARY_DIR. */
  device: v.exactOptional(v.picklist(['cpu', 'gpu', 'own'])),
  libtensorflow: v.exactOptional(object({ version: text, path: text })),
  /** CUDA's libraries beside libtensorflow, by file name; absent where the system's are to serve. */
  cuda: v.exactOptional(object({ folder: text, files: mapOf(object({ path: text, version: text })) })),
  /** What set-up was told to set up for. */
  choice: v.exactOptional(
    object({ device: v.picklist(['auto', 'gpu', 'cpu']), cuda: v.picklist(['wheels', 'system']) }),
  ),
  /** Why it is not the build for GPUs although one is in sight. */
  gpu: v.exactOptional(object({ reason: text, remedy: text })),
});

/** What set-up left behind about TensorFlow (scripts/setup/status.mjs writes it). */
export type SetupStatus = v.InferOutput<typeof STATUS>;

/** Reads what set-up wrote; undefined where it has not run, as in an installation by other means. */
export function readSetupStatus(): SetupStatus | undefined {
  try {
    return soundJson(STATUS, readFileSync(new URL('../../node_modules/.kd-setup.json', import.meta.url), 'utf8'));
  } catch {
    return undefined;
  }
}
