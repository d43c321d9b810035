/**
 * How much of a student's positions is computed in training on the generated corpora: with texts cut to the longest of
 * their batch, and with texts that share rows. Only counts positions, without training.
 *
 *   node scripts/bench/text-lengths.mjs [--python python3] [--batch 32,256] [--scale 0.6]
 *
 * Python needs `tokenizers`. `--scale` multiplies the tokens per text, as larger vocabularies need fewer. Prints a
 * Markdown table.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { COUNT, POSITIVE, severalOf, TEXT } from '#dist/base/kinds.js';
import { layoutFor } from '#dist/engine/step-layout.js';
import { arrangeTexts, textLayouts } from '#dist/engine/text-layouts.js';
import { randomModel } from '#dist/models/pretrained.js';
import { readArguments } from '../arguments.mjs';
import { LENGTH } from './batch.mjs';
import { markdownTable } from './measure.mjs';
import { modelConfigs } from './models.mjs';
import { makeRealStore, openRealBatches } from './real-pairs.mjs';

/** @import { Batch } from '#dist/data/batches.js' */
/** @import { TextLayouts } from '#dist/engine/text-layouts.js' */

const { flags } = readArguments(import.meta.filename, {
  python: { kind: TEXT, default: 'python3' },
  batch: { kind: severalOf(COUNT), default: [32, 256] },
  scale: { kind: POSITIVE, default: 1 },
});
const PAIRS = 25_600;
const { encoder } = randomModel((await modelConfigs('full')).student, 1);
const padding = encoder.sharedPadding({ rate: 0 }) ?? 0;

/** The layouts that are compared, for batches of one size. */
const WAYS = /** @type {Readonly<Record<string, (batchSize: number) => TextLayouts>>} */ ({
  'cut, on a CPU': (size) => textLayouts(encoder, LENGTH, size, { rate: 0 }, cut('cpu')),
  'cut, on a GPU': (size) => textLayouts(encoder, LENGTH, size, { rate: 0 }, cut('gpu')),
  'in shared rows, on a CPU': (size) => textLayouts(encoder, LENGTH, size, { rate: 0 }, packed('cpu')),
  'in shared rows, on a GPU': (size) => textLayouts(encoder, LENGTH, size, { rate: 0 }, packed('gpu')),
  'in as few rows as possible': (size) => ({
    layouts: Array.from({ length: 2 * size }, (_, i) => ({ rows: i + 1, length: LENGTH })),
    padding,
    isPacked: true,
  }),
});

const folder = mkdtempSync(join(tmpdir(), 'kd-bench-lengths-'));
try {
  const store = makeRealStore(folder, 'full', PAIRS, flags.python);
  /** @type {(string | number)[][]} */
  const rows = [];
  for (const size of flags.batch)
    for (const isGrouped of [false, true]) {
      const { training: batches, close } = await openRealBatches(store, size, isGrouped);
      const computed = Object.values(WAYS).map((layoutsFor) => ({ layouts: layoutsFor(size), positions: 0 }));
      for (let index = 0; index < batches.count; index++) {
        const batch = scaled(await batches.at(index));
        for (const way of computed) {
          const { layout } = arrangeTexts(batch, way.layouts);
          way.positions += layout.rows * layout.length;
        }
      }
      await close();
      const all = 2 * size * LENGTH * batches.count;
      rows.push([
        ...[size, isGrouped ? 'by length' : 'as they come'],
        ...computed.map(({ positions }) => `${((100 * positions) / all).toFixed(0)}%`),
      ]);
    }
  console.log(markdownTable(['batch', 'pairs', ...Object.keys(WAYS)], rows));
} finally {
  rmSync(folder, { recursive: true });
}

/** @param {'cpu' | 'gpu'} device */
function packed(device) {
  return layoutFor(true, 'compiled', device);
}

/** @param {'cpu' | 'gpu'} device */
function cut(device) {
  return { textLengths: packed(device).textLengths };
}

/**
 * A batch whose texts keep only a share of their tokens, as `--scale` says.
 *
 * @param {Batch} batch
 * @returns {Batch}
 */
function scaled(batch) {
  const share = flags.scale;
  /** @param {Int32Array} ids */
  const shorter = (ids) => {
    const kept = new Int32Array(ids.length).fill(padding);
    for (let start = 0; start < ids.length; start += LENGTH) {
      const tokens = ids.subarray(start, start + LENGTH).filter((id) => id !== padding);
      kept.set(tokens.subarray(0, Math.ceil(share * tokens.length)), start);
    }
    return kept;
  };
  return {
    ...batch,
    studentIdsEn: shorter(batch.studentIdsEn),
    studentIdsKo: shorter(batch.studentIdsKo),
    studentTokens: Math.ceil(share * batch.studentTokens),
  };
}
