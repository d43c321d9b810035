/** @file A run's `config.json`: what it was begun with. Written by this tool, but read as anybody's. */
import { KD } from '../base/own-command.js';
import { join } from 'node:path';
import * as v from 'valibot';
import { InputError } from '../base/errors.js';
import { writeFileAtomic } from '../base/files.js';
import { anyObject, checkJson, listOf, mapOf, number, object, partOf, text } from '../base/json-schema.js';
import { readRegularFile } from '../base/regular-file.js';
import type { ModelOrigin } from '../weights/origin.js';
import { parseJson } from '../base/parse-json.js';
import { LARGEST_CONFIG, nextOrder } from './run-list.js';
import { RUN_CONFIG } from './run-names.js';

/** What a run's configuration says of one of its models. */
const MODEL = object({
  /** The hub id or folder that it started from. */
  source: text,
  /** Which of the two it was when it was opened; absent in runs of earlier versions. */
  origin: v.exactOptional(partOf<ModelOrigin>(anyObject)),
  parameters: number,
});

/** What can be relied on in the configuration of a run. */
const CONFIG = object({
  /** When it was begun, ISO 8601. */
  created: text,
  /** All options of `kd train`, by their names in its help, in camel case. */
  settings: anyObject,
  /** What it must be continued with. */
  fingerprints: mapOf(text),
  teacher: MODEL,
  student: MODEL,
  data: object({ fingerprint: text, training_pairs: number, validation_pairs: number, store: text }),
  /** What computes. */
  engine: object({ engine: text, precision: text, device: text, backend: text, devices: v.exactOptional(number) }),
  /** Every time that it went on. */
  resumed: v.exactOptional(listOf(object({ step: number, time: text }))),
});

export type RunConfig = v.InferOutput<typeof CONFIG>;
export type RunConfigModel = v.InferOutput<typeof MODEL>;

/**
 * Reads the configuration of a run.
 *
 * @throws InputError where there is none, or something else under its name
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
 * Reads the text of a `config.json`.
 *
 * @param where begins the message of an error
 * @throws InputError that names the first part that is not as it should be
 */
export function parseRunConfig(contents: string, where: string): RunConfig {
  const config = parseJson(contents, where);
  checkJson(CONFIG, config, where, '');
  return config as RunConfig; // what the check returns has its parts in another order, which would be written
}

/** Where a run's models and data are when it resumes. */
export interface RunSources {
  readonly teacher: string;
  readonly student: string;
  /** The folder of the token store. */
  readonly store: string;
}

/**
 * Records that a run resumes from a step with some settings, which makes it the newest run. Only under the run's lock.
 */
export async function noteResumed(
  folder: string,
  config: RunConfig,
  settings: object,
  step: number,
  sources?: RunSources,
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
    resumed: [...(config.resumed ?? []), { step, time: new Date().toISOString() }],
  };
  await writeFileAtomic(join(folder, RUN_CONFIG), `${JSON.stringify(noted, null, 2)}\n`);
}
