/** @file The kinds of the options that programs give the library, which commands check as flags. */
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
} from '../base/kinds.js';
import { DUPLICATE_KINDS, LONG_CHOICES } from '../data/prepare/settings.js';
import { SCHEDULERS } from '../diffusion/scheduler-config.js';
import { PRECISION_CHOICES } from '../engine/precision-choice.js';
import { GROUPINGS } from '../evaluate/evaluation.js';
import { FORMATS } from '../export/format.js';
import { BACKENDS } from '../tensorflow/backend-choice.js';
import { DEVICE } from '../tensorflow/device-choice.js';
import type { EncodeRequest } from './encoding/encode-texts.js';
import type { EvaluationRequest } from './evaluation/evaluation-request.js';
import type { ExportRequest } from './export-student.js';
import type { Stoppable } from './listener.js';
import { listOf, type OptionKind } from './option-check.js';
import type { GenerateOptions } from './pictures/options.js';
import type { PrepareRequest } from './prepare-pairs.js';

/** The kinds of all options of a function. */
type OptionKinds<Options> = { readonly [Name in keyof Required<Options>]: OptionKind };

const SIGNAL: OptionKind = { expected: 'an AbortSignal', is: (value) => value instanceof AbortSignal };
const STOP = { signal: SIGNAL };
const MACHINE = { backend: choice(BACKENDS), device: DEVICE };
const PRECISION = choice(PRECISION_CHOICES);
const COLUMNS = { koColumn: TEXT, enColumn: TEXT };

export const PREPARE_OPTIONS: OptionKinds<Omit<PrepareRequest, 'onWriting'> & Stoppable> = {
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
  ...STOP,
};

export const EVALUATE_OPTIONS: OptionKinds<EvaluationRequest & Stoppable> = {
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
  ...STOP,
};

export const ENCODE_OPTIONS: OptionKinds<EncodeRequest & Stoppable> = {
  model: TEXT,
  tokenizer: TEXT,
  texts: listOf(ANY_TEXT),
  attentionMask: SWITCH,
  batchSize: COUNT,
  precision: PRECISION,
  ...MACHINE,
  ...STOP,
};

export const EXPORT_OPTIONS: OptionKinds<ExportRequest & Stoppable> = {
  model: TEXT,
  to: TEXT,
  format: choice(FORMATS),
  tokenizer: TEXT,
  ...MACHINE,
  ...STOP,
};

export const GENERATE_OPTIONS: OptionKinds<Omit<GenerateOptions, 'compare' | 'compareCheckpoints'> & Stoppable> = {
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
  ...MACHINE,
  ...STOP,
};

export const GRID_OPTIONS: OptionKinds<GenerateOptions & Stoppable> = {
  ...GENERATE_OPTIONS,
  compare: TEXT,
  compareCheckpoints: TEXTS,
};

/** Options of `train` that are not settings of the run, which are checked as those of a settings file. */
export const RESUME_OPTIONS = {
  resume: { expected: wordOr('true', TEXT).expected, is: (value: unknown) => value === true || TEXT.is(value) },
  ...STOP,
};
