/** @file The pairs of a run: a token store that is there, or one made of raw data and kept for the next run. */
import { rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { batchesOf, type Batches } from '../data/batches.js';
import { groupedByLength, inStoreOrder, uniformSample } from '../data/row-order.js';
import type { RowTokenizers } from '../data/prepare/encode.js';
import { readReport } from '../data/prepare/report.js';
import { PREPARE_DEFAULTS, type PrepareSettings } from '../data/prepare/settings.js';
import { findSources, type Sources } from '../data/sources.js';
import { contentFingerprint, isStore, MANIFEST } from '../data/store/manifest.js';
import { openStore, type TokenStore } from '../data/store/token-store.js';
import { InputError } from '../base/errors.js';
import { folderUntilExit } from '../base/files.js';
import { RUNS_FOLDER } from '../runs/run-folder.js';
import type { Reporter } from '../app/reporter.js';
import { formatCount, formatCounted } from '../base/format.js';
import { makeStore } from '../app/make-store.js';
import { sayWhatWasFound, warnOfFewer } from '../app/preparation-text.js';
import { firstStoreKey, storeKey } from '../app/store-key.js';
import type { TrainContext } from './context.js';
import type { Role, RunModel } from './models.js';
import type { TrainSettings } from './settings.js';
import { checkTokenizers } from './store-tokenizers.js';

/** The data a run was given, found but not yet read. */
export type FoundData = { readonly store: TokenStore } | { readonly sources: Sources };

/** The pairs of a run as batches. */
export interface Dataset {
  /** In the order of the run. */
  readonly training: Batches;
  /** All validation pairs, or a sample of them. */
  readonly validation: Batches;
  /** Those of them that the untrained student is measured on. */
  readonly baseline: Batches;
  /** All pairs of a side, in the order of the store. */
  readonly inStoreOrder: { readonly training: Batches; readonly validation: Batches };
  /** The folder of the token store. */
  readonly store: string;
  /** SHA-256 over everything in the store, in its order. */
  readonly fingerprint: string;
  readonly close: () => Promise<void>;
}

/** Where token stores made of raw data are kept: beside the runs. */
const STORES_FOLDER = join(RUNS_FOLDER, '.prepared');

/** Finds the data of a run: a token store, or files of pairs. Throws an `InputError` where there is none. */
export async function findData(
  { data, koColumn, enColumn, samples }: TrainSettings,
  output: Reporter,
): Promise<FoundData> {
  if (!(data.length === 1 && (await isStore(data[0]!))))
    return { sources: await findSources(data, { ko: koColumn, en: enColumn }) };
  const store = await openStore(data[0]!);
  const count = store.training.count + store.validation.count;
  if (samples !== undefined && samples !== count) {
    output.warn(
      `--samples ${formatCount(samples)} is not applied: ${data[0]} is prepared, and is used as it is ` +
        `(${formatCounted(count, 'pair')})`,
    );
  }
  return { store };
}

/**
 * Opens the pairs of a run, preparing its data where that has not been done before.
 *
 * @param isTrial keeps nothing that is made
 */
export async function openPairs(
  found: FoundData,
  settings: TrainSettings,
  models: { readonly teacher: RunModel; readonly student: RunModel },
  context: TrainContext,
  isTrial: boolean,
): Promise<TokenStore> {
  const { output } = context;
  const tokenizers = { teacher: models.teacher.tokenizer, student: models.student.tokenizer };
  const store = 'store' in found ? found.store : await prepared(found.sources, settings, models, context, isTrial);
  await checkTokenizers(store, tokenizers);
  await store.check(); // before anything of a run is touched
  if ('sources' in found) warnOfFewer(settings.samples, store.training.count + store.validation.count, output);
  const { training, validation, folder } = store;
  output.message(
    `data: ${formatCounted(training.count, 'pair')} for training, ${formatCount(validation.count)} for ` +
      `validation (${folder})`,
  );
  output.event({ event: 'data', store: folder, training_pairs: training.count, validation_pairs: validation.count });
  return store;
}

/** What decides how a run's pairs are put into batches. */
export type BatchSettings = Pick<
  TrainSettings,
  'batchSize' | 'accumulate' | 'groupByLength' | 'validPairs' | 'baselinePairs' | 'seed'
>;

/** A run's pairs as batches. */
export function datasetOf(
  { training, validation, manifest, folder, close }: TokenStore,
  { batchSize, accumulate, groupByLength, validPairs, baselinePairs, seed }: BatchSettings,
): Dataset {
  const padding = {
    length: manifest.max_length,
    teacher: manifest.tokenizers.teacher.pad_id,
    student: manifest.tokenizers.student.pad_id,
  };
  const [trainingInStoreOrder, validationInStoreOrder] = [training, validation].map((rows) =>
    batchesOf(inStoreOrder(rows), batchSize, padding),
  ) as [Batches, Batches];
  const validated = Math.min(validation.count, validPairs === 'all' ? Infinity : validPairs);
  const measured = Math.min(validated, baselinePairs === 'all' ? Infinity : baselinePairs);
  const sampleOf = (pairs: number): Batches =>
    pairs === validation.count
      ? validationInStoreOrder
      : batchesOf(uniformSample(validation, pairs, seed), batchSize, padding);
  return {
    training: groupByLength
      ? batchesOf(groupedByLength(training, { stepPairs: batchSize * accumulate, seed }), batchSize, padding)
      : trainingInStoreOrder,
    validation: sampleOf(validated),
    baseline: sampleOf(measured),
    inStoreOrder: { training: trainingInStoreOrder, validation: validationInStoreOrder },
    store: folder,
    fingerprint: contentFingerprint(manifest),
    close,
  };
}

/** The token store of a run's data, made now if it is not there yet, or damaged. */
async function prepared(
  sources: Sources,
  settings: TrainSettings,
  { teacher, student }: { readonly teacher: RunModel; readonly student: RunModel },
  { output, stop, ranks }: TrainContext,
  isTrial: boolean,
): Promise<TokenStore> {
  const { data: paths } = settings;
  const prepareSettings = prepareSettingsOf(settings);
  const tokenizers = { teacher: teacher.tokenizer, student: student.tokenizer };
  const kept = join(STORES_FOLDER, await storeKey(paths, keyOptions(settings), tokenizers));
  const store = await openKept(kept, output);
  if (store !== undefined) return store;
  if (!isTrial) await rm(join(kept, MANIFEST), { force: true }); // of a damaged one: it would count as made already
  const out = isTrial ? folderUntilExit() : kept;
  const folderOf = ({ tokenizerFiles: [file] }: RunModel): string | undefined => file && dirname(file);
  const folders = { teacher: folderOf(teacher), student: folderOf(student) };
  const tokenizerFolders = hasBoth(folders) ? folders : undefined;
  const request = { paths, sources, out, settings: prepareSettings, tokenizers, tokenizerFolders };
  const unlessLost = (signal: AbortSignal): AbortSignal =>
    ranks === undefined ? signal : AbortSignal.any([signal, ranks.lost]);
  sayWhatWasFound(
    await stop.tidying((signal) => makeStore({ ...request, signal: unlessLost(signal) }, output)),
    output,
  );
  return openStore(out);
}

function prepareSettingsOf({ samples, validFraction, seed, shuffle }: TrainSettings): PrepareSettings {
  return { ...PREPARE_DEFAULTS, samples, validFraction, seed, shuffle };
}

function keyOptions(settings: TrainSettings): object {
  const { koColumn, enColumn } = settings;
  return { koColumn, enColumn, ...prepareSettingsOf(settings) };
}

/** Whether a store was made by an earlier version's rules, of the very files that a run's settings name. */
export async function isMadeByFirstRules(
  store: string,
  settings: TrainSettings,
  tokenizers: RowTokenizers,
): Promise<boolean> {
  return basename(store) === (await firstStoreKey(settings.data, keyOptions(settings), tokenizers));
}

/** The store that was made before, if it is whole. */
async function openKept(folder: string, output: Reporter): Promise<TokenStore | undefined> {
  if (!(await isStore(folder))) return undefined;
  let store: TokenStore | undefined;
  try {
    store = await openStore(folder);
    await store.check();
  } catch (error) {
    await store?.close();
    if (!(error instanceof InputError)) throw error;
    output.warn(`${error.message}: preparing it again`);
    return undefined;
  }
  await sayWhatIsKept(folder, output);
  return store;
}

/** What the preparation of a store has found, as far as its report tells: the store is as good without. */
async function sayWhatIsKept(store: string, output: Reporter): Promise<void> {
  try {
    const report = await readReport(store);
    if (report === undefined) output.warn(`${store}: no report of its preparation; what was dropped then is not shown`);
    else sayWhatWasFound(report, output);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    output.warn(`${error.message}; what was dropped then is not shown`);
  }
}

/** Whether both tokenizers lie in folders: for a dry run without a model there are none. */
function hasBoth(folders: Readonly<Record<Role, string | undefined>>): folders is Readonly<Record<Role, string>> {
  return folders.teacher !== undefined && folders.student !== undefined;
}
