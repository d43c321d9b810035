/** @file `trainer.json`: where the run stood when a checkpoint was made. Written by this tool, but read as anybody's. */
import type { ValidationRecord } from '../distill/records.js';
import type { TrainState } from '../distill/train-state.js';
import { InputError } from '../base/errors.js';
import { parseJson } from '../base/parse-json.js';

const FORMAT = 'kd trainer state';
const VERSION = 1;

/** What a checkpoint must be continued with, by name: fingerprints of data, models and tokenizers. */
export type Fingerprints = Readonly<Record<string, string>>;

export interface TrainerFile {
  readonly state: TrainState;
  /** Steps that changed the student: `state.step` less those that were left out. */
  readonly updates: number;
  readonly seed: number;
  readonly fingerprints: Fingerprints;
  /** All options of the run. */
  readonly options: object;
}

/** The contents of `trainer.json`. A number that is not finite is `null`, as JSON has it. */
export function trainerText({ state, updates, seed, fingerprints, options }: TrainerFile): string {
  const { step, epoch, position, validated, skipped, epochLoss, first, best } = state;
  const contents = {
    format: FORMAT,
    version: VERSION,
    step,
    epoch,
    position,
    validated,
    updates,
    skipped,
    accumulated_micro_batches: 0,
    epoch_loss: epochLoss,
    first: first ?? null,
    best: best ?? null,
    seed,
    fingerprints,
    options,
  };
  return `${JSON.stringify(contents, null, 2)}\n`;
}

/**
 * Reads what `trainerText` wrote.
 *
 * @param where begins the message of an error
 * @throws InputError that names the first field that is not as it should be
 */
export function parseTrainer(text: string, where: string): TrainerFile {
  const top = fieldsOf(parseJson(text, where), where, 'an object');
  if (top.format !== FORMAT || top.version !== VERSION) {
    throw new InputError(
      `${where}: expected "${FORMAT}" of version ${VERSION}, got ${shown(top.format)} of version ${shown(top.version)}`,
    );
  }
  const count = (name: string, least = 0): number => {
    const value = top[name];
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= least) return value;
    throw new InputError(`${where}: ${name}: expected a whole number of at least ${least}, got ${shown(value)}`);
  };
  if (typeof top.validated !== 'boolean')
    throw new InputError(`${where}: validated: expected true or false, got ${shown(top.validated)}`);
  const { sum, pairs } = fieldsOf(top.epoch_loss, `${where}: epoch_loss`, 'an object');
  const fingerprints = fieldsOf(top.fingerprints, `${where}: fingerprints`, 'an object');
  for (const [name, value] of Object.entries(fingerprints)) {
    if (typeof value !== 'string')
      throw new InputError(`${where}: fingerprints: ${shown(name)}: expected text, got ${shown(value)}`);
  }
  const state: TrainState = {
    step: count('step', 1),
    epoch: count('epoch', 1),
    position: count('position'),
    validated: top.validated,
    skipped: count('skipped'),
    epochLoss: {
      sum: numberOf(sum, `${where}: epoch_loss: sum`),
      pairs: numberOf(pairs, `${where}: epoch_loss: pairs`),
    },
    first: validationOf(top.first, `${where}: first`),
    best: validationOf(top.best, `${where}: best`),
  };
  const updates = count('updates');
  if (updates + state.skipped !== state.step || state.position > state.step) {
    throw new InputError(
      `${where}: expected steps, updates and position that fit each other, got ${state.step}, ${updates} and ${state.position}`,
    );
  }
  return {
    state,
    updates,
    seed: count('seed'),
    fingerprints: fingerprints as Fingerprints,
    options: fieldsOf(top.options, `${where}: options`, 'an object'),
  };
}

function validationOf(value: unknown, where: string): ValidationRecord | undefined {
  if (value === null) return undefined;
  const fields = fieldsOf(value, where, 'an object or null');
  const at = (name: string): number => numberOf(fields[name], `${where}: ${name}`);
  return { step: at('step'), epoch: at('epoch'), loss: at('loss'), lossEn: at('lossEn'), lossKo: at('lossKo') };
}

function numberOf(value: unknown, where: string): number {
  if (value === null) return NaN;
  if (typeof value === 'number') return value;
  throw new InputError(`${where}: expected a number, got ${shown(value)}`);
}

function fieldsOf(value: unknown, where: string, expected: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new InputError(`${where}: expected ${expected}, got ${shown(value)}`);
}

function shown(value: unknown): string {
  const text = (JSON.stringify(value) as string | undefined) ?? 'nothing';
  return text.length <= 60 ? text : `${text.slice(0, 60)}…`;
}
