/** @file Checks that a resumed run still has the data, models and engine that it started with. */
import { contentFingerprint, isStore, readManifest } from '../data/store/manifest.js';
import { InputError } from '../base/errors.js';
import { formatCounted, formatHash } from '../base/format.js';
import { MAX_IN_ORDER } from '../engine/graph/all-reduce.js';
import type { RunConfig } from '../runs/run-config.js';
import type { Fingerprints } from '../runs/trainer-state.js';
import { shellQuote } from '../base/shell.js';
import type { Reporter } from '../app/reporter.js';
import { isLegacyStore } from './kept-store.js';
import type { PreparedRun } from './prepared-run.js';
import type { ResumedRun } from './resumed-run.js';
import type { EngineInfo } from './engine-parts.js';

/**
 * Refuses to resume with other data, models or tokenizers; warns if only what computes has changed.
 *
 * @returns the run with its original fingerprints, as earlier versions fingerprinted the same tokenizers differently,
 *   and with what has changed
 * @throws InputError naming what has changed
 */
export async function checkUnchanged(run: ResumedRun, prepared: PreparedRun, reporter: Reporter): Promise<PreparedRun> {
  const { config, folder } = run;
  const { engine } = prepared;
  const differing = differingNames(config.fingerprints, prepared);
  if (differing.includes('data')) throw await otherPairs(run, prepared);
  if (differing.length > 0) {
    const shown = (fingerprint = 'none'): string => formatHash(fingerprint);
    const list = differing
      .map((name) => `${name} (${shown(config.fingerprints[name])}, now ${shown(prepared.fingerprints[name])})`)
      .join(', ');
    throw new InputError(
      `${folder}: expected what the run began with, but these have changed: ${list}; ` +
        'restore it, or start another run',
    );
  }
  const changes = changesOf(config, engine, prepared.settings.accumulate);
  if (changes.length > 0)
    reporter.warn(`${changes.join(', ')}: the run continues, but not bit for bit as it would have`);
  return { ...prepared, fingerprints: config.fingerprints, changes };
}

/** What may change the last digits of a resumed run: `precision fp32 instead of bf16`. */
function changesOf({ engine: before, cpu }: RunConfig, now: EngineInfo, accumulate: number): string[] {
  const engine = (['engine', 'backend', 'device', 'precision'] as const).flatMap((name) =>
    changeOf(name, before[name], now[name]),
  );
  const devices = sumsAlike(before, now, accumulate)
    ? []
    : [`${formatCounted(now.devices ?? 1, 'device')} instead of ${before.devices ?? 1}`];
  if (before.device !== now.device || before.backend !== now.backend) return [...engine, ...devices];
  const version = before.version === undefined ? [] : changeOf('TensorFlow', before.version, now.version);
  // another engine has other threads, and is told already
  if (cpu === undefined || now.cpu === undefined || before.engine !== now.engine)
    return [...engine, ...devices, ...version];
  const names = Object.keys({ ...cpu, ...now.cpu });
  const facts = names.flatMap((name) => changeOf(name, cpu[name], now.cpu?.[name]));
  return [...engine, ...devices, ...version, ...facts];
}

function changeOf(name: string, before = 'its default', now = 'its default'): string[] {
  return before === now ? [] : [`${name} ${now} instead of ${before}`];
}

/**
 * Whether two device counts sum a step's gradients in the same order. CPUs do in float32, unless one device has several
 * micro-batches per step.
 */
function sumsAlike(
  { devices: before = 1 }: RunConfig['engine'],
  { devices: now = 1, device, precision }: EngineInfo,
  accumulate: number,
): boolean {
  const addsInOrder = (devices: number): boolean => devices === 1 || (devices >= accumulate && devices <= MAX_IN_ORDER);
  if (before === now) return true;
  return device === 'cpu' && precision === 'fp32' && addsInOrder(before) && addsInOrder(now);
}

/** The names of fingerprints that differ. Tokenizers count as equal if their files are: equal data has equal ids. */
function differingNames(before: Fingerprints, { fingerprints, teacher, student }: PreparedRun): string[] {
  const files: Readonly<Record<string, string | undefined>> = {
    'teacher tokenizer': teacher.tokenizer.filesFingerprint,
    'student tokenizer': student.tokenizer.filesFingerprint,
  };
  return Object.keys(fingerprints).filter((name) => ![fingerprints[name], files[name]].includes(before[name]));
}

/** The error for data that yields other pairs than the run started with. */
async function otherPairs(
  { folder, config, settings }: ResumedRun,
  { data, teacher, student }: PreparedRun,
): Promise<InputError> {
  const { store, fingerprint } = config.data;
  const encoders = { teacher: teacher.tokenizer, student: student.tokenizer };
  const why = (await isLegacyStore(store, settings, encoders))
    ? 'the files are as they were, but this version of kd chooses pairs by other rules than the one that began the run'
    : 'the files, or the rules by which pairs are chosen, have changed';
  const remedy = (await hasPairs(store, fingerprint))
    ? `resume with the pairs that it began with: --data ${shellQuote(store)}`
    : `restore the files, or start another run`;
  return new InputError(
    `${folder}: expected the pairs that the run began with (${formatHash(fingerprint)}), ` +
      `got others (${formatHash(data.fingerprint)}): ${why}; ${remedy}`,
  );
}

async function hasPairs(store: string, fingerprint: string): Promise<boolean> {
  if (!(await isStore(store))) return false;
  return readManifest(store).then(
    (manifest) => contentFingerprint(manifest) === fingerprint,
    () => false,
  );
}
