/** @file Encodes a few held-out sentences with a run's checkpoint, for its report. Loads TensorFlow. */
import { resolve } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { openStore } from '../data/store/token-store.js';
import type { DeviceChoice } from '../tensorflow/device-choice.js';
import type { BackendChoice } from '../tensorflow/backend-choice.js';
import { compareTranslations, samplePairs } from './translations.js';
import { keepTranslations } from './translations-file.js';
import { readRunConfig } from '../runs/run-config.js';
import { findStore } from '../runs/run-store.js';
import type { Reporter } from '../app/reporter.js';
import { openEncoder, startEncoder } from '../app/open-encoder.js';

/** What to encode sentences with, and how long it may take. */
export interface EncodeOptions {
  readonly backend: BackendChoice;
  readonly device: DeviceChoice;
  /** Gives up if encoding would take longer, estimated from its first batch. */
  readonly maxSeconds?: number | undefined;
}

/**
 * Encodes held-out sentences with a checkpoint and writes `translations.json`. Does nothing if there are no held-out
 * pairs, or if the run's data is gone.
 */
export async function encodeTranslations(
  run: string,
  checkpoint: string,
  { maxSeconds = Infinity, ...where }: EncodeOptions,
  reporter: Reporter,
): Promise<void> {
  const pairs = await heldOutPairs(run);
  if (pairs.length === 0) return;
  const { settings } = await readRunConfig(run);
  const encoder = await openEncoder({ name: resolve(run, checkpoint), flag: 'report' }, reporter);
  const engine = await startEncoder(encoder, { backend: where.backend, device: where.device }, reporter); // float32
  const progress = reporter.progress('encoding', 2 * pairs.length, 'texts');
  const started = performance.now();
  try {
    const pooling = settings.loss === 'pooler' ? 'pooled' : 'mean';
    const translations = await compareTranslations(
      engine,
      encoder.tokenizer,
      { pairs, checkpoint, pooling },
      async (done, total) => {
        progress.update(done);
        await setImmediate(); // lets signals and requests through
        return ((performance.now() - started) / 1000) * (total / done) <= maxSeconds;
      },
    );
    if (translations !== undefined) await keepTranslations(run, translations);
  } finally {
    progress.stop();
    engine.dispose();
  }
}

/** Validation pairs of a run's data; none if its store is gone or cannot be located. */
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
