/** @file Compares models on sentence pairs whose similarity people have judged (semantic textual similarity). */
import { pearson, spearman } from './correlation.js';
import { POOLINGS, type Correlation, type Pooling, type StsScores } from './evaluation.js';
import { readerOf, type ModelUnderTest } from './model.js';
import { COSINE_TIE, rowProducts, setUnitRows } from './vectors.js';

export interface StsPair {
  /** People's judgement; higher is more similar. */
  readonly score: number;
  readonly sentence1: string;
  readonly sentence2: string;
}

/**
 * Correlates each model's cosine similarities with people's scores.
 *
 * @param onEncoded told how many pairs, over all models, have been read
 */
export async function evaluateSts(
  models: readonly ModelUnderTest[],
  pairs: readonly StsPair[],
  batchSize: number,
  onEncoded?: (pairs: number) => void | Promise<void>,
): Promise<StsScores[]> {
  const scores: StsScores[] = [];
  for (const [index, model] of models.entries()) {
    const similarities = await similaritiesOf(model, pairs, batchSize, (done) =>
      onEncoded?.(index * pairs.length + done),
    );
    scores.push({
      ...model.facts,
      correlation: { pooled: correlate(similarities.pooled, pairs), mean: correlate(similarities.mean, pairs) },
    });
  }
  return scores;
}

/** Cosine similarities of all pairs, `[N]` each. */
async function similaritiesOf(
  model: ModelUnderTest,
  pairs: readonly StsPair[],
  batchSize: number,
  onEncoded: (pairs: number) => unknown,
): Promise<Record<Pooling, Float64Array>> {
  const { width } = model.facts;
  const reader = readerOf(model);
  const similarities = { pooled: new Float64Array(pairs.length), mean: new Float64Array(pairs.length) };
  for (let start = 0; start < pairs.length; start += batchSize) {
    const batch = pairs.slice(start, start + batchSize);
    const [first, second] = [
      await reader.encode(batch.map(({ sentence1 }) => sentence1)),
      await reader.encode(batch.map(({ sentence2 }) => sentence2)),
    ];
    for (const pooling of POOLINGS) {
      const [a, b] = [first, second].map((output) =>
        unitRows(pooling === 'pooled' ? output.poolerOutput : output.mean, width),
      );
      similarities[pooling].set(rowProducts(a!, b!, width), start);
    }
    await onEncoded(start + batch.length);
  }
  return similarities;
}

function unitRows(rows: Float32Array, width: number): Float32Array {
  const unit = new Float32Array(rows.length);
  setUnitRows(unit, 0, rows, width);
  return unit;
}

function correlate(similarities: Float64Array, pairs: readonly StsPair[]): Correlation {
  const scores = pairs.map(({ score }) => score);
  return {
    spearman: spearman(scores, similarities, COSINE_TIE) ?? null,
    pearson: pearson(scores, similarities, COSINE_TIE) ?? null,
  };
}
