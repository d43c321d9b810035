/** @file The token store of a run whose data are raw: kept under `checkpoints/.prepared/` for the next run. */
import { rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Reporter } from '../app/reporter.js';
import { makeStore } from '../app/make-store.js';
import { reportPreparation } from '../app/preparation-text.js';
import type { TokenizerFolders } from '../app/row-tokenizers.js';
import { legacyStoreKeys, storeKey } from '../app/store-key.js';
import { InputError } from '../base/errors.js';
import { folderUntilExit } from '../base/temporary-folder.js';
import { readReport } from '../data/prepare/report.js';
import type { RowTokenizers } from '../data/prepare/row-encoder.js';
import { PREPARE_DEFAULTS, type PrepareSettings } from '../data/prepare/settings.js';
import type { Sources } from '../data/sources.js';
import { isStore, MANIFEST } from '../data/store/manifest.js';
import { markInUse } from '../data/store/store-use.js';
import { openStore, type TokenStore } from '../data/store/token-store.js';
import { STORES_FOLDER, unusedStores, unusedText } from '../runs/prepared-stores.js';
import type { TrainContext } from './context.js';
import type { RunModels } from './models.js';
import type { TrainSettings } from './settings.js';

/**
 * The token store of a run's data, prepared if it is missing or damaged.
 *
 * @param isDryRun keeps nothing that is prepared
 */
export async function reuseOrPrepareStore(
  sources: Sources,
  settings: TrainSettings,
  models: RunModels,
  { reporter, stop, ranks }: TrainContext,
  isDryRun: boolean,
): Promise<TokenStore> {
  const { data: paths } = settings;
  const prepareSettings = prepareSettingsOf(settings);
  const tokenizers = { teacher: models.teacher.tokenizer, student: models.student.tokenizer };
  const kept = join(STORES_FOLDER, await storeKey(paths, keyOptions(settings), tokenizers));
  const store = await openExisting(kept, isDryRun ? openStore : openUsed, reporter);
  if (store !== undefined) return store;
  if (!isDryRun) await rm(join(kept, MANIFEST), { force: true }); // a damaged store would otherwise count as prepared
  const out = isDryRun ? folderUntilExit() : kept;
  const tokenizerFolders = tokenizerFoldersOf(models);
  const request = { paths, sources, out, settings: prepareSettings, tokenizers, tokenizerFolders };
  const unlessLost = (signal: AbortSignal): AbortSignal =>
    ranks === undefined ? signal : AbortSignal.any([signal, ranks.lost]);
  reportPreparation(
    await stop.abortable((signal) => makeStore({ ...request, signal: unlessLost(signal) }, reporter)),
    reporter,
  );
  if (isDryRun) return openStore(out);
  const opened = await openUsed(out);
  await tellUnused(reporter);
  return opened;
}

/** Opens a store, and marks it as in use until it is closed. */
async function openUsed(folder: string): Promise<TokenStore> {
  const unmark = markInUse(folder);
  try {
    const store = await openStore(folder);
    const close = async (): Promise<void> => {
      await store.close();
      unmark();
    };
    return { ...store, close };
  } catch (error) {
    unmark();
    throw error;
  }
}

/** Says how much space prepared data takes that no run uses: every change to the files of pairs adds some. */
async function tellUnused(reporter: Reporter): Promise<void> {
  const unused = await unusedStores().catch(() => []);
  if (unused.length > 0) reporter.message(unusedText(unused));
}

function prepareSettingsOf({ samples, validFraction, seed, shuffle }: TrainSettings): PrepareSettings {
  return { ...PREPARE_DEFAULTS, samples, validFraction, seed, shuffle };
}

function keyOptions(settings: TrainSettings): object {
  const { koColumn, enColumn } = settings;
  return { koColumn, enColumn, ...prepareSettingsOf(settings) };
}

/** Whether a store was made by the rules of an earlier version from exactly the files that a run's settings name. */
export async function isLegacyStore(
  store: string,
  settings: TrainSettings,
  tokenizers: RowTokenizers,
): Promise<boolean> {
  return (await legacyStoreKeys(settings.data, keyOptions(settings), tokenizers)).includes(basename(store));
}

/** Opens the existing store, if it is intact. */
async function openExisting(
  folder: string,
  open: (folder: string) => Promise<TokenStore>,
  reporter: Reporter,
): Promise<TokenStore | undefined> {
  if (!(await isStore(folder))) return undefined;
  let store: TokenStore | undefined;
  try {
    store = await open(folder);
    await store.check();
  } catch (error) {
    await store?.close();
    if (!(error instanceof InputError)) throw error;
    reporter.warn(`${error.message}: preparing it again`);
    return undefined;
  }
  await reportExisting(folder, reporter);
  return store;
}

/** Reports the findings of a store's preparation, if its report is readable: the store is usable without. */
async function reportExisting(store: string, reporter: Reporter): Promise<void> {
  try {
    const report = await readReport(store);
    if (report === undefined) reporter.warn(`${store}: no report of its preparation; dropped rows are not shown`);
    else reportPreparation(report, reporter);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    reporter.warn(`${error.message}; dropped rows are not shown`);
  }
}

/** The folders of both tokenizers; undefined in a dry run without a model, which has none. */
function tokenizerFoldersOf({ teacher, student }: RunModels): TokenizerFolders | undefined {
  if (teacher.tokenizerFolder === undefined || student.tokenizerFolder === undefined) return undefined;
  return { teacher: teacher.tokenizerFolder, student: student.tokenizerFolder };
}
