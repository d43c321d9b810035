/** @file How close held-out sentences and their translations are in the student's embedding space. */
import { textsOf, type StoreRows } from '../data/store/token-store.js';
import type { EncoderEngine } from '../engine/encoder-engine.js';
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
  const vectors: Float32Array[] = [];
  for (let start = 0; start < texts.length; start += BATCH) {
    const batch = texts.slice(start, start + BATCH);
    const ids = new Int32Array(batch.length * tokenizer.maxLength); // [B, L]
    batch.forEach((text, row) => tokenizer.encodeInto(text, ids, row * tokenizer.maxLength));
    const { lastHiddenState, poolerOutput } = await engine.encode(ids, batch.length);
    const width = poolerOutput.length / batch.length;
    for (let row = 0; row < batch.length; row++) {
      vectors.push(
        unit(
          pooling === 'pooled'
            ? poolerOutput.slice(row * width, (row + 1) * width)
            : meanOf(lastHiddenState, row * tokenizer.maxLength, tokenizer.maxLength, width),
        ),
      );
    }
    if (!(await shouldContinue(vectors.length, texts.length))) return undefined;
  }
  const [ko, en] = [vectors.slice(0, pairs.length), vectors.slice(pairs.length)];
  return { checkpoint, pooling, pairs, similarity: ko.map((a) => en.map((b) => rounded(dot(a, b)))) };
}

/** The mean of `count` vectors, starting at vector `first`. `[L, D]` → `[D]` */
function meanOf(values: Float32Array, first: number, count: number, width: number): Float32Array {
  const mean = new Float32Array(width);
  for (let position = first; position < first + count; position++) {
    for (let i = 0; i < width; i++) mean[i]! += values[position * width + i]! / count;
  }
  return mean;
}

function unit(vector: Float32Array): Float32Array {
  const length = Math.sqrt(dot(vector, vector));
  return vector.map((value) => value / Math.max(length, 1e-12));
}

function dot(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, i) => sum + value * b[i]!, 0);
}

const rounded = (value: number): number | null => (Number.isFinite(value) ? Number(value.toFixed(4)) : null);
