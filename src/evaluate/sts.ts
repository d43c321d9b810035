/** @file Compares models on sentence pairs with human similarity judgements (semantic textual similarity). */
import { pearson, spearman } from './correlation.js';
import { POOLINGS, type Correlation, type Pooling, type StsScores } from './evaluation.js';
import { readerOf, type ModelUnderTest, type TextReader } from './model.js';
import { COSINE_TIE, rowProducts, setUnitRows } from './vectors.js';

/** The fewest pairs whose texts are sorted by length together. */
const WINDOW = 1024;

/** Two sentences and a human judgement of their similarity. */
export interface StsPair {
  /** The judgement; higher is more similar. */
  readonly score: number;
  readonly sentence1: string;
  readonly sentence2: string;
}

/**
 * Correlates each model's cosine similarities with the judgements.
 *
 * @param onEncoded called with the number of pairs done, over all models
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
  let encoded = 0;
  const window = batchSize * Math.ceil(WINDOW / batchSize);
  for (let start = 0; start < pairs.length; start += window) {
    const read = pairs.slice(start, start + window);
    const vectorsOf = (texts: readonly string[]): Promise<Record<Pooling, Float32Array>> =>
      unitVectors(reader, texts, { width, batchSize }, (size) => onEncoded(Math.floor((encoded += size) / 2)));
    const first = await vectorsOf(read.map(({ sentence1 }) => sentence1));
    const second = await vectorsOf(read.map(({ sentence2 }) => sentence2));
    for (const pooling of POOLINGS)
      similarities[pooling].set(rowProducts(first[pooling], second[pooling], width), start);
  }
  return similarities;
}

/** Unit vectors that represent texts, `[N, D]` each. */
async function unitVectors(
  reader: TextReader,
  texts: readonly string[],
  { width, batchSize }: { readonly width: number; readonly batchSize: number },
  onBatch: (texts: number) => unknown,
): Promise<Record<Pooling, Float32Array>> {
  const vectors = { pooled: new Float32Array(texts.length * width), mean: new Float32Array(texts.length * width) };
  for await (const { places, poolerOutput, mean } of reader.encode(texts, batchSize)) {
    setUnitRows(vectors.pooled, places, poolerOutput, width);
    setUnitRows(vectors.mean, places, mean, width);
    await onBatch(places.length);
  }
  return vectors;
}

function correlate(similarities: Float64Array, pairs: readonly StsPair[]): Correlation {
  const scores = pairs.map(({ score }) => score);
  return {
    spearman: spearman(scores, similarities, COSINE_TIE) ?? null,
    pearson: pearson(scores, similarities, COSINE_TIE) ?? null,
  };
}
