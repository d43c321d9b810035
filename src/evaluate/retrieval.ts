/** @file Ranks each text's translation among all `N` candidates, without ever holding `N × N` similarities. */
import tf from '../base/tfjs.cjs';
import type { Language, Retrieval } from './evaluation.js';
import { readAndDispose } from '../engine/params.js';
import { meanOf } from './mean.js';
import { COSINE_TIE, rowProducts } from './vectors.js';

/** The rank of each text's own translation among the `N` candidates. */
export interface TranslationRanks {
  /** How many candidates are more similar than the translation. `[N]` */
  readonly above: Uint32Array;
  /** How many other candidates are equally similar. `[N]` */
  readonly ties: Uint32Array;
}

/** The side of the square block of similarities in memory at once: 16 MB. */
const BLOCK = 2048;

/**
 * Ranks the translations in both directions in one pass over the similarities, in square blocks.
 *
 * @param en `[N, D]`, unit rows; row `i` of `ko` is its translation
 * @param onRows called after each stripe with the number of rows done
 */
export async function translationRanks(
  en: Float32Array,
  ko: Float32Array,
  width: number,
  onRows?: (rows: number) => void | Promise<void>,
): Promise<Record<Language, TranslationRanks>> {
  const count = en.length / width;
  const own = Float32Array.from(rowProducts(en, ko, width)); // [N]
  const ranks = { en: noRanks(count), ko: noRanks(count) };
  for (let row = 0; row < count; row += BLOCK) {
    for (let column = 0; column < count; column += BLOCK) {
      const similarities = await similarityBlock(rowsFrom(en, row, width), rowsFrom(ko, column, width), width);
      countBlock(similarities, own, row, column, ranks);
    }
    await onRows?.(Math.min(row + BLOCK, count));
  }
  return ranks;
}

/**
 * Accuracy, P@10 and mean reciprocal rank over all texts, or over the given ones. With ties, the scores are means over
 * all orders of the tied candidates. So a model that maps all texts to the same vector scores like guessing, `1 / N`.
 */
export function retrievalScores({ above, ties }: TranslationRanks, texts?: Uint32Array): Retrieval {
  const among = (best: number): Float64Array =>
    Float64Array.from(above, (count, i) => Math.min(Math.max(best - count, 0), ties[i]! + 1) / (ties[i]! + 1));
  const harmonic = harmonicNumbers(above.length);
  const reciprocal = Float64Array.from(
    above,
    (count, i) => (harmonic[count + ties[i]! + 1]! - harmonic[count]!) / (ties[i]! + 1),
  );
  return { accuracy: meanOf(among(1), texts), p10: meanOf(among(10), texts), mrr: meanOf(reciprocal, texts) };
}

/** `1 + 1/2 + … + 1/n` for `n` from 0 to `most`. */
function harmonicNumbers(most: number): Float64Array {
  const sums = new Float64Array(most + 1);
  for (let n = 1; n <= most; n++) sums[n] = sums[n - 1]! + 1 / n;
  return sums;
}

function noRanks(count: number): TranslationRanks {
  return { above: new Uint32Array(count), ties: new Uint32Array(count) };
}

/** Up to `BLOCK` rows, beginning with `start`. */
function rowsFrom(rows: Float32Array, start: number, width: number): Float32Array {
  return rows.subarray(start * width, (start + BLOCK) * width);
}

/** `[R, D], [C, D] → [R, C]` */
function similarityBlock(a: Float32Array, b: Float32Array, width: number): Promise<Float32Array> {
  const product = tf.tidy(() =>
    tf.matMul(tf.tensor2d(a, [a.length / width, width]), tf.tensor2d(b, [b.length / width, width]), false, true),
  );
  return readAndDispose(product);
}

/**
 * Counts a block's similarities in both directions. In plain JavaScript, since one pass is faster than the dozen that
 * tensor ops would need.
 *
 * @param own similarities of all texts with their translations, `[N]`
 * @param row index of the block's first English text; `column` that of its first Korean text
 */
function countBlock(
  similarities: Float32Array,
  own: Float32Array,
  row: number,
  column: number,
  { en, ko }: Record<Language, TranslationRanks>,
): void {
  const columns = Math.min(BLOCK, own.length - column);
  for (let at = 0, i = row; at < similarities.length; i++) {
    const ofRow = own[i]!;
    for (let j = column; j < column + columns; j++, at++) {
      if (i === j) continue; // a translation is not its own distractor
      const similarity = similarities[at]!;
      if (similarity > ofRow + COSINE_TIE) en.above[i]!++;
      else if (similarity >= ofRow - COSINE_TIE) en.ties[i]!++;
      if (similarity > own[j]! + COSINE_TIE) ko.above[j]!++;
      else if (similarity >= own[j]! - COSINE_TIE) ko.ties[j]!++;
    }
  }
}
