/** @file The two models of a run and their tokenizers: from folders, from the hub, or randomly initialised. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RowTokenizer } from '../data/prepare/row-encoder.js';
import { InputError } from '../base/errors.js';
import {
  openPretrained,
  openRandom,
  publishedConfig,
  randomModel,
  withFreshProjection,
  type PretrainedModel,
} from '../models/pretrained.js';
import type { TextModelConfig } from '../models/config.js';
import type { SmallFile } from '../models/model-folder.js';
import { isProjection } from '../models/projection.js';
import { countParameters } from '../models/text-encoder.js';
import { randomBits } from '../base/philox.js';
import { TOKENIZER_FILES } from '../text/tokenizer.js';
import { MAX_LENGTH } from '../text/max-length.js';
import type { Reporter } from '../app/reporter.js';
import { originOf, type ModelOrigin } from '../weights/origin.js';
import { checkFamily, fetchModel, notATeacher } from '../app/fetch-model.js';
import { formatCount } from '../base/format.js';
import { checkVocabulary, openTokenizer } from '../app/open-tokenizer.js';
import type { TrainSettings } from './settings.js';

export type Role = 'teacher' | 'student';

/** A model of a run. */
export interface RunModel {
  readonly role: Role;
  readonly source: string;
  /** Where it was opened from. */
  readonly origin: ModelOrigin;
  readonly model: PretrainedModel;
  readonly tokenizer: RowTokenizer;
  /** Absent in a dry run without a tokenizer. */
  readonly tokenizerFolder: string | undefined;
  /** The tokenizer's files as they are copied into every checkpoint, whatever becomes of their folder meanwhile. */
  readonly tokenizerFiles: readonly SmallFile[];
}

/** Both models of a run. */
export type RunModels = Readonly<Record<Role, RunModel>>;

/**
 * Opens one of the run's models and reports what it found. Weights, the largest part, are fetched last, so that other
 * problems are reported first.
 *
 * @param allowMissingModels if a published model cannot be reached, use random weights of its shape and random token
 *   ids
 */
export async function openRunModel(
  role: Role,
  settings: TrainSettings,
  reporter: Reporter,
  allowMissingModels: boolean,
): Promise<RunModel> {
  const source = settings[role];
  const published = allowMissingModels ? publishedConfig(source) : undefined;
  await orElse(
    published,
    () => checkFamily(source, `--${role}`, reporter),
    () => undefined,
  );
  const elsewhere = role === 'teacher' ? settings.teacherTokenizer : settings.studentTokenizer;
  let whyRandomIds: string | undefined;
  const tokenizer = await orElse(
    elsewhere === undefined ? published : undefined,
    () => openRunTokenizer(role, source, elsewhere, reporter),
    (config, why) => {
      whyRandomIds = why;
      return { tokenizer: randomIds(config), tokenizerFolder: undefined, tokenizerFiles: [] };
    },
  );
  const model = await orElse(
    published,
    () => openModel(role, settings, reporter),
    (config, why) => {
      const random = whyRandomIds === undefined ? 'random weights' : 'random weights and token ids';
      reporter.warn(`${why}; continuing with its published shape, ${random}`);
      whyRandomIds = undefined; // said with the rest
      return randomModel(config, settings.seed);
    },
  );
  if (whyRandomIds !== undefined) reporter.warn(`${whyRandomIds}; continuing with random token ids`);
  checkVocabulary(tokenizer.tokenizer, model.encoder, `--${role} ${source}`, reporter);
  reporter.message(
    `${role}: ${source}, ${formatCount(countParameters(model.encoder.shapes))} parameters, ` +
      `width ${model.encoder.width}`,
  );
  return { role, source, origin: await originOf(source), model, ...tokenizer };
}

/**
 * Checks that the teacher is a CLIP text model, fetching only configurations. The student may be a CLIP model, too.
 *
 * @throws InputError for any other teacher; it says if the two models seem to be swapped
 */
export async function checkRoles(
  settings: TrainSettings,
  reporter: Reporter,
  allowMissingModels: boolean,
): Promise<void> {
  const configOf = (role: Role): Promise<TextModelConfig> =>
    orElse(
      allowMissingModels ? publishedConfig(settings[role]) : undefined,
      () => checkFamily(settings[role], `--${role}`, reporter),
      (config) => config,
    );
  const teacher = await configOf('teacher');
  if (teacher.family === 'clip-text') return;
  const student = await configOf('student').catch((error: unknown) => {
    if (error instanceof InputError) return undefined; // the error about the teacher is the one to report
    throw error;
  });
  throw notATeacher(settings, teacher, student);
}

/**
 * Adds a projection to the teacher's width to the student, if one is asked for, the widths differ and it has none yet.
 */
export function projectStudent(
  student: RunModel,
  teacher: RunModel,
  settings: TrainSettings,
  reporter: Reporter,
): RunModel {
  const { width, shapes } = student.model.encoder;
  const { width: wanted } = teacher.model.encoder;
  if (settings.project !== true || width === wanted || Object.keys(shapes).some(isProjection)) return student;
  reporter.message(`student: a projection from width ${width} to the teacher's ${wanted} starts from random values`);
  return { ...student, model: withFreshProjection(student.model, wanted, settings.seed) };
}

/** The result of `open`, or the fallback, if there is one, when `open` finds bad input. */
async function orElse<Fallback, T>(
  fallback: Fallback | undefined,
  open: () => Promise<T>,
  take: (fallback: Fallback, why: string) => T,
): Promise<T> {
  try {
    return await open();
  } catch (error) {
    if (fallback === undefined || !(error instanceof InputError)) throw error;
    return take(fallback, error.message);
  }
}

async function openModel(role: Role, settings: TrainSettings, reporter: Reporter): Promise<PretrainedModel> {
  const source = settings[role];
  if (settings.randomWeights)
    return openRandom(await fetchModel(source, `--${role}`, reporter, ['config']), settings.seed);
  const model = await openPretrained(
    await fetchModel(source, `--${role}`, reporter, ['config', 'weights']),
    settings.seed,
  );
  if (model.fresh.length > 0)
    reporter.message(`${role}: ${source} lacks ${model.fresh.join(', ')}; they start from random values`);
  return model;
}

async function openRunTokenizer(
  role: Role,
  source: string,
  elsewhere: string | undefined,
  reporter: Reporter,
): Promise<Pick<RunModel, 'tokenizer' | 'tokenizerFolder' | 'tokenizerFiles'>> {
  const { tokenizer, folder } = await openTokenizer(
    { model: source, tokenizerSource: elsewhere, flag: `--${role}-tokenizer` },
    reporter,
  );
  const there = await readdir(folder);
  const names = TOKENIZER_FILES.filter((name) => there.includes(name));
  return {
    tokenizer,
    tokenizerFolder: folder,
    tokenizerFiles: await Promise.all(names.map(async (name) => ({ name, bytes: await readFile(join(folder, name)) }))),
  };
}

/** Gives every text random ids, for a dry run without a tokenizer. */
function randomIds(config: TextModelConfig): RowTokenizer {
  const { vocabSize } = config;
  let texts = 0;
  return {
    maxLength: MAX_LENGTH,
    padId: 'padTokenId' in config ? config.padTokenId : 0,
    vocabSize,
    encodeInto(_text, target, at) {
      target.set(
        randomBits(MAX_LENGTH, [0, texts++]).map((bits) => bits % vocabSize),
        at,
      );
      return MAX_LENGTH;
    },
  };
}
