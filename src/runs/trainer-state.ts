/**
 * @file `trainer.json`: the state of the run when a checkpoint was made. Read as untrusted input, although kd wrote it.
 */
import * as v from 'valibot';
import type { TrainState } from '../distill/train-state.js';
import { InputError } from '../base/errors.js';
import { indentedJson } from '../base/indented-json.js';
import { anyObject, checkFormat, checkJson, mapOf, number, object, text, whole } from '../base/json-schema.js';
import { parseJson } from '../base/parse-json.js';
import type { LoggedRows } from './logged-rows.js';

const FORMAT = 'kd trainer state';
const VERSION = 1;

/** What a checkpoint must be resumed with: fingerprints of data, models and tokenizers, by name. */
export type Fingerprints = Readonly<Record<string, string>>;

/** The contents of a `trainer.json`. */
export interface TrainerFile {
  readonly state: TrainState;
  /** Steps that changed the student: `state.step` minus skipped steps. */
  readonly updates: number;
  /** The rows of the run's logs; absent in checkpoints of earlier versions. */
  readonly logged?: LoggedRows | undefined;
  readonly seed: number;
  readonly fingerprints: Fingerprints;
  /** All options of the run. */
  readonly options: object;
}

/** The text of `trainer.json`. Numbers that are not finite become `null`, as JSON has no other way. */
export function trainerText({ state, updates, logged, seed, fingerprints, options }: TrainerFile): string {
  const { step, epoch, position, validated, skipped, skippedInARow, epochLoss, first, best } = state;
  const contents = {
    format: FORMAT,
    version: VERSION,
    step,
    epoch,
    position,
    validated,
    updates,
    skipped,
    skipped_in_a_row: skippedInARow,
    accumulated_micro_batches: 0,
    epoch_loss: epochLoss,
    first: first ?? null,
    best: best ?? null,
    logged,
    seed,
    fingerprints,
    options,
  };
  return indentedJson(contents);
}

/** A loss; `null` stands for a number that is not finite. */
const loss = v.pipe(
  v.nullable(number),
  v.transform((value) => value ?? NaN),
);
const VALIDATION = object({ step: loss, epoch: loss, loss, lossEn: loss, lossKo: loss, pairs: v.optional(whole(1)) });

const TRAINER = object({
  step: whole(1),
  epoch: whole(1),
  position: whole(0),
  validated: v.boolean(),
  updates: whole(0),
  skipped: whole(0),
  /** Absent in checkpoints of earlier versions. */
  skipped_in_a_row: v.optional(whole(0), 0),
  epoch_loss: object({ sum: loss, pairs: loss }),
  first: v.nullable(VALIDATION),
  best: v.nullable(VALIDATION),
  logged: v.optional(mapOf(whole(0))),
  seed: whole(0),
  fingerprints: mapOf(text),
  options: anyObject,
});

/**
 * Parses what `trainerText` wrote.
 *
 * @param where how an error message begins
 * @throws InputError naming the first invalid field
 */
export function parseTrainer(contents: string, where: string): TrainerFile {
  const json = parseJson(contents, where);
  checkFormat(json, { format: FORMAT, version: VERSION }, where, '');
  const { updates, logged, seed, fingerprints, options, ...rest } = checkJson(TRAINER, json, where, '');
  const { step, epoch, position, validated, skipped, skipped_in_a_row: skippedInARow } = rest;
  if (updates + skipped !== step || position > step) {
    const expected = 'steps, updates and position that fit each other';
    throw new InputError(`${where}: expected ${expected}, got ${step}, ${updates} and ${position}`);
  }
  const epochLoss = { sum: rest.epoch_loss.sum, pairs: rest.epoch_loss.pairs };
  const [first, best] = [rest.first ?? undefined, rest.best ?? undefined];
  const state: TrainState = { step, epoch, position, validated, skipped, skippedInARow, epochLoss, first, best };
  return { state, updates, logged, seed, fingerprints, options };
}
