/** @file Encodes a few held-out sentences by a run's best checkpoint, for its report. */
import { resolve } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { openStore } from '../data/store/token-store.js';
import type { DeviceChoice } from '../tensorflow/gpu-choice.js';
import type { BackendChoice } from '../tensorflow/backend.js';
import { compareTranslations, keepTranslations, readTranslations, samplePairs } from './translations.js';
import { usualCheckpointIfAny } from '../runs/find-run.js';
import { readRunConfig } from '../runs/run-config.js';
import { findStore } from '../runs/run-store.js';
import { CheckpointRemoved } from '../runs/removed-checkpoint.js';
import type { Reporter } from '../app/reporter.js';
import { openEncoder, startEncoder } from '../app/open-encoder.js';

/** Where sentences are encoded, and how long that may take. */
export interface EncodeOptions {
  readonly backend: BackendChoice;
  readonly device: DeviceChoice;
  /** Gives up where encoding would take longer, as far as its first batch tells. */
  readonly mostSeconds?: number | undefined;
}

/**
 * Brings the run's `translations.json` up to its best checkpoint. Does nothing where it is, where the run has no
 * checkpoint or held-out pairs yet, or where its data is gone.
 */
export async function updateTranslations(run: string, options: EncodeOptions, output: Reporter): Promise<void> {
  try {
    await update(run, options, output);
  } catch (error) {
    if (!(error instanceof CheckpointRemoved)) throw error;
    await update(run, options, output); // by a better one, which has its place
  }
}

async function update(
  run: string,
  { mostSeconds = Infinity, ...where }: EncodeOptions,
  output: Reporter,
): Promise<void> {
  const usual = await usualCheckpointIfAny(run, 'report');
  const checkpoint = usual?.name;
  if (usual?.warning !== undefined) output.warn(usual.warning);
  if (checkpoint === undefined || (await readTranslations(run))?.checkpoint === checkpoint) return;
  const pairs = await heldOutPairs(run);
  if (pairs.length === 0) return;
  const { settings } = await readRunConfig(run);
  const encoder = await openEncoder({ name: resolve(run, checkpoint), flag: 'report' }, output);
  const engine = await startEncoder(encoder, { backend: where.backend, device: where.device }, output); // float32
  const progress = output.progress('encoding', 2 * pairs.length, 'texts');
  const started = performance.now();
  try {
    const pooling = settings.loss === 'pooler' ? 'pooled' : 'mean';
    const translations = await compareTranslations(
      engine,
      encoder.tokenizer,
      { pairs, checkpoint, pooling },
      async (done, total) => {
        progress.update(done);
        await setImmediate(); // a chance for signals and for requests
        return ((performance.now() - started) / 1000) * (total / done) <= mostSeconds;
      },
    );
    if (translations !== undefined) await keepTranslations(run, translations);
  } finally {
    progress.stop();
    engine.dispose();
  }
}

/** Validation pairs of a run's data: none where its store is gone, or named from a folder that is unknown. */
async function heldOutPairs(run: string): Promise<{ ko: string; en: string }[]> {
  const { data } = await readRunConfig(run);
  const folder = await findStore(run, data.store);
  if (folder === undefined) return [];
  const store = await openStore(folder);
  try {
    return await samplePairs(store.validation);
  } finally {
    await store.close();
  }
}
