/** @file A run's `config.json`: what it was started with. Read as untrusted input, although kd wrote it. */
import { indentedJson } from '../base/indented-json.js';
import { KD } from '../base/own-command.js';
import { join } from 'node:path';
import * as v from 'valibot';
import { InputError } from '../base/errors.js';
import { writeFileAtomic } from '../base/files.js';
import {
  anyObject,
  checkJson,
  listOf,
  mapOf,
  number,
  object,
  partOf,
  text,
  type JsonObject,
} from '../base/json-schema.js';
import { readRegularFile } from '../base/regular-file.js';
import type { ModelOrigin } from '../weights/origin.js';
import { parseJson } from '../base/parse-json.js';
import { LARGEST_CONFIG, nextOrder } from './run-list.js';
import { RUN_CONFIG } from './run-names.js';

/** One of a run's models in its configuration. */
const MODEL = object({
  /** The hub id or folder that it started from. */
  source: text,
  /** Where it was opened from: a revision on the hub, or a folder. Absent in runs of earlier versions. */
  origin: v.exactOptional(partOf<ModelOrigin>(anyObject)),
  parameters: number,
});

/** The settings that commands other than `kd train` rely on. */
const KNOWN_SETTINGS = object({
  /** Files and folders, or a single one. */
  data: v.exactOptional(v.union([listOf(text), text])),
  teacherTokenizer: v.exactOptional(text),
  studentTokenizer: v.exactOptional(text),
  seed: v.exactOptional(number),
});

/** All options of `kd train`, by their names in camel case. */
type StoredSettings = JsonObject & v.InferOutput<typeof KNOWN_SETTINGS>;

/** The parts of a run's configuration that can be relied on. */
const CONFIG = object({
  /** When the run was started, ISO 8601. */
  created: text,
  settings: partOf<StoredSettings>(KNOWN_SETTINGS),
  /** What it must be resumed with. */
  fingerprints: mapOf(text),
  teacher: MODEL,
  student: MODEL,
  data: object({ fingerprint: text, training_pairs: number, validation_pairs: number, store: text }),
  /** What the run is computed with. */
  engine: object({
    engine: text,
    precision: text,
    device: text,
    backend: text,
    version: v.exactOptional(text),
    devices: v.exactOptional(number),
  }),
  /** What the last digits depend on besides. Absent in runs of earlier versions, and if it was not a CPU. */
  cpu: v.exactOptional(mapOf(text)),
  /** Every resumption; `changes`: in what it was computed differently from how the run began. */
  resumed: v.exactOptional(listOf(object({ step: number, time: text, changes: v.exactOptional(listOf(text)) }))),
});

export type RunConfig = v.InferOutput<typeof CONFIG>;
export type RunConfigModel = v.InferOutput<typeof MODEL>;

/**
 * Reads a run's configuration.
 *
 * @throws InputError if there is none, or the file is something else
 */
export async function readRunConfig(folder: string): Promise<RunConfig> {
  const path = join(folder, RUN_CONFIG);
  try {
    return parseRunConfig((await readRegularFile(path, LARGEST_CONFIG)).toString('utf8'), path);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    throw new InputError(
      `${error.message}; restore the run's configuration from a copy, ` +
        `or use the run's checkpoints without it, as ${KD} encode does`,
      { cause: error },
    );
  }
}

/**
 * Parses the text of a `config.json`.
 *
 * @param where how an error message begins
 * @throws InputError naming the first invalid part
 */
export function parseRunConfig(contents: string, where: string): RunConfig {
  const config = parseJson(contents, where);
  checkJson(CONFIG, config, where, '');
  return config as RunConfig; // the check returns its parts in another order, which must not be written back
}

/** Where a run's models and data are when it resumes. */
export interface RunSources {
  readonly teacher: string;
  readonly student: string;
  /** The folder of the token store. */
  readonly store: string;
}

/**
 * Records that a run resumes from a step with given settings, which makes it the newest run. Call it under the run's
 * lock.
 *
 * @param changes in what it is computed differently from how the run began
 */
export async function recordResumption(
  folder: string,
  config: RunConfig,
  settings: object,
  step: number,
  sources?: RunSources,
  changes: readonly string[] = [],
): Promise<void> {
  const moved = sources && {
    teacher: { ...config.teacher, source: sources.teacher },
    student: { ...config.student, source: sources.student },
    data: { ...config.data, store: sources.store },
  };
  const noted = {
    ...config,
    order: await nextOrder(folder),
    settings,
    ...moved,
    resumed: [
      ...(config.resumed ?? []),
      { step, time: new Date().toISOString(), ...(changes.length > 0 && { changes }) },
    ],
  };
  await writeFileAtomic(join(folder, RUN_CONFIG), indentedJson(noted));
}
