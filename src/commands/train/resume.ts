/** @file `kd train --resume`: which run, with which options, from which checkpoint. */
import { basename, dirname, join, relative, resolve } from 'node:path';
import type { EngineStart, ParameterValues } from '../../distill/engine.js';
import { InputError } from '../../errors.js';
import { openPretrained } from '../../models/pretrained.js';
import type { Shapes } from '../../models/text-encoder.js';
import { CHECKPOINT_FILES } from '../../runs/checkpoint.js';
import { findCheckpoint, setAside, tidyRun, type FoundCheckpoint } from '../../runs/find-checkpoint.js';
import { isRun, noteResumed, readRunConfig, type RunConfig } from '../../runs/run-config.js';
import { readMoments } from '../../runs/optimizer-state.js';
import { newestRun, pointAt, RUN_CONFIG, RUNS_FOLDER } from '../../runs/run-folder.js';
import type { Output } from '../console.js';
import type { PreparedRun } from './prepare.js';
import { checkSettings, type AskedSettings, type TrainSettings } from './settings.js';

/** A run to go on with. */
export interface ResumedRun {
  /** Absolute path. */
  readonly folder: string;
  /** A checkpoint that was named; else the newest whole one. */
  readonly from: string | undefined;
  readonly settings: TrainSettings;
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
 * Finds the run to go on with, and merges its options with those given.
 *
 * @param target a run's name, its folder or one of its checkpoints; `true`: the last run
 * @param given the options that were given on the command line
 * @throws InputError where there is no such run, or an option that decides what the run is would change
 */
export async function openResumedRun(
  target: string | true,
  given: Partial<AskedSettings>,
  output: Output,
): Promise<ResumedRun> {
  const { folder, from } = await locate(target, output);
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
  return { folder, from, config, settings: { ...before, ...given } as TrainSettings }; // a batch size is the run's own: another was refused
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

/**
 * Takes the newest whole checkpoint and puts newer ones out of the way. Only under the run's lock.
 *
 * @returns the checkpoint; undefined where there is none to go on from, and the run begins anew
 */
export async function takeCheckpoint(
  { folder, from }: ResumedRun,
  output: Output,
): Promise<FoundCheckpoint | undefined> {
  await tidyRun(folder);
  const { found, skipped } = await findCheckpoint(folder, from);
  for (const { name, reason } of skipped) output.warn(`${name} is not taken: ${reason}`);
  const aside = await setAside(folder, found?.name);
  if (aside.length > 0) output.message(`newer checkpoints are put aside: ${aside.join(', ')}`);
  const run = relative(process.cwd(), folder);
  if (found === undefined) output.message(`${run}: no checkpoint yet; begins anew`);
  else {
    output.message(`${run}: goes on from ${found.name}`);
    await pointAt(folder, 'last', found.name);
  }
  output.event({ event: 'resumed', run: folder, checkpoint: found?.name ?? null, skipped });
  return found;
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

/** Notes in `config.json` that the run goes on, and with what. */
export async function noteGoingOn(
  { folder, config, settings }: ResumedRun,
  found: FoundCheckpoint | undefined,
): Promise<void> {
  await noteResumed(folder, config, settings, found?.trainer.state.step ?? 0);
}

async function locate(target: string | true, output: Output): Promise<{ folder: string; from: string | undefined }> {
  if (target === true) {
    const newest = await newestRun();
    if (newest === undefined)
      throw new InputError(`--resume: expected a run under ${RUNS_FOLDER}/, found none; begin one without --resume`);
    output.message(`--resume: the last run is ${newest}`);
    return { folder: resolve(newest), from: undefined };
  }
  const candidates = [resolve(RUNS_FOLDER, target), resolve(target)];
  for (const folder of candidates) {
    if (/^step-\d+$/.test(basename(folder)) && (await isRun(dirname(folder))))
      return { folder: dirname(folder), from: basename(folder) };
    if (await isRun(folder)) return { folder, from: undefined };
  }
  throw new InputError(
    `--resume: expected the name of a run under ${RUNS_FOLDER}/, its folder or one of its checkpoints, got ${JSON.stringify(target)}`,
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
