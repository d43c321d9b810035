/** @file What is kept of a model while it encodes pairs, and the scores that follow from it. */
import type { CorpusName } from '../data/corpus-name.js';
import { addDistances, emptyDistances, meanDistance, type PairDistances } from './distance.js';
import {
  LANGUAGES,
  POOLINGS,
  type Language,
  type ModelScores,
  type Pooling,
  type ScoresByLanguage,
} from './evaluation.js';
import type { PairGroup } from './groups.js';
import type { ModelUnderTest, PlacedTexts, TextReader } from './model.js';
import { retrievalScores, translationRanks, type TranslationRanks } from './retrieval.js';
import { setUnitRows } from './vectors.js';

/** The texts of a pair. */
export interface PairTexts extends Readonly<Record<Language, string>> {
  readonly corpus: CorpusName;
}

/** A model's intermediate results. */
export interface Tally {
  readonly model: ModelUnderTest;
  readonly reader: TextReader;
  readonly isTeacher: boolean;
  /** Undefined for a model whose width differs from the teacher's. */
  readonly distances: Readonly<Record<Language, PairDistances>> | undefined;
  /** Unit vectors of all texts, `[N, D]`. */
  readonly vectors: Readonly<Record<Pooling, Readonly<Record<Language, Float32Array>>>>;
}

/** The results of a model that has encoded no pairs yet. */
export function startTally(model: ModelUnderTest, reader: TextReader, teacher: ModelUnderTest, count: number): Tally {
  const { width } = model.facts;
  const vectors = (): Record<Language, Float32Array> => ({
    en: new Float32Array(count * width),
    ko: new Float32Array(count * width),
  });
  return {
    model,
    reader,
    isTeacher: model === teacher,
    distances: width === teacher.facts.width ? { en: emptyDistances(count), ko: emptyDistances(count) } : undefined,
    vectors: { pooled: vectors(), mean: vectors() },
  };
}

/** A window of pairs. */
export interface PairWindow {
  /** The number of its first pair. */
  readonly start: number;
  readonly pairs: readonly PairTexts[];
  /** The teacher's outputs for the English texts. */
  readonly target: PlacedTexts;
  readonly batchSize: number;
}

/** Has a model encode a window of pairs, and adds the results to its own. */
export async function addPairs(
  { model, reader, isTeacher, distances, vectors }: Tally,
  { start, pairs, target, batchSize }: PairWindow,
  onBatch: (texts: number) => unknown,
): Promise<void> {
  const add = (language: Language, output: PlacedTexts): void => {
    if (distances !== undefined) addDistances(distances[language], start, output, target);
    const places = output.places.map((place) => start + place);
    setUnitRows(vectors.pooled[language], places, output.poolerOutput, model.facts.width);
    setUnitRows(vectors.mean[language], places, output.mean, model.facts.width);
  };
  for (const language of LANGUAGES) {
    if (isTeacher && language === 'en') {
      add(language, target);
      continue;
    }
    const texts = pairs.map((pair) => pair[language]);
    for await (const output of reader.encode(texts, batchSize)) {
      add(language, output);
      await onBatch(output.places.length);
    }
  }
}

/**
 * A model's scores, over all pairs and over those of each group.
 *
 * @param onRows called with the pooling, by its place in `POOLINGS`, and the texts compared with all candidates
 */
export async function scoresOf(
  { model: { facts }, reader, distances, vectors }: Tally,
  groups: readonly PairGroup[],
  onRows: (pooling: number, rows: number) => unknown,
): Promise<ModelScores> {
  const rank = (pooling: Pooling): Promise<Record<Language, TranslationRanks>> =>
    translationRanks(vectors[pooling].en, vectors[pooling].ko, facts.width, async (rows) => {
      await onRows(POOLINGS.indexOf(pooling), rows);
    });
  const ranks = { pooled: await rank('pooled'), mean: await rank('mean') };
  const scoresOn = (pairs?: Uint32Array): ScoresByLanguage => {
    const of = (language: Language): ScoresByLanguage[Language] => ({
      distance: distances === undefined ? null : meanDistance(distances[language], pairs),
      translation: {
        pooled: retrievalScores(ranks.pooled[language], pairs),
        mean: retrievalScores(ranks.mean[language], pairs),
      },
    });
    return { en: of('en'), ko: of('ko') };
  };
  return {
    ...facts,
    ms_per_text: reader.msPerText(),
    cut: reader.cut(),
    no_distance: distances === undefined ? `width ${facts.width} is not the teacher's` : null,
    scores: scoresOn(),
    groups: groups.map(({ by, group, pairs }) => ({ by, group, pairs: pairs.length, scores: scoresOn(pairs) })),
  };
}
