/** @file `evaluation.json`: a run's evaluations, kept in its folder. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError, messageOf } from '../base/errors.js';
import { fileError, writeFileAtomic } from '../base/files.js';
import {
  aNumber,
  aText,
  both,
  listOf,
  maybe,
  objectWith,
  orNull,
  recordOf,
  type ShapeCheck,
} from '../base/json-shape.js';
import { LANGUAGES, POOLINGS, type RunEvaluations } from './evaluation.js';

export const EVALUATION_FILE = 'evaluation.json';

/** The name and version of the format. */
const FORMAT = 'kd evaluation';
const VERSION = 1;

const REMEDY = 'delete it, and evaluate the run again with kd eval';

const score = orNull(aNumber); // what is no number is null in JSON
const MODEL = objectWith({
  name: aText,
  role: aText,
  source: aText,
  parameters: aNumber,
  bytes: score,
  width: aNumber,
});
const eachLanguage = (check: ShapeCheck): ShapeCheck =>
  objectWith(Object.fromEntries(LANGUAGES.map((language) => [language, check])));
const eachPooling = (check: ShapeCheck): ShapeCheck =>
  objectWith(Object.fromEntries(POOLINGS.map((pooling) => [pooling, check])));
const SCORES = eachLanguage(
  objectWith({ distance: orNull(recordOf(score)), translation: eachPooling(recordOf(score)) }),
);
const SETTING = objectWith({ created: aText, kd: aText, engine: recordOf(orNull(aText)), batch_size: aNumber });
const DATA = objectWith({ source: aText, fingerprint: aText, split: aText, pairs: aNumber, available: aNumber });
const GROUP = objectWith({ by: aText, group: aText, pairs: aNumber, scores: SCORES });

/** The parts of an evaluation that the tables of a report use. */
const EVALUATIONS = objectWith({
  pairs: maybe(
    both(
      SETTING,
      objectWith({
        data: DATA,
        teacher: aText,
        models: listOf(both(MODEL, objectWith({ ms_per_text: score, scores: SCORES, groups: listOf(GROUP) }))),
      }),
    ),
  ),
  sts: listOf(
    both(
      SETTING,
      objectWith({
        file: aText,
        pairs: aNumber,
        models: listOf(both(MODEL, objectWith({ correlation: eachPooling(recordOf(score)) }))),
      }),
    ),
  ),
});

/**
 * A run's evaluations; undefined where it has none.
 *
 * @param run the run's folder
 * @throws InputError for a file that cannot be read or is something else
 */
export async function readEvaluations(run: string): Promise<RunEvaluations | undefined> {
  const path = join(run, EVALUATION_FILE);
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw fileError(path, 'cannot be read', error);
  });
  return text === undefined ? undefined : parse(text, path);
}

/** Keeps evaluations in a run's folder: those on pairs replace the ones before, those on STS files the ones of the same file. */
export async function keepEvaluations(run: string, { pairs, sts }: RunEvaluations): Promise<void> {
  const path = join(run, EVALUATION_FILE);
  const kept = (await readEvaluations(run)) ?? { sts: [] };
  const replaced = new Set(sts.map(({ file }) => file));
  const evaluations: RunEvaluations = {
    ...((pairs ?? kept.pairs) ? { pairs: (pairs ?? kept.pairs)! } : {}),
    sts: [...kept.sts.filter(({ file }) => !replaced.has(file)), ...sts],
  };
  await writeFileAtomic(path, `${JSON.stringify({ format: FORMAT, version: VERSION, ...evaluations }, null, 2)}\n`);
}

function parse(text: string, path: string): RunEvaluations {
  let json: Partial<RunEvaluations> & { readonly format?: unknown; readonly version?: unknown };
  try {
    json = JSON.parse(text) as typeof json;
  } catch (error) {
    throw new InputError(`${path}: expected an evaluation, got ${messageOf(error)}; ${REMEDY}`);
  }
  if (json?.format !== FORMAT || json.version !== VERSION || !Array.isArray(json.sts)) {
    throw new InputError(
      `${path}: expected "${FORMAT}" of version ${VERSION}, got ${JSON.stringify(json?.format)} of version ${JSON.stringify(json?.version)}; ${REMEDY}`,
    );
  }
  const wrong = EVALUATIONS(json);
  if (wrong !== undefined)
    throw new InputError(`${path}: expected an evaluation, got one without a sound ${wrong}; ${REMEDY}`);
  const { pairs, sts } = json;
  return { ...(pairs === undefined ? {} : { pairs }), sts };
}
