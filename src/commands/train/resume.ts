/** @file `kd train --resume`: which run, with which options, from which checkpoint. */
import { join, relative, resolve } from 'node:path';
import type { EngineStart, ParameterValues } from '../../distill/engine.js';
import { bestOf, START, type TrainState } from '../../distill/train-state.js';
import { planSteps } from '../../distill/train.js';
import { InputError } from '../../errors.js';
import { openPretrained } from '../../models/pretrained.js';
import type { Shapes } from '../../models/text-encoder.js';
import { CHECKPOINT_FILES, checkpointName, checkpointNames } from '../../runs/checkpoint.js';
import {
  findCheckpoint,
  openCheckpoint,
  setAside,
  tidyRun,
  type FoundCheckpoint,
  type Search,
} from '../../runs/find-checkpoint.js';
import { checkpointAt, findRun, noSuchRun } from '../../runs/find-run.js';
import { cutLogs } from '../../runs/loss-log.js';
import { noteResumed, readRunConfig, type RunConfig } from '../../runs/run-config.js';
import { readMoments } from '../../runs/optimizer-state.js';
import { newestRun, pointAt, pointNowhere, RUN_CONFIG, RUNS_FOLDER } from '../../runs/run-folder.js';
import type { Output } from '../console.js';
import type { PreparedRun } from './prepare.js';
import { checkSettings, type AskedSettings, type TrainSettings } from './settings.js';

/** A run to go on with. */
export interface ResumedRun {
  /** Absolute path. */
  readonly folder: string;
  /** The checkpoint that was named, as it was named; else the newest whole one is meant. */
  readonly place: string | undefined;
  /** The options it goes on with, and which of them were given other than they were. */
  readonly settings: TrainSettings;
  readonly changed: readonly (keyof TrainSettings)[];
  readonly config: RunConfig;
}

/** Options that a run may go on with changed. */
const CHANGEABLE: ReadonlySet<string> = new Set<keyof TrainSettings>([
  'epochs',
  'maxSteps',
  'logEvery',
  'saveEvery',
  'keep',
  'onNan',
  'data',
  'teacher',
  'student',
  'teacherTokenizer',
  'studentTokenizer',
  'engine',
  'device',
  'backend',
]);

/**
 * Finds the run to go on with, and merges its options with those given. Changes nothing.
 *
 * @param target a run or a checkpoint of one, by any of their names; `true`: the last run
 * @param given the options that were given on the command line
 * @throws InputError where there is no such run, or an option that decides what the run is would change
 */
export async function openResumedRun(
  target: string | true,
  given: Partial<AskedSettings>,
  output: Output,
): Promise<ResumedRun> {
  const { folder, place } = await locate(target, output);
  const config = await readRunConfig(folder);
  const before = checkSettings(config.settings, join(folder, RUN_CONFIG));
  const changed = (Object.keys(given) as (keyof TrainSettings)[]).filter(
    (name) => JSON.stringify(given[name]) !== JSON.stringify(before[name]),
  );
  const refused = changed.filter((name) => !CHANGEABLE.has(name));
  if (refused.length > 0) {
    const list = refused.map((name) => `${flagOf(name)} ${shown(before[name])}, not ${shown(given[name])}`).join('; ');
    throw new InputError(
      `--resume: expected the options that the run began with, ${list}; leave them out, or begin another run (may change: ${[...CHANGEABLE].map(flagOf).join(' ')})`,
    );
  }
  for (const name of changed) output.message(`${flagOf(name)}: ${shown(before[name])} → ${shown(given[name])}`);
  if (changed.includes('epochs') || changed.includes('maxSteps')) {
    output.message(
      'the cosine of the learning rate now ends at the new last step: from here on the rate is another than it would have been',
    );
  }
  return { folder, place, config, changed, settings: { ...before, ...given } as TrainSettings }; // a batch size is the run's own: another was refused
}

/**
 * Chooses the checkpoint that a run goes on from: the one that was named, else the newest whole one. Changes nothing.
 *
 * @returns without a checkpoint where the run has none yet, and begins anew
 * @throws InputError for a named checkpoint that is not there or not whole, and where none of a run's is whole
 */
export async function chooseCheckpoint({ folder, place }: ResumedRun, output: Output): Promise<Search> {
  const run = relative(process.cwd(), folder) || '.';
  if (place !== undefined) {
    const name = await checkpointAt(folder, place, `--resume ${run}:${place}`);
    const found = await openCheckpoint(folder, name).catch(async (error: unknown) => {
      if (!(error instanceof InputError)) throw error;
      const others = (await checkpointNames(folder)).filter((other) => other !== name);
      throw new InputError(
        `--resume ${run}:${place}: expected a whole checkpoint, but in ${name} ${error.message}; ` +
          (others.length === 0 ? 'there is no other' : `the others are ${others.join(', ')}`),
      );
    });
    return { found, skipped: [] };
  }
  const { found, skipped } = await findCheckpoint(folder);
  if (found === undefined && skipped.length > 0) {
    const reasons = skipped.map(({ name, reason }) => `${name} (${reason})`).join(', ');
    throw new InputError(`--resume ${run}: expected a whole checkpoint, found none: ${reasons}; begin another run`);
  }
  for (const { name, reason } of skipped) output.warn(`${name} is not taken: ${reason}`);
  return { found, skipped };
}

/**
 * How a run that is at its end goes on, as flags; undefined for one that is not.
 *
 * @throws InputError for fewer epochs or steps than are done
 */
export function wayOnFromEnd({ settings, changed, config }: ResumedRun, state: TrainState): string | undefined {
  const { epochs, maxSteps, batchSize } = settings;
  const batches = Math.ceil(config.data.training_pairs / batchSize);
  const { stepsPerEpoch, totalSteps } = planSteps({ count: batches }, settings);
  if (changed.includes('maxSteps') && maxSteps !== undefined && maxSteps < state.step)
    throw new InputError(
      `--max-steps ${maxSteps}: expected at least ${state.step}, the steps that are done; name an earlier checkpoint, or more steps`,
    );
  if (changed.includes('epochs') && stepsPerEpoch * epochs < state.step)
    throw new InputError(
      `--epochs ${epochs}: expected at least ${Math.ceil(state.step / stepsPerEpoch)}, as ${state.step} steps are done and an epoch has ${stepsPerEpoch}; name an earlier checkpoint, or more epochs`,
    );
  if (state.step < totalSteps || !state.validated) return undefined;
  const isByEpochs = stepsPerEpoch * epochs <= (maxSteps ?? Infinity);
  const wanted = isByEpochs
    ? stepsPerEpoch * Math.max(2 * epochs, Math.ceil(state.step / stepsPerEpoch) + 1)
    : 2 * state.step;
  return [
    ...(stepsPerEpoch * epochs < wanted ? [`--epochs ${Math.ceil(wanted / stepsPerEpoch)}`] : []),
    ...(maxSteps !== undefined && maxSteps < wanted ? [`--max-steps ${wanted}`] : []),
  ].join(' ');
}

/** Says that a run is at its end; nothing about it changes. */
export function sayFinished(
  { folder, changed }: ResumedRun,
  { step }: TrainState,
  wayOn: string,
  output: Output,
): void {
  if (changed.length > 0) output.warn(`${changed.map(flagOf).join(' ')}: not applied, as there is nothing left to do`);
  output.result(`${relative('.', folder) || '.'}: finished at step ${step}; go on with ${wayOn}`, {
    event: 'finished',
    run: folder,
    steps: step,
    more: wayOn,
  });
}

/** Refuses to go on with other data, models or tokenizers; says where only what computes has changed. */
export function checkSame({ config, folder }: ResumedRun, { fingerprints, engine }: PreparedRun, output: Output): void {
  const differing = Object.keys(fingerprints).filter((name) => config.fingerprints[name] !== fingerprints[name]);
  if (differing.length > 0) {
    const list = differing
      .map((name) => `${name} (${shortened(config.fingerprints[name])}, now ${shortened(fingerprints[name])})`)
      .join(', ');
    throw new InputError(
      `${folder}: expected what the run began with, but there have changed: ${list}; bring it back, or begin another run`,
    );
  }
  const machine = (['engine', 'backend', 'device', 'precision'] as const).filter(
    (name) => config.engine[name] !== engine[name],
  );
  if (machine.length === 0) return;
  output.warn(
    `${machine.map((name) => `${name} ${engine[name]} instead of ${config.engine[name]}`).join(', ')}: the run goes on, but not bit for bit as it would have`,
  );
}

/** What an engine begins with, from a checkpoint. */
export async function startFrom(
  { folder, trainer }: FoundCheckpoint,
  trained: Shapes,
  teacher: ParameterValues,
): Promise<EngineStart> {
  const {
    updates,
    state: { step },
  } = trainer;
  return {
    teacher,
    student: (await openPretrained(folder, trainer.seed)).parameters(),
    optimizer: { steps: step, updates, moments: await readMoments(join(folder, CHECKPOINT_FILES.optimizer), trained) },
  };
}

/**
 * Makes a run's folder what it was at the checkpoint it goes on from, and notes that it goes on: settings, newer
 * checkpoints, logs and pointers. Only under the run's lock, and when nothing stands in the way any more.
 *
 * @throws InputError where another process has gone on with the run meanwhile; then nothing is changed
 */
export async function goOn(
  { folder, config, settings }: ResumedRun,
  { found, skipped }: Search,
  prepared: PreparedRun,
  output: Output,
): Promise<void> {
  const run = relative(process.cwd(), folder) || '.';
  const state = found?.trainer.state ?? START;
  if (JSON.stringify(await readRunConfig(folder)) !== JSON.stringify(config))
    throw new InputError(
      `${run}: expected the run as it was a moment ago, but another process went on with it; try again`,
    );
  const { teacher, student, data } = prepared;
  const sources = { teacher: teacher.source, student: student.source, store: data.store };
  await noteResumed(folder, config, settings, state.step, sources);
  await tidyRun(folder);
  const aside = await setAside(folder, found?.name);
  if (aside.length > 0) output.message(`newer checkpoints are put aside: ${aside.join(', ')}`);
  await cutLogs(folder, state);
  await pointBack(folder, found, data.validation.pairs > 0);
  output.event({ event: 'resumed', run: folder, checkpoint: found?.name ?? null, skipped });
  output.message(found === undefined ? `${run}: no checkpoint yet; begins anew` : `${run}: goes on from ${found.name}`);
}

/** Makes `last` and `best` name what they did at a checkpoint; nothing, where that is no more. */
async function pointBack(run: string, found: FoundCheckpoint | undefined, isValidated: boolean): Promise<void> {
  const names = await checkpointNames(run);
  const best = found && bestOf(found.trainer.state);
  const wanted = { last: found?.name, best: isValidated ? best && checkpointName(best.step) : found?.name };
  for (const pointer of ['last', 'best'] as const) {
    const name = wanted[pointer];
    if (name !== undefined && names.includes(name)) await pointAt(run, pointer, name);
    else await pointNowhere(run, pointer);
  }
}

async function locate(
  target: string | true,
  output: Output,
): Promise<{ readonly folder: string; readonly place: string | undefined }> {
  if (target === true) {
    const newest = await newestRun();
    if (newest === undefined)
      throw new InputError(`--resume: expected a run under ${RUNS_FOLDER}/, found none; begin one without --resume`);
    output.message(`--resume: the last run is ${newest}`);
    return { folder: resolve(newest), place: undefined };
  }
  const found = await findRun(target);
  if (found !== undefined) return { folder: resolve(found.folder), place: found.place };
  throw await noSuchRun(
    `--resume ${target === '' ? '""' : target}`,
    `the name of a run under ${RUNS_FOLDER}/, its folder or one of its checkpoints`,
  );
}

/** `--log-every` */
function flagOf(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

function shown(value: unknown): string {
  return value === undefined ? 'its default' : Array.isArray(value) ? value.join(' ') : JSON.stringify(value);
}

function shortened(fingerprint: string | undefined): string {
  return fingerprint?.slice(0, 12) ?? 'none';
}
