/** @file The pairs to evaluate on: held out by the run, or given. */
import { KD } from '../../base/own-command.js';
import { relative, resolve } from 'node:path';
import { PREPARE_DEFAULTS } from '../../data/prepare/settings.js';
import { uniformSample } from '../../data/row-order.js';
import { findSources } from '../../data/sources.js';
import { contentFingerprint, isStore } from '../../data/store/manifest.js';
import { openStore, textsOf, type StoreRows, type TokenStore } from '../../data/store/token-store.js';
import { InputError } from '../../base/errors.js';
import { folderUntilExit, removeFolder } from '../../base/temporary-folder.js';
import type { PairsEvaluation } from '../../evaluate/evaluation.js';
import type { PairsToRead } from '../../evaluate/pairs.js';
import { readRunConfig } from '../../runs/run-config.js';
import { RUNS_FOLDER } from '../../runs/run-folder.js';
import { findStore, storePlaces } from '../../runs/run-store.js';
import type { Reporter } from '../reporter.js';
import { formatCount, formatCounted, formatHash } from '../../base/format.js';
import { makeStore } from '../make-store.js';
import { DEFAULT_SAMPLES } from './defaults.js';
import { reportPreparation, warnOfFewer } from '../preparation-text.js';
import type { Comparison } from './comparison.js';

/** Which pairs to evaluate on. */
export interface PairsRequest {
  /** Files of pairs, folders, or a token store. Default: the run's own pairs. */
  readonly data?: readonly string[] | undefined;
  readonly koColumn?: string | undefined;
  readonly enColumn?: string | undefined;
  readonly samples?: number | undefined;
  readonly seed: number;
}

/** Pairs that are open for reading. */
export interface OpenPairs {
  readonly pairs: PairsToRead;
  readonly description: PairsEvaluation['data'];
  readonly close: () => Promise<void>;
}

/**
 * Opens the pairs to evaluate on, or a sample of them if there are more than requested.
 *
 * @throws InputError if there are none
 */
export async function openPairs(request: PairsRequest, comparison: Comparison, reporter: Reporter): Promise<OpenPairs> {
  const store =
    request.data === undefined
      ? await storeOfRun(comparison.run)
      : await storeOfData(request.data, request, comparison, reporter);
  const split = store.validation.count > 0 ? 'validation' : 'all';
  if (request.data === undefined && split === 'all') {
    await store.close();
    throw new InputError(
      `${store.folder}: expected validation pairs, got a run without any (--valid-fraction 0); give held-out ` +
        'pairs with --data',
    );
  }
  const rows = split === 'validation' ? store.validation : store.training;
  const count = Math.min(request.samples ?? DEFAULT_SAMPLES, rows.count);
  reportSample(count, rows.count, request, reporter);
  return {
    pairs: { count, read: readerOf(rows, count, request.seed) },
    description: {
      source: request.data?.join(', ') ?? store.folder,
      fingerprint: contentFingerprint(store.manifest),
      split,
      pairs: count,
      available: rows.count,
      seed: request.seed,
    },
    close: store.close,
  };
}

function reportSample(count: number, available: number, { samples }: PairsRequest, reporter: Reporter): void {
  const all = formatCounted(available, 'pair');
  if (count === available) reporter.message(`data: ${all}`);
  else
    reporter.message(
      `data: ${formatCount(count)} of ${all}${samples === undefined ? `; --samples ${available} for all` : ''}`,
    );
  warnOfFewer(samples, available, reporter);
}

/** Reads pairs of a uniform sample, in the order of the store. */
function readerOf(rows: StoreRows, count: number, seed: number): PairsToRead['read'] {
  const sample = uniformSample(rows, count, seed);
  return async (start, size) => (await sample.read(start, size, 0)).map(textsOf);
}

/** The pairs that a run was trained with. */
async function storeOfRun(run: string | undefined): Promise<TokenStore> {
  if (run === undefined) {
    throw new InputError(
      `kd eval: expected a run whose validation pairs can be used, found none under ${resolve(RUNS_FOLDER)}; ` +
        `train one with ${KD} train, or give pairs with --data`,
    );
  }
  const { data } = await readRunConfig(run);
  const place = await findStore(run, data.store);
  if (place === undefined) {
    const places = storePlaces(run, data.store).join(' or ');
    throw new InputError(
      `${run}: expected the pairs it was trained with in ${places}, found none there; give held-out pairs with --data`,
    );
  }
  const store = await openStore(relative('.', place) || '.');
  const found = contentFingerprint(store.manifest);
  if (found === data.fingerprint) return store;
  await store.close();
  throw new InputError(
    `${store.folder}: expected the pairs that ${run} was trained with (${formatHash(data.fingerprint)}), got ` +
      `others (${formatHash(found)}); give held-out pairs with --data`,
  );
}

/** Opens a token store; raw data is first prepared into a temporary one, which is removed when it is closed. */
async function storeOfData(
  paths: readonly string[],
  { koColumn, enColumn, samples = DEFAULT_SAMPLES, seed }: PairsRequest,
  comparison: Comparison,
  reporter: Reporter,
): Promise<TokenStore> {
  if (paths.length === 1 && (await isStore(paths[0]!))) return openStore(paths[0]!);
  await warnIfTrainedOn(paths, comparison.run, reporter);
  const sources = await findSources(paths, { ko: koColumn, en: enColumn });
  const teacher = comparison.teacher!; // pairs are measured against it
  const student = comparison.models.find((model) => model !== teacher) ?? teacher;
  const out = folderUntilExit();
  try {
    const report = await makeStore(
      {
        paths,
        sources,
        out,
        settings: { ...PREPARE_DEFAULTS, samples, seed, validFraction: 0 },
        tokenizers: { teacher: teacher.opened.tokenizer, student: student.opened.tokenizer },
        tokenizerFolders: undefined,
        signal: reporter.signal,
      },
      reporter,
    );
    reportPreparation(report, reporter);
    const store = await openStore(out);
    const close = async (): Promise<void> => {
      await store.close();
      removeFolder(out);
    };
    return { ...store, close };
  } catch (error) {
    removeFolder(out);
    throw error;
  }
}

async function warnIfTrainedOn(paths: readonly string[], run: string | undefined, reporter: Reporter): Promise<void> {
  const trained = run === undefined ? [] : [(await readRunConfig(run)).settings.data ?? []].flat();
  const shared = paths.find((path) => trained.some((other) => resolve(other) === resolve(path)));
  if (shared === undefined) return;
  reporter.warn(
    `${run} was trained on ${shared}, so the student has seen most of its pairs; leave --data out to use the ` +
      'pairs held out of training',
  );
}
