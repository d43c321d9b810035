/** @file `baselines.json`: the losses that a run's losses are compared with. */
import { join } from 'node:path';
import type { Baselines } from '../distill/records.js';
import { writeFileAtomic } from '../base/files.js';
import { number, object } from '../base/json-schema.js';
import { soundJson } from '../base/parse-json.js';
import { readRegularFile } from '../base/regular-file.js';

/** The file's name in a run's folder. */
const BASELINES_FILE = 'baselines.json';

/** Far more than three numbers need. */
const LARGEST = 10_000;

const BASELINES = object({ untrained: number, mean: number, pairs: number });

/** Saves what was measured before the first step; a failure to write is ignored. */
export async function keepBaselines(run: string, baselines: Baselines): Promise<void> {
  await writeFileAtomic(join(run, BASELINES_FILE), `${JSON.stringify(baselines)}\n`).catch(() => undefined);
}

/** The losses to compare a run's with; undefined for a run of an earlier version or a damaged file. */
export async function readBaselines(run: string): Promise<Baselines | undefined> {
  const bytes = await readRegularFile(join(run, BASELINES_FILE), LARGEST).catch(() => undefined);
  return bytes && soundJson(BASELINES, bytes.toString('utf8'));
}
