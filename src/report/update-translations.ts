/** @file Keeps a run's `translations.json` up to date. TensorFlow is loaded only if sentences must be encoded. */
import type { Reporter } from '../app/reporter.js';
import { usualCheckpointIfAny } from '../runs/find-run.js';
import { CheckpointRemovedError } from '../runs/removed-checkpoint.js';
import type { EncodeOptions } from './encode-translations.js';
import { readTranslations } from './translations-file.js';

export type { EncodeOptions } from './encode-translations.js';

/**
 * Updates the run's `translations.json` to its best checkpoint. Does nothing if it is up to date, if the run has no
 * checkpoint or held-out pairs yet, or if its data is gone.
 */
export async function updateTranslations(run: string, options: EncodeOptions, reporter: Reporter): Promise<void> {
  try {
    await update(run, options, reporter);
  } catch (error) {
    if (!(error instanceof CheckpointRemovedError)) throw error;
    await update(run, options, reporter); // the checkpoint was replaced by a better one: use that
  }
}

async function update(run: string, options: EncodeOptions, reporter: Reporter): Promise<void> {
  const usual = await usualCheckpointIfAny(run, 'report');
  if (usual?.warning !== undefined) reporter.warn(usual.warning);
  if (usual === undefined || (await readTranslations(run))?.checkpoint === usual.name) return;
  const { encodeTranslations } = await import('./encode-translations.js');
  await encodeTranslations(run, usual.name, options, reporter);
}
