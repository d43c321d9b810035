/** @file `baselines.json`: the losses that a run's losses are compared with. */
import { join } from 'node:path';
import type { Baselines } from '../distill/records.js';
import { writeFileAtomic } from '../base/files.js';
import * as v from 'valibot';
import { readOptionalJson } from '../base/json-file.js';
import { number, object } from '../base/json-schema.js';

/** The file's name in a run's folder. */
const BASELINES_FILE = 'baselines.json';

/** Far more than three numbers need. */
const LARGEST = 10_000;

/** A loss; JSON has `null` for one that is not finite. */
const loss = v.pipe(
  v.nullable(number),
  v.transform((value) => value ?? NaN),
);
const BASELINES = object({ untrained: loss, mean: loss, pairs: number });

const REMEDY = 'restore it from a copy, or delete it, as the report does without it';

/** Saves what was measured before the first step; a failure to write is ignored. */
export async function keepBaselines(run: string, baselines: Baselines): Promise<void> {
  await writeFileAtomic(join(run, BASELINES_FILE), `${JSON.stringify(baselines)}\n`).catch(() => undefined);
}

/**
 * The losses to compare a run's with; undefined for a run of an earlier version.
 *
 * @throws InputError for a file that cannot be read or is damaged
 */
export async function readBaselines(run: string): Promise<Baselines | undefined> {
  return readOptionalJson(join(run, BASELINES_FILE), BASELINES, LARGEST, REMEDY);
}
