/** @file `ended.json`: how a run last ended. Absent while the run is in progress. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { writeFileAtomic } from '../base/files.js';
import { indentedJson } from '../base/indented-json.js';
import { readOptionalJson } from '../base/json-file.js';
import { number, object, text } from '../base/json-schema.js';

/** The file's name in a run's folder. */
export const ENDED_FILE = 'ended.json';

/** Far more than a message needs. */
const LARGEST = 100_000;

const ENDED = object({
  state: v.picklist(['finished', 'stopped', 'failed']),
  /** Steps taken. */
  step: number,
  /** ISO 8601. */
  time: text,
  /** The message of the error that ended it. */
  error: v.exactOptional(text),
});

/** How a run ended. */
export type RunEnding = v.InferOutput<typeof ENDED>;

/** Records how a run ended; a failure to write is ignored. Call it under the run's lock. */
export async function recordEnding(run: string, ending: Omit<RunEnding, 'time'>): Promise<void> {
  const noted = { ...ending, time: new Date().toISOString() };
  await writeFileAtomic(join(run, ENDED_FILE), indentedJson(noted)).catch(() => undefined);
}

const REMEDY = 'restore it from a copy, or delete it, as its state is then taken from logs and checkpoints';

/**
 * How a run ended; undefined while it is in progress, or if its process was killed.
 *
 * @throws InputError for a file that cannot be read or is damaged
 */
export async function readEnding(run: string): Promise<RunEnding | undefined> {
  return readOptionalJson(join(run, ENDED_FILE), ENDED, LARGEST, REMEDY);
}

/** The same, but undefined for a damaged file, too. */
export async function soundEnding(run: string): Promise<RunEnding | undefined> {
  return readEnding(run).catch(() => undefined);
}

/** Removes the record, as the run continues. Call it under the run's lock. */
export async function removeEnding(run: string): Promise<void> {
  await rm(join(run, ENDED_FILE), { force: true });
}
