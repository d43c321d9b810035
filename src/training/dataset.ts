/** @file The pairs of a run, from a token store, as batches. */
import { batchesOf, type Batches } from '../data/batches.js';
import { groupedByLength, inStoreOrder, uniformSample } from '../data/row-order.js';
import { findSources, type Sources } from '../data/sources.js';
import { contentFingerprint, isStore } from '../data/store/manifest.js';
import { openStore, type TokenStore } from '../data/store/token-store.js';
import { warnOfIdleFlags } from '../app/idle-flags.js';
import type { Reporter } from '../app/reporter.js';
import { formatCount, formatCounted } from '../base/format.js';
import { warnOfFewer } from '../app/preparation-text.js';
import type { TrainContext } from './context.js';
import { reuseOrPrepareStore } from './kept-store.js';
import type { RunModels } from './models.js';
import type { TrainSettings } from './settings.js';
import { checkTokenizers } from './store-tokenizers.js';

/** A run's data, located but not yet read. */
export type FoundData = { readonly store: TokenStore } | { readonly sources: Sources };

/** The pairs of a run as batches. */
export interface Dataset {
  /** In the run's order. */
  readonly training: Batches;
  /** All validation pairs, or a sample of them. */
  readonly validation: Batches;
  /** The validation pairs on which the untrained student is measured. */
  readonly baseline: Batches;
  /** All pairs of each split, in the order of the store. */
  readonly inStoreOrder: { readonly training: Batches; readonly validation: Batches };
  /** The folder of the token store. */
  readonly store: string;
  /** SHA-256 of the store's contents, in store order. */
  readonly fingerprint: string;
  readonly close: () => Promise<void>;
}

/** Finds the data of a run: a token store, or files of pairs. Throws an `InputError` if there is none. */
export async function findData(
  { data, koColumn, enColumn, samples }: TrainSettings,
  reporter: Reporter,
): Promise<FoundData> {
  if (!(data.length === 1 && (await isStore(data[0]!))))
    return { sources: await findSources(data, { ko: koColumn, en: enColumn }) };
  const store = await openStore(data[0]!);
  const count = store.training.count + store.validation.count;
  if (samples !== undefined && samples !== count) {
    const why = `because ${data[0]} is prepared and used as it is (${formatCounted(count, 'pair')})`;
    warnOfIdleFlags([`--samples ${formatCount(samples)}`], why, reporter);
  }
  return { store };
}

/**
 * Opens the pairs of a run, preparing its data if that has not been done before.
 *
 * @param isDryRun keeps nothing that is prepared
 */
export async function openPairs(
  found: FoundData,
  settings: TrainSettings,
  models: RunModels,
  context: TrainContext,
  isDryRun: boolean,
): Promise<TokenStore> {
  const { reporter } = context;
  const tokenizers = { teacher: models.teacher.tokenizer, student: models.student.tokenizer };
  const store =
    'store' in found ? found.store : await reuseOrPrepareStore(found.sources, settings, models, context, isDryRun);
  try {
    await checkTokenizers(store, tokenizers);
    await store.check(); // before any file of the run is touched
  } catch (error) {
    await store.close();
    throw error;
  }
  if ('sources' in found) warnOfFewer(settings.samples, store.training.count + store.validation.count, reporter);
  const { training, validation, folder } = store;
  reporter.message(
    `data: ${formatCounted(training.count, 'pair')} for training, ${formatCount(validation.count)} for ` +
      `validation (${folder})`,
  );
  reporter.event({ event: 'data', store: folder, training_pairs: training.count, validation_pairs: validation.count });
  return store;
}

/** The settings that determine a run's batches. */
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
