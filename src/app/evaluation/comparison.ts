/** @file Selects and opens the models to compare: those named, the teacher, and each run's student before training. */
import { basename, resolve } from 'node:path';
import { findRun } from '../../runs/find-run.js';
import { resolveModelName } from '../../runs/model-names.js';
import { readRunConfig } from '../../runs/run-config.js';
import { newestRun } from '../../runs/run-folder.js';
import { InputError } from '../../base/errors.js';
import type { ModelRole } from '../../evaluate/evaluation.js';
import { withFreshProjection, type PretrainedModel } from '../../models/pretrained.js';
import type { Reporter } from '../reporter.js';
import { checkFamily, notATeacher } from '../fetch-model.js';
import { initialisationOf } from '../initialisation.js';
import { openEncoder, type OpenEncoder } from '../open-encoder.js';

/** A model of the comparison, opened. */
export interface ComparedModel {
  readonly name: string;
  readonly role: ModelRole;
  readonly opened: OpenEncoder;
}

/** The models of a comparison, opened. */
export interface Comparison {
  /** Absent if nothing is measured against it and it is not compared itself. */
  readonly teacher?: ComparedModel | undefined;
  /** In the order of the tables; includes the teacher if it was named or baselines are wanted. */
  readonly models: readonly ComparedModel[];
  /** The folders of the runs whose checkpoints are compared. */
  readonly runs: readonly string[];
  /** The folder of the run that `clip`, `roberta` and the pairs come from; undefined if there is no run. */
  readonly run: string | undefined;
}

/** What to compare. */
export interface ComparisonRequest {
  readonly names: readonly string[];
  /** The name of the teacher. */
  readonly teacher: string;
  /** Whether to include the teacher and untrained students even if they are not named. */
  readonly baselines: boolean;
  /** Whether models are measured against the teacher. If not, it is opened only to be compared itself. */
  readonly needsTeacher: boolean;
}

/**
 * Opens the models of a comparison.
 *
 * @throws InputError for a name that matches nothing, saying what was looked for and where
 */
export async function openComparison(
  { names, teacher: teacherName, baselines, needsTeacher }: ComparisonRequest,
  reporter: Reporter,
): Promise<Comparison> {
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined)
    throw new InputError(`--compare ${names.join(',')}: expected every model once, got ${twice} twice; leave one out`);
  const run = (await firstRunOf(names)) ?? (await newestRun());
  const isTeacher = await sameModelAs(teacherName, run);
  let isNamed = false;
  for (const name of names) isNamed ||= isTeacher((await resolveModelName(name, '--compare', run)).source);
  const teacher =
    needsTeacher || isNamed
      ? await openTeacher(teacherName, run, reporter)
      : baselines
        ? await openedIfThere(openTeacher(teacherName, run, reporter), 'teacher', reporter)
        : undefined;
  const models: ComparedModel[] = [];
  const runs: string[] = [];
  for (const name of names) {
    const { source, run: trainedBy } = await resolveModelName(name, '--compare', run);
    if (teacher !== undefined && isTeacher(source)) {
      if (!models.includes(teacher)) models.push(teacher);
      continue;
    }
    if (trainedBy !== undefined && !runs.some((known) => resolve(known) === resolve(trainedBy))) {
      runs.push(trainedBy);
      const untrained = baselines && openUntrained(name, trainedBy, teacher?.opened.model.encoder.width, reporter);
      if (untrained) models.push(await untrained);
    }
    const opened = await openEncoder({ name, flag: '--compare', run }, reporter);
    warnOfRandomValues(name, opened.model, reporter);
    models.push({ name, role: 'student', opened });
  }
  if (baselines && teacher !== undefined && !models.includes(teacher)) models.unshift(teacher);
  return { teacher, models, runs, run };
}

/** The folder of the first run among the names. */
async function firstRunOf(names: readonly string[]): Promise<string | undefined> {
  for (const name of names) {
    const run = await findRun(name);
    if (run !== undefined) return run.folder;
  }
  return undefined;
}

/** Returns a function that tells whether a source is the teacher's, without opening it. */
async function sameModelAs(name: string, run: string | undefined): Promise<(source: string) => boolean> {
  const teacher = (await resolveModelName(name, '--teacher', run)).source;
  return (source) => source === teacher;
}

async function openTeacher(name: string, run: string | undefined, reporter: Reporter): Promise<ComparedModel> {
  const start = name === 'clip' && run !== undefined ? await initialisationOf(run) : {};
  if (name !== 'clip') await checkIsTeacher(name, run, reporter);
  const flag = name === 'clip' ? '--compare' : '--teacher';
  const opened = await openEncoder({ ...start, name, flag, run }, reporter);
  warnOfRandomValues(name, opened.model, reporter);
  return { name, role: 'teacher', opened };
}

/** Refuses a model that training would not accept as a teacher, before its weights are fetched. */
async function checkIsTeacher(name: string, run: string | undefined, reporter: Reporter): Promise<void> {
  const { source } = await resolveModelName(name, '--teacher', run);
  const config = await checkFamily(source, `--teacher ${name}`, reporter);
  if (config.family !== 'clip-text') throw notATeacher({ teacher: name, student: '' }, config, undefined);
}

/** Opens a baseline that nothing is measured against. If it cannot be opened, warns and leaves it out. */
async function openedIfThere(
  opening: Promise<ComparedModel>,
  what: string,
  reporter: Reporter,
): Promise<ComparedModel | undefined> {
  try {
    return await opening;
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    reporter.warn(`compared without the ${what}: ${error.message}`);
    return undefined;
  }
}

/**
 * Opens the student of a run as it was before the first step, including its initial projection to the teacher's width,
 * if any.
 */
async function openUntrained(
  name: string,
  run: string,
  width: number | undefined,
  reporter: Reporter,
): Promise<ComparedModel> {
  const { student, settings } = await readRunConfig(run);
  const start = await initialisationOf(run);
  const opened = await openEncoder(
    {
      ...start,
      name: student.source,
      flag: `the student that ${basename(run)} started from,`,
      tokenizer: settings.studentTokenizer,
    },
    reporter,
  );
  const isProjected = settings.project === true && width !== undefined && opened.model.encoder.width !== width;
  const model = isProjected ? withFreshProjection(opened.model, width, start.seed ?? 0) : opened.model;
  const called = (await findRun(name))?.name ?? name;
  return { name: `${called} (untrained)`, role: 'untrained', opened: { ...opened, model } };
}

/** Warns of a model whose scores are in part those of random values, as a pooler's that its files lack. */
function warnOfRandomValues(name: string, { fresh, encoder }: PretrainedModel, reporter: Reporter): void {
  if (fresh.length === 0) return;
  const areAll = fresh.length === Object.keys(encoder.shapes).length;
  reporter.warn(
    areAll
      ? `${name} has random weights, as its run does`
      : `${name} lacks ${fresh.join(', ')}: its pooled outputs come from random values in their place`,
  );
}
