/** Pairs of the generated corpora, as training reads them: a token store with ids of realistic tokenizers. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { openStore } from '#dist/data/store/token-store.js';
import { datasetOf } from '#dist/training/dataset.js';
import { flagsOf, inProject, KD } from '../kd.mjs';
import { run } from './measure.mjs';

/** @import { BatchSettings, Dataset } from '#dist/training/dataset.js' */

/** Generated rows; the pairs are a uniform sample of them, and tokenizers are trained on all. */
const ROWS = 40_000;
/** The share of a store's pairs that is for validation. */
const VALIDATION = 0.2;

/**
 * Makes a token store with pairs of the generated corpora, 15 to 60 Korean characters each. The tiny models use their
 * own tokenizers; otherwise Python trains stand-ins for the real ones.
 *
 * @param {string} folder where it may write
 * @param {string} models `full` or `tiny`
 * @param {number} pairs for training
 * @param {string} python with `tokenizers`
 * @returns {string} the store
 */
export function makeRealStore(folder, models, pairs, python) {
  mkdirSync(folder, { recursive: true });
  const [csv, store] = [join(folder, 'csv'), join(folder, 'store')];
  run(process.execPath, [inProject('scripts/bench/pairs-csv.mjs'), String(ROWS), csv]);
  const tokenizers = models === 'tiny' ? inProject('data/tiny') : join(folder, 'tokenizers');
  if (models !== 'tiny')
    run(python, [inProject('scripts/bench/stand_in_tokenizers.py'), tokenizers, join(csv, 'pairs-0.csv')]);
  const settings = {
    data: csv,
    out: store,
    samples: Math.ceil(pairs / (1 - VALIDATION)),
    'valid-fraction': VALIDATION,
    'teacher-tokenizer': join(tokenizers, 'teacher'),
    'student-tokenizer': join(tokenizers, 'student'),
  };
  run(process.execPath, [KD, 'prepare', ...flagsOf(settings), '--quiet']);
  return store;
}

/**
 * Opens a store's training pairs in the batches of `kd train`.
 *
 * @param {string} store
 * @param {number} batchSize
 * @param {boolean} groupByLength
 * @returns {Promise<Dataset>}
 */
export async function openRealBatches(store, batchSize, groupByLength) {
  /** @type {BatchSettings} */
  const settings = { batchSize, accumulate: 1, groupByLength, seed: 42, validPairs: 'all', baselinePairs: 'all' };
  return datasetOf(await openStore(store), settings);
}
