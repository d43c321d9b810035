import { readFileSync } from 'node:fs';
import * as v from 'valibot';
import { mapOf, object, text } from '../base/json-schema.js';
import { soundJson } from '../base/parse-json.js';

const STATUS = object({
  backend: v.picklist(['tensorflow', 'cpu']),
  /** Why TensorFlow is missing. */
  reason: v.exactOptional(text),
  remedy: v.exactOptional(text),
  /** The device for which libtensorflow is built; `own`: the user's, from TF_LIBRARY_DIR. */
  device: v.exactOptional(v.picklist(['cpu', 'gpu', 'own'])),
  libtensorflow: v.exactOptional(object({ version: text, path: text })),
  /** CUDA's libraries beside libtensorflow, by file name; absent if the system's are used. */
  cuda: v.exactOptional(object({ folder: text, files: mapOf(object({ path: text, version: text })) })),
  /** The choices given to set-up. */
  choice: v.exactOptional(
    object({ device: v.picklist(['auto', 'gpu', 'cpu']), cuda: v.picklist(['wheels', 'system']) }),
  ),
  /** Why the GPU build is not installed although a GPU was found. */
  gpu: v.exactOptional(object({ reason: text, remedy: text })),
});

/** What set-up recorded about TensorFlow (written by scripts/setup/status.mjs). */
export type SetupStatus = v.InferOutput<typeof STATUS>;

/** Reads what set-up recorded; undefined if it has not run, as in an installation by other means. */
export function readSetupStatus(): SetupStatus | undefined {
  try {
    return soundJson(STATUS, readFileSync(new URL('../../node_modules/.kd-setup.json', import.meta.url), 'utf8'));
  } catch {
    return undefined;
  }
}
