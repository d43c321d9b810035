/** @file `ended.json`: how a run ended last. A run that goes on has none. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { writeFileAtomic } from '../base/files.js';
import { number, object, text } from '../base/json-schema.js';
import { soundJson } from '../base/parse-json.js';
import { readRegularFile } from '../base/regular-file.js';

/** The file's name in a run's folder. */
export const ENDED_FILE = 'ended.json';

/** Far more than a message has. */
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

/** Notes how a run ended; where that cannot be written, it is left out. Only under the run's lock. */
export async function noteEnded(run: string, ending: Omit<RunEnding, 'time'>): Promise<void> {
  const noted = { ...ending, time: new Date().toISOString() };
  await writeFileAtomic(join(run, ENDED_FILE), `${JSON.stringify(noted, null, 2)}\n`).catch(() => undefined);
}

/** How a run ended; undefined where it goes on, where a killed process noted nothing, and for a damaged file. */
export async function readEnding(run: string): Promise<RunEnding | undefined> {
  const bytes = await readRegularFile(join(run, ENDED_FILE), LARGEST).catch(() => undefined);
  return bytes && soundJson(ENDED, bytes.toString('utf8'));
}

/** Takes the note back, as the run goes on. Only under the run's lock. */
export async function forgetEnding(run: string): Promise<void> {
  await rm(join(run, ENDED_FILE), { force: true });
}
