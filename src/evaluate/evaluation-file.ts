/** @file `evaluation.json`: a run's evaluations, in its folder. */
import { indentedJson } from '../base/indented-json.js';
import { KD } from '../base/own-command.js';
import { join } from 'node:path';
import * as v from 'valibot';
import { readIfThere, writeFileAtomic } from '../base/files.js';
import { checkFormat, checkJson, listOf, mapOf, number, object, partOf, text } from '../base/json-schema.js';
import { parseJson } from '../base/parse-json.js';
import { LANGUAGES, POOLINGS, type RunEvaluations } from './evaluation.js';

export const EVALUATION_FILE = 'evaluation.json';

/** The name and version of the format. */
const FORMAT = 'kd evaluation';
const VERSION = 1;

const REMEDY = `delete it, and evaluate the run again with ${KD} eval`;

const score = v.nullable(number); // NaN is null in JSON
const MODEL = { name: text, role: text, source: text, parameters: number, bytes: score, width: number };
const eachOf = <T extends string>(names: readonly T[], schema: v.GenericSchema): v.GenericSchema =>
  object(Object.fromEntries(names.map((name) => [name, schema])));
const SCORES = eachOf(
  LANGUAGES,
  object({ distance: v.nullable(mapOf(score)), translation: eachOf(POOLINGS, mapOf(score)) }),
);
const SETTING = { created: text, kd: text, engine: mapOf(v.nullable(text)), batch_size: number };
const DATA = object({ source: text, fingerprint: text, split: text, pairs: number, available: number });
const GROUP = object({ by: text, group: text, pairs: number, scores: SCORES });

/** The parts of an evaluation that the tables of a report use. */
const EVALUATIONS = partOf<RunEvaluations>(
  object({
    pairs: v.exactOptional(
      object({
        ...SETTING,
        data: DATA,
        teacher: text,
        models: listOf(object({ ...MODEL, ms_per_text: score, scores: SCORES, groups: listOf(GROUP) })),
      }),
    ),
    sts: listOf(
      object({
        ...SETTING,
        file: text,
        pairs: number,
        models: listOf(object({ ...MODEL, correlation: eachOf(POOLINGS, mapOf(score)) })),
      }),
    ),
  }),
);

/**
 * Reads a run's evaluations; undefined if it has none.
 *
 * @param run the run's folder
 * @throws InputError for a file that cannot be read or is something else
 */
export async function readEvaluations(run: string): Promise<RunEvaluations | undefined> {
  const path = join(run, EVALUATION_FILE);
  const text = await readIfThere(path);
  return text === undefined ? undefined : parse(text, path);
}

/**
 * Saves evaluations in a run's folder. An evaluation on pairs replaces the earlier one; those on STS files replace
 * earlier ones of the same file.
 */
export async function keepEvaluations(run: string, { pairs, sts }: RunEvaluations): Promise<void> {
  const path = join(run, EVALUATION_FILE);
  const kept = (await readEvaluations(run)) ?? { sts: [] };
  const replaced = new Set(sts.map(({ file }) => file));
  const evaluations: RunEvaluations = {
    ...((pairs ?? kept.pairs) ? { pairs: (pairs ?? kept.pairs)! } : {}),
    sts: [...kept.sts.filter(({ file }) => !replaced.has(file)), ...sts],
  };
  await writeFileAtomic(path, indentedJson({ format: FORMAT, version: VERSION, ...evaluations }));
}

function parse(contents: string, path: string): RunEvaluations {
  const json = parseJson(contents, path, REMEDY);
  checkFormat(json, { format: FORMAT, version: VERSION }, path, REMEDY);
  const { pairs, sts } = checkJson(EVALUATIONS, json, path, REMEDY);
  return { ...(pairs === undefined ? {} : { pairs }), sts };
}
