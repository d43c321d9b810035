/** @file Which models are compared: those named, the teacher, and each run's student as it was before training. */
import { basename, resolve } from 'node:path';
import { resolveModelName, runFolderOf } from '../../runs/model-names.js';
import { readRunConfig } from '../../runs/run-config.js';
import { newestRun } from '../../runs/run-folder.js';
import type { ModelRole } from '../../evaluate/evaluation.js';
import { withFreshProjection } from '../../models/pretrained.js';
import type { Output } from '../console.js';
import { openEncoder, type EncoderChoice, type OpenEncoder } from '../open-encoder.js';

/** A model of the comparison, opened. */
export interface Entrant {
  readonly name: string;
  readonly role: ModelRole;
  readonly opened: OpenEncoder;
}

export interface LineUp {
  readonly teacher: Entrant;
  /** In the order of the tables; the teacher is among them if it was named or baselines are wanted. */
  readonly entrants: readonly Entrant[];
  /** The folders of the runs whose checkpoints are compared. */
  readonly runs: readonly string[];
  /** The folder of the run that `clip`, `roberta` and the pairs come from; undefined where there is none. */
  readonly run: string | undefined;
}

export interface LineUpRequest {
  readonly names: readonly string[];
  /** Name of the teacher. */
  readonly teacher: string;
  /** Whether teacher and untrained students take part, named or not. */
  readonly baselines: boolean;
}

/**
 * Opens the models of a comparison.
 *
 * @throws InputError for a name that stands for nothing: it says what was looked for, and where
 */
export async function openLineUp(
  { names, teacher: teacherName, baselines }: LineUpRequest,
  output: Output,
): Promise<LineUp> {
  const run = (await firstRunOf(names)) ?? (await newestRun());
  const teacher = await openTeacher(teacherName, run, output);
  const entrants: Entrant[] = [];
  const runs: string[] = [];
  for (const name of names) {
    const { source, run: trainedBy } = await resolveModelName(name, '--compare', run);
    if (source === teacher.opened.source) {
      entrants.push(teacher);
      continue;
    }
    if (trainedBy !== undefined && !runs.some((known) => resolve(known) === resolve(trainedBy))) {
      runs.push(trainedBy);
      if (baselines) entrants.push(await openUntrained(name, trainedBy, teacher.opened.model.encoder.width, output));
    }
    entrants.push({ name, role: 'student', opened: await openEncoder({ name, flag: '--compare', run }, output) });
  }
  if (baselines && !entrants.includes(teacher)) entrants.unshift(teacher);
  return { teacher, entrants, runs, run };
}

/** The folder of the first run among the names. */
async function firstRunOf(names: readonly string[]): Promise<string | undefined> {
  for (const name of names) {
    const run = await runFolderOf(name.replace(/:[^:/]+$/, ''));
    if (run !== undefined) return run;
  }
  return undefined;
}

async function openTeacher(name: string, run: string | undefined, output: Output): Promise<Entrant> {
  const start = name === 'clip' && run !== undefined ? await startOf(run) : {};
  return {
    name,
    role: 'teacher',
    opened: await openEncoder({ ...start, name, flag: name === 'clip' ? '--compare' : '--teacher', run }, output),
  };
}

/** The student of a run before its first step, with the projection to the teacher's width that it may have begun with. */
async function openUntrained(name: string, run: string, width: number, output: Output): Promise<Entrant> {
  const { student, settings } = await readRunConfig(run);
  const start = await startOf(run);
  const opened = await openEncoder(
    {
      ...start,
      name: student.source,
      flag: `the student that ${basename(run)} started from,`,
      tokenizer: settings.studentTokenizer as string | undefined,
    },
    output,
  );
  const isProjected = settings.project === true && opened.model.encoder.width !== width;
  const model = isProjected ? withFreshProjection(opened.model, width, start.seed ?? 0) : opened.model;
  return { name: `${name.replace(/:[^:/]+$/, '')} (untrained)`, role: 'untrained', opened: { ...opened, model } };
}

/** How a run's models came by parameters that no file has. */
async function startOf(run: string): Promise<Pick<EncoderChoice, 'seed' | 'randomWeights'>> {
  const { settings } = await readRunConfig(run);
  return { seed: settings.seed as number | undefined, randomWeights: settings.randomWeights === true };
}
