/** @file How close held-out sentences and their translations are in the student's embedding space. */
import { textsOf, type StoreRows } from '../data/store/token-store.js';
import type { EncoderEngine } from '../engine/encoder-engine.js';
import { meanPool, setUnitRows } from '../evaluate/vectors.js';
import { tokenBatch } from '../text/token-batch.js';
import type { TextTokenizer } from '../text/tokenizer.js';
import type { Translations } from './report-data.js';

/** `N`: enough that finding the translation by chance is rare (2%), and few enough to encode in seconds. */
const PAIRS = 48;

/** Texts per batch. */
const BATCH = 8;

/** The longest sentence that can serve as a label, in characters. */
const LONGEST = 60;

/** A few evenly spread validation pairs without duplicate texts, preferring short ones if there are enough. */
export async function samplePairs(rows: StoreRows): Promise<{ ko: string; en: string }[]> {
  const stride = Math.max(1, Math.floor(rows.count / (3 * PAIRS)));
  const pairs: { ko: string; en: string }[] = [];
  const seen = new Set<string>();
  for (let row = 0; row < rows.count && pairs.length < 3 * PAIRS; row += stride) {
    const [located] = await rows.read(row, 1);
    const { ko, en } = textsOf(located!);
    if (seen.has(ko) || seen.has(en)) continue;
    seen.add(ko).add(en);
    pairs.push({ ko, en });
  }
  const fitting = pairs.filter(({ ko, en }) => ko.length <= LONGEST && en.length <= LONGEST);
  return (fitting.length >= PAIRS ? fitting : pairs).slice(0, PAIRS);
}

/**
 * Encodes pairs with a student and compares them.
 *
 * @param shouldContinue called between batches with the number of texts done; false cancels
 * @returns undefined if cancelled
 */
export async function compareTranslations(
  engine: Pick<EncoderEngine, 'encode'>,
  tokenizer: TextTokenizer,
  { pairs, checkpoint, pooling }: Pick<Translations, 'pairs' | 'checkpoint' | 'pooling'>,
  shouldContinue: (done: number, total: number) => boolean | Promise<boolean> = () => true,
): Promise<Translations | undefined> {
  const texts = [...pairs.map(({ ko }) => ko), ...pairs.map(({ en }) => en)];
  let [vectors, width] = [new Float32Array(), 0]; // [2N, D]
  for (let start = 0; start < texts.length; start += BATCH) {
    const { ids, size } = tokenBatch(texts.slice(start, start + BATCH), tokenizer);
    const { lastHiddenState, poolerOutput } = await engine.encode(ids, size);
    if (start === 0) {
      width = poolerOutput.length / size;
      vectors = new Float32Array(texts.length * width);
    }
    const rows = pooling === 'pooled' ? poolerOutput : meanPool(lastHiddenState, size, width);
    setUnitRows(
      vectors,
      new Uint32Array(size).map((_, row) => start + row),
      rows,
      width,
    );
    if (!(await shouldContinue(start + size, texts.length))) return undefined;
  }
  const vector = (text: number): Float32Array => vectors.subarray(text * width, (text + 1) * width);
  const similarity = pairs.map((_, ko) => pairs.map((_, en) => rounded(dot(vector(ko), vector(pairs.length + en)))));
  return { checkpoint, pooling, pairs, similarity };
}

function dot(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, i) => sum + value * b[i]!, 0);
}

const rounded = (value: number): number | null => (Number.isFinite(value) ? Number(value.toFixed(4)) : null);
