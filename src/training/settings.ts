/**
 * @file The settings of a run, one table: from it come their types, the flags of `kd train`, the defaults, what a
 * `config.json` may say, what recipes decide, and what may change when a run is resumed.
 */
import * as v from 'valibot';
import {
  choice,
  COUNT,
  NON_NEGATIVE,
  PIXELS,
  POSITIVE,
  RATIO,
  SEED,
  SHARE,
  SWITCH,
  TEXT,
  TEXTS,
  wordOr,
  type Kind,
  type ValueOf,
} from '../base/kinds.js';
import { GENERATE_DEFAULTS } from '../app/pictures/options.js';
import { InputError } from '../base/errors.js';
import { checkJson, ofKind } from '../base/json-schema.js';
import { shellCommand, shellQuote } from '../base/shell.js';
import { OPTIMIZERS } from '../distill/adamw.js';
import { LOSSES } from '../distill/loss.js';
import { SCHEDULERS } from '../diffusion/scheduler-config.js';
import { DROPOUT_PADDING } from '../models/dropout.js';
import { ON_NAN } from '../distill/steps.js';
import { PRECISION_CHOICES } from '../engine/precision.js';
import { BACKENDS } from '../tensorflow/backend.js';
import { DEVICE, DEVICES } from '../tensorflow/gpu-choice.js';
import { RECIPE_NAMES } from './recipe-names.js';

/** How a step is run: recorded once as a graph (TensorFlow only), or op by op. `auto`: as a graph where that can be. */
export const ENGINES = ['auto', 'compiled', 'eager'] as const;
export type EngineChoice = (typeof ENGINES)[number];

/**
 * In what products are computed. `tf32`: float32 whose factors an NVIDIA GPU rounds to 10 bits of mantissa; `fp32`
 * never is.
 */
export const TRAINING_PRECISIONS = [...PRECISION_CHOICES, 'tf32'] as const;
export type TrainingPrecision = (typeof TRAINING_PRECISIONS)[number];

/** Enough to measure the untrained student by: its losses hardly differ from one pair to another. */
const BASELINE_PAIRS = 2000;

/** A setting of a run. */
export interface Setting<T = unknown> {
  /** The flag in commander's syntax; `--no-…` for a switch that is on. */
  readonly flag: string;
  /** Its description in the help. */
  readonly help: string;
  /** The heading in the help under which it stands; those before the first heading have none. */
  readonly group?: 'Data:' | 'Models:' | 'Training:' | 'Machine:' | 'Run:' | 'Previews:';
  readonly kind: Kind<T>;
  /** What a run stores, where that is narrower than what may be asked for. */
  readonly stored?: Kind<T>;
  /** Absent where the setting may be absent, too. */
  readonly default?: T;
  /** What runs did whose `config.json` lacks it, because it is newer than they are. */
  readonly earlier?: T;
  /** How the help shows the default, where that is not as it is. */
  readonly shownDefault?: string;
  /** Whether recipes set it. */
  readonly recipe?: true;
  /** Whether a run of a recipe is another one with it, and recipes never have it. */
  readonly leavesRecipe?: true;
  /** Whether a run may be resumed with another value. */
  readonly resume?: 'may change';
}

/**
 * Every setting of a run, in the order of the help. The defaults are the original's final run, but for its optimiser
 * and its dropout.
 */
export const SETTINGS = {
  recipe: {
    flag: '--recipe <name>',
    help: 'settings of a known run; flags win over it',
    kind: choice(RECIPE_NAMES),
  },
  data: {
    group: 'Data:',
    flag: '--data <path...>',
    help: 'files of pairs, folders of them, or what `kd prepare` made',
    kind: TEXTS,
    default: ['data'],
    shownDefault: 'data/',
    recipe: true,
    resume: 'may change',
  },
  koColumn: {
    flag: '--ko-column <name>',
    help: 'the column with the Korean text (else ko, korea, korean)',
    kind: TEXT,
  },
  enColumn: {
    flag: '--en-column <name>',
    help: 'the column with the English text (else en, english)',
    kind: TEXT,
  },
  samples: {
    flag: '--samples <pairs>',
    help: 'pairs to use, training and validation together (default: all)',
    kind: COUNT,
    recipe: true,
  },
  validFraction: {
    flag: '--valid-fraction <share>',
    help: 'share of the pairs kept for validation',
    kind: SHARE,
    default: 0.2,
    recipe: true,
  },
  validPairs: {
    flag: '--valid-pairs <pairs>',
    help: 'validate on a uniform sample of so many of them, the same each time',
    kind: wordOr('all', COUNT),
    default: 'all',
    earlier: 'all',
    leavesRecipe: true,
  },
  baselinePairs: {
    flag: '--baseline-pairs <pairs>',
    help: 'of these, a uniform sample for the untrained student before the first step, or all',
    kind: wordOr('all', COUNT),
    default: BASELINE_PAIRS,
    earlier: 'all',
  },
  shuffle: {
    flag: '--no-shuffle',
    help: 'keep the order of the files; validation takes the last pairs',
    kind: SWITCH,
    default: true,
    recipe: true,
  },
  teacher: {
    group: 'Models:',
    flag: '--teacher <id|folder>',
    help: 'a CLIP text model, on the hub or in a folder',
    kind: TEXT,
    default: 'openai/clip-vit-large-patch14',
    recipe: true,
    resume: 'may change',
  },
  student: {
    flag: '--student <id|folder>',
    help: 'a RoBERTa, BERT or CLIP text model to train',
    kind: TEXT,
    default: 'klue/roberta-small',
    recipe: true,
    resume: 'may change',
  },
  teacherTokenizer: {
    flag: '--teacher-tokenizer <id|folder>',
    help: 'its tokenizer, if it is elsewhere',
    kind: TEXT,
    resume: 'may change',
  },
  studentTokenizer: {
    flag: '--student-tokenizer <id|folder>',
    help: 'its tokenizer, if it is elsewhere',
    kind: TEXT,
    resume: 'may change',
  },
  project: {
    flag: '--project',
    help: "learn a linear projection where the student's width is not the teacher's",
    kind: SWITCH,
    leavesRecipe: true,
  },
  randomWeights: {
    flag: '--random-weights',
    help: 'draw all parameters at random: only config.json is read (speed and memory tests)',
    kind: SWITCH,
    default: false,
    leavesRecipe: true,
  },
  epochs: {
    group: 'Training:',
    flag: '--epochs <count>',
    help: 'passes over the training pairs',
    kind: COUNT,
    default: 10,
    recipe: true,
    resume: 'may change',
  },
  batchSize: {
    flag: '--batch-size <pairs>',
    help: 'pairs per micro-batch, or auto for as many as fit',
    kind: wordOr('auto', COUNT),
    stored: COUNT,
    default: 32,
    recipe: true,
  },
  accumulate: {
    flag: '--accumulate <micro-batches>',
    help: 'micro-batches per step, over all devices',
    kind: wordOr('auto', COUNT),
    stored: COUNT,
    default: 'auto',
    shownDefault: 'one a device',
    recipe: true,
  },
  learningRate: {
    flag: '--learning-rate <rate>',
    help: 'peak of the schedule',
    kind: POSITIVE,
    default: 5e-5,
    recipe: true,
  },
  weightDecay: {
    flag: '--weight-decay <rate>',
    help: 'decoupled weight decay',
    kind: NON_NEGATIVE,
    default: 1e-4,
    recipe: true,
  },
  warmupRatio: {
    flag: '--warmup-ratio <share>',
    help: 'share of all steps with a rising learning rate',
    kind: RATIO,
    default: 0.1,
    recipe: true,
  },
  optimizer: {
    flag: '--optimizer <name>',
    help: "PyTorch's AdamW, or the original experiments'",
    kind: choice(OPTIMIZERS),
    default: 'adamw',
    recipe: true,
  },
  groupByLength: {
    flag: '--group-by-length',
    help: 'put pairs of like length into a step, which is faster where padding is computed once',
    kind: SWITCH,
    default: false,
    earlier: false,
    recipe: true,
  },
  loss: {
    flag: '--loss <name>',
    help: 'compare all hidden states, or pooled outputs',
    kind: choice(LOSSES),
    default: 'hidden',
    recipe: true,
  },
  dropout: {
    flag: '--dropout <share>',
    help:
      "the student's dropout everywhere, or configured for that of its configuration; " +
      'at 0 padding is computed once, which is faster',
    kind: wordOr('configured', SHARE),
    default: 0,
    earlier: 'configured',
    recipe: true,
  },
  padding: {
    flag: '--padding <name>',
    help: 'under dropout, a mask for each padding position, or one shared by all of a text, which is faster (RoBERTa)',
    kind: choice(DROPOUT_PADDING),
    default: 'each',
    earlier: 'each',
    recipe: true,
  },
  maxGradNorm: {
    flag: '--max-grad-norm <norm>',
    help: 'scale gradients down to this norm (default: never)',
    kind: POSITIVE,
    leavesRecipe: true,
  },
  maxSteps: {
    flag: '--max-steps <steps>',
    help: 'stop after this many steps; the schedule ends there too',
    kind: COUNT,
    leavesRecipe: true,
    resume: 'may change',
  },
  seed: {
    flag: '--seed <number>',
    help: 'random seed of the split, new parameters and dropout',
    kind: SEED,
    default: 42,
  },
  engine: {
    group: 'Machine:',
    flag: '--engine <name>',
    help: 'how a step is run',
    kind: choice(ENGINES),
    default: 'auto',
    resume: 'may change',
  },
  precision: {
    flag: '--precision <name>',
    help: 'of products: float32, or bfloat16 with float32 weights; tf32 on GPUs',
    kind: choice(TRAINING_PRECISIONS),
    default: 'auto',
  },
  jitCompile: {
    flag: '--jit-compile',
    help: 'let XLA compile the step as a whole; takes longer to start',
    kind: SWITCH,
    default: false,
    earlier: false,
  },
  backend: {
    flag: '--backend <name>',
    help: "TensorFlow's kernels, or JavaScript's",
    kind: choice(BACKENDS),
    default: 'auto',
    resume: 'may change',
  },
  device: {
    flag: '--device <name>',
    help: 'auto, cpu, gpu, gpu:N; or several that share out each step: gpu:all, gpu:0,2, cpu:N',
    kind: DEVICES,
    default: 'auto',
    resume: 'may change',
  },
  run: {
    group: 'Run:',
    flag: '--run <name>',
    help: 'folder under checkpoints/ (default: date and time)',
    kind: TEXT,
  },
  logEvery: {
    flag: '--log-every <steps>',
    help: 'steps per line of the logs',
    kind: COUNT,
    default: 10,
    resume: 'may change',
  },
  saveEvery: {
    flag: '--save-every <steps>',
    help: 'steps between checkpoints (default: every 15 minutes), besides those at epoch ends',
    kind: COUNT,
    resume: 'may change',
  },
  keep: {
    flag: '--keep <checkpoints>',
    help: 'newest checkpoints to keep, besides the best',
    kind: COUNT,
    default: 2,
    resume: 'may change',
  },
  cacheTeacher: {
    flag: '--cache-teacher <folder>',
    help: "keep the teacher's outputs there (bfloat16), and train from them: 118 kB a pair at 77 × 768",
    kind: TEXT,
  },
  onNan: {
    flag: '--on-nan <action>',
    help: 'at a step whose losses or gradients are not finite, end the run or skip the step',
    kind: choice(ON_NAN),
    default: 'stop',
    resume: 'may change',
  },
  preview: {
    group: 'Previews:',
    flag: '--preview <prompts.csv>',
    help: 'have these prompts (columns ko,en) drawn at every checkpoint, beside training; none: no more',
    kind: TEXT,
    resume: 'may change',
  },
  previewPipeline: {
    flag: '--preview-pipeline <id|folder>',
    help: `a Stable Diffusion in ONNX (default: ${GENERATE_DEFAULTS.pipeline})`,
    kind: TEXT,
    resume: 'may change',
  },
  previewSteps: {
    flag: '--preview-steps <count>',
    help: `denoising steps (default: ${GENERATE_DEFAULTS.steps})`,
    kind: COUNT,
    resume: 'may change',
  },
  previewGuidance: {
    flag: '--preview-guidance <scale>',
    help: `how far to follow the prompt (default: ${GENERATE_DEFAULTS.guidance})`,
    kind: NON_NEGATIVE,
    resume: 'may change',
  },
  previewScheduler: {
    flag: '--preview-scheduler <name>',
    help: `how noise is removed (default: ${GENERATE_DEFAULTS.scheduler})`,
    kind: choice(SCHEDULERS),
    resume: 'may change',
  },
  previewNegative: {
    flag: '--preview-negative <text>',
    help: 'what to avoid',
    kind: TEXT,
    resume: 'may change',
  },
  previewWidth: {
    flag: '--preview-width <pixels>',
    help: 'a multiple of 8 (default: 512)',
    kind: PIXELS,
    resume: 'may change',
  },
  previewHeight: {
    flag: '--preview-height <pixels>',
    help: 'a multiple of 8 (default: 512)',
    kind: PIXELS,
    resume: 'may change',
  },
  previewSeed: {
    flag: '--preview-seed <number>',
    help: `random seed of the noise that all of them start from (default: ${GENERATE_DEFAULTS.seed})`,
    kind: SEED,
    resume: 'may change',
  },
  previewDevice: {
    flag: '--preview-device <name>',
    help: 'auto, cpu, gpu, or gpu:N (default: cpu, as training has the GPU)',
    kind: DEVICE,
    resume: 'may change',
  },
} as const satisfies Readonly<Record<string, Setting>>;

type Table = typeof SETTINGS;
export type SettingName = keyof Table;

/** The names of all settings, in the order of the help. */
export const SETTING_NAMES = Object.keys(SETTINGS) as SettingName[];

/** The settings that have a default, and so a value in every run. */
type Always = { [Name in SettingName]: Table[Name] extends { readonly default: unknown } ? Name : never }[SettingName];

type Values<Name extends SettingName, Part extends 'kind' | 'stored'> = {
  readonly [N in Name & Always]: ValueOf<KindOf<Table[N], Part>>;
} & {
  readonly [N in Exclude<Name, Always>]?: ValueOf<KindOf<Table[N], Part>>;
};

/** What is stored of a setting; what may be asked for, unless it says otherwise. */
type KindOf<S, Part extends 'kind' | 'stored'> = Part extends keyof S
  ? S[Part]
  : S extends { readonly kind: infer K }
    ? K
    : never;

/** Settings as they are asked for: the batch size, and how many make a step, may be left to the machine. */
export type AskedSettings = Values<SettingName, 'kind'>;

/** Everything that decides what a run does: written to its `config.json`. */
export type TrainSettings = Values<SettingName, 'stored'>;

/** The settings that recipes decide; what one leaves out is as without a recipe. */
export type RecipeSettings = Partial<Values<RecipeSetting, 'stored'>>;
type RecipeSetting = {
  [Name in SettingName]: Table[Name] extends { readonly recipe: true } ? Name : never;
}[SettingName];

/** The defaults of all settings that have one. */
export const DEFAULTS = Object.fromEntries(
  SETTING_NAMES.flatMap((name) => ('default' in SETTINGS[name] ? [[name, SETTINGS[name].default]] : [])),
) as { readonly [Name in Always]: Table[Name] extends { readonly default: infer T } ? Widened<T> : never };

/** What runs did whose `config.json` lacks a setting that is newer. */
const EARLIER = Object.fromEntries(
  SETTING_NAMES.flatMap((name) => ('earlier' in SETTINGS[name] ? [[name, SETTINGS[name].earlier]] : [])),
);

/** A run's settings, in their own order, with those that are newer than the run as the run had them. */
export function withEarlier<Settings extends Readonly<Record<string, unknown>>>(settings: Settings): Settings {
  const newer = Object.entries(EARLIER).filter(([name]) => !Object.hasOwn(settings, name));
  return { ...settings, ...Object.fromEntries(newer) };
}

/** A literal's type, without the literal. */
type Widened<T> = T extends number ? number : T extends boolean ? boolean : T;

/** Whether a run may be resumed with another value of a setting. */
export function mayChange(name: SettingName): boolean {
  return 'resume' in SETTINGS[name];
}

/**
 * The flag of a setting: `--log-every`, `--shuffle`.
 *
 * @param name also of a setting that an earlier version had
 * @param value of a switch: the flag is the one that sets it so, `--no-shuffle`
 */
export function flagOf(name: string, value?: unknown): string {
  const flag = isSetting(name)
    ? /^\S+/.exec(SETTINGS[name].flag)![0].replace('--no-', '--')
    : `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
  return value === false ? flag.replace('--', '--no-') : flag;
}

/** Whether a value is what a setting has where its flag is not given. */
export function isDefault(name: string, value: boolean): boolean {
  return value === ((DEFAULTS as Readonly<Record<string, unknown>>)[name] ?? false);
}

/** The value of a setting as it is written after its flag; `absent` for none. */
export function shownSetting(value: unknown, absent: string): string {
  if (value === undefined) return absent;
  if (Array.isArray(value)) return shellCommand(value.map(String));
  return typeof value === 'string' ? shellQuote(value) : JSON.stringify(value);
}

/** Whether a name is that of a setting. */
export function isSetting(name: string): name is SettingName {
  return Object.hasOwn(SETTINGS, name);
}

/** A schema of all settings; those without a default may be absent, or with `isPartial` any of them. */
function schemaOf(part: 'kind' | 'stored', isPartial = false): v.GenericSchema {
  const entries = SETTING_NAMES.map((name): [string, v.GenericSchema] => {
    const setting: Setting = SETTINGS[name];
    const schema = ofKind(setting[part] ?? setting.kind);
    return [name, isPartial || setting.default === undefined ? v.optional(schema) : schema];
  });
  return v.looseObject(Object.fromEntries(entries));
}

/**
 * Settings as a run's `config.json` has them.
 *
 * @param where begins the message of an error
 * @throws InputError that names the first setting that is none
 */
export function checkSettings(settings: Readonly<Record<string, unknown>>, where: string): TrainSettings {
  const schema = v.object({ settings: schemaOf('stored') });
  const complete = withEarlier(settings);
  checkJson(schema, { settings: complete }, where, 'name a run that kd train made, or start another');
  return complete as unknown as TrainSettings; // every field was looked at
}

/**
 * Settings as a program or a file asks for them.
 *
 * @param where begins the message of an error
 * @throws InputError that names the first setting that is none, and names that are no setting's
 */
export function checkAsked<Asked extends Partial<AskedSettings>>(settings: Asked, where = 'settings'): Asked {
  const unknown = Object.keys(settings).find((name) => !isSetting(name));
  if (unknown !== undefined)
    throw new InputError(
      `${where}: expected some of ${SETTING_NAMES.join(', ')}, got ${JSON.stringify(unknown)}; leave it out`,
    );
  checkJson(schemaOf('kind', true), settings, where, 'give another value');
  return settings;
}
