/** @file The kinds of the options that programs give the library, which commands check as flags. */
import { InputError } from '../base/errors.js';
import { describe } from '../base/json-schema.js';
import {
  ANY_TEXT,
  choice,
  COUNT,
  NON_NEGATIVE,
  PIXELS,
  SEED,
  SHARE,
  SWITCH,
  TEXT,
  TEXTS,
  wordOr,
  type Kind,
} from '../base/kinds.js';
import { DUPLICATE_KINDS, LONG_CHOICES } from '../data/prepare/settings.js';
import { SCHEDULERS } from '../diffusion/scheduler-config.js';
import { PRECISION_CHOICES } from '../engine/precision-choice.js';
import { GROUPINGS } from '../evaluate/evaluation.js';
import { FORMATS } from '../export/format.js';
import { BACKENDS } from '../tensorflow/backend-choice.js';
import { DEVICE } from '../tensorflow/device-choice.js';
import type { EncodeRequest } from './encoding/encode-texts.js';
import type { EvaluationRequest } from './evaluation/evaluate-models.js';
import type { ExportRequest } from './export-student.js';
import type { GenerateOptions } from './pictures/options.js';
import type { PrepareRequest } from './prepare-pairs.js';

/** What a kind says of a value, without parsing. */
export type OptionKind = Pick<Kind<unknown>, 'expected'> & { readonly is: (value: unknown) => boolean };

/** The kinds of all options of a function. */
export type OptionKinds<Options> = { readonly [Name in keyof Required<Options>]: OptionKind };

/** A list, which may be empty, of values of a kind. */
function listOf({ expected, is }: OptionKind): OptionKind {
  return { expected: `a list, each ${expected}`, is: (value) => Array.isArray(value) && value.every(is) };
}

const SIGNAL: OptionKind = { expected: 'an AbortSignal', is: (value) => value instanceof AbortSignal };
const MACHINE = { backend: choice(BACKENDS), device: DEVICE };
const PRECISION = choice(PRECISION_CHOICES);
const COLUMNS = { koColumn: TEXT, enColumn: TEXT };

export const PREPARE_OPTIONS: OptionKinds<Omit<PrepareRequest, 'onWriting'>> = {
  data: TEXTS,
  out: TEXT,
  ...COLUMNS,
  teacher: TEXT,
  student: TEXT,
  teacherTokenizer: TEXT,
  studentTokenizer: TEXT,
  samples: COUNT,
  validFraction: SHARE,
  seed: SEED,
  shuffle: SWITCH,
  long: choice(LONG_CHOICES),
  keepDuplicates: listOf(choice(DUPLICATE_KINDS)),
  threads: COUNT,
  signal: SIGNAL,
};

export const EVALUATE_OPTIONS: OptionKinds<EvaluationRequest> = {
  compare: TEXTS,
  teacher: TEXT,
  baselines: SWITCH,
  data: TEXTS,
  ...COLUMNS,
  samples: COUNT,
  seed: SEED,
  pairs: SWITCH,
  sts: listOf(TEXT),
  by: listOf(choice(GROUPINGS)),
  batchSize: COUNT,
  precision: PRECISION,
  ...MACHINE,
  signal: SIGNAL,
};

export const ENCODE_OPTIONS: OptionKinds<EncodeRequest> = {
  model: TEXT,
  tokenizer: TEXT,
  texts: listOf(ANY_TEXT),
  attentionMask: SWITCH,
  batchSize: COUNT,
  precision: PRECISION,
  ...MACHINE,
  signal: SIGNAL,
};

export const EXPORT_OPTIONS: OptionKinds<ExportRequest> = {
  model: TEXT,
  to: TEXT,
  format: choice(FORMATS),
  tokenizer: TEXT,
  ...MACHINE,
};

export const GENERATE_OPTIONS: OptionKinds<GenerateOptions> = {
  encoder: TEXT,
  teacher: TEXT,
  pipeline: TEXT,
  negative: ANY_TEXT,
  steps: COUNT,
  guidance: NON_NEGATIVE,
  scheduler: choice(SCHEDULERS),
  width: PIXELS,
  height: PIXELS,
  seed: SEED,
  count: COUNT,
  latents: TEXT,
  out: TEXT,
  preview: { expected: wordOr('true', COUNT).expected, is: (value) => value === true || COUNT.is(value) },
  lowMemory: SWITCH,
  compare: TEXT,
  compareCheckpoints: TEXTS,
  ...MACHINE,
};

/**
 * Checks options given by a program.
 *
 * @throws InputError naming the first option with a wrong value, or the first name that is not an option
 */
export function checkOptions(options: object, kinds: Readonly<Record<string, OptionKind>>): void {
  for (const [name, value] of Object.entries(options)) {
    const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined;
    if (kind === undefined)
      throw new InputError(
        `options: expected some of ${Object.keys(kinds).join(', ')}, got ${JSON.stringify(name)}; leave it out`,
      );
    if (!kind.is(value))
      throw new InputError(`options: expected ${kind.expected}, got ${describe(value)} (${name}); give another value`);
  }
}
