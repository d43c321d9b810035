/**
 * @file Compares models on pairs of sentences: how near they come to the teacher, and whether translations find each
 *   other.
 */
import type { CorpusName } from '../data/corpus-name.js';
import { addDistances, emptyDistances, meanDistance, type PairDistances } from './distance.js';
import {
  LANGUAGES,
  POOLINGS,
  type Grouping,
  type Language,
  type ModelScores,
  type Pooling,
  type ScoresByLanguage,
} from './evaluation.js';
import { groupPairs, type GroupKeys, type PairGroup } from './groups.js';
import { readerOf, type EncodedTexts, type ModelUnderTest, type TextReader } from './model.js';
import { retrievalScores, translationRanks, type Ranks } from './retrieval.js';
import { setUnitRows } from './vectors.js';

export interface PairTexts extends Readonly<Record<Language, string>> {
  readonly corpus: CorpusName;
}

/** The `N` pairs to evaluate on. */
export interface PairsToRead {
  readonly count: number;
  /** Pairs that follow each other, from number `start` on. */
  readonly read: (start: number, count: number) => Promise<readonly PairTexts[]>;
}

export interface PairsOptions {
  /** Pairs encoded at once. */
  readonly batchSize: number;
  readonly groupings: readonly Grouping[];
}

/** Called during the evaluation; a returned promise is awaited. */
export interface PairsCallbacks {
  /** Pairs that all models have read. */
  onEncoded?(pairs: number): void | Promise<void>;
  /** Comparisons of a model's texts with all candidates, of how many in all. */
  onRanked?(texts: number, total: number): void | Promise<void>;
}

/**
 * Lets every model read every pair, a batch after the other through all models, and scores them. Hidden states live as
 * long as their batch; of every text two vectors of `D` values stay, and of every pair a few numbers.
 *
 * @param teacher whose embeddings of the English texts are the measure; it may be one of `models`
 */
export async function evaluatePairs(
  teacher: ModelUnderTest,
  models: readonly ModelUnderTest[],
  pairs: PairsToRead,
  { batchSize, groupings }: PairsOptions,
  callbacks: PairsCallbacks = {},
): Promise<ModelScores[]> {
  const teacherReader = readerOf(teacher);
  const tallies = models.map((model) =>
    startTally(model, model === teacher ? teacherReader : readerOf(model), teacher, pairs.count),
  );
  const keys: GroupKeys[] = [];
  for (let start = 0; start < pairs.count; start += batchSize) {
    const batch = await pairs.read(start, Math.min(batchSize, pairs.count - start));
    const target = await teacherReader.encode(batch.map(({ en }) => en));
    for (const tally of tallies) await addBatch(tally, start, batch, target);
    keys.push(...batch.map(({ corpus }, i) => ({ corpus, length: target.lengths[i]! })));
    await callbacks.onEncoded?.(start + batch.length);
  }
  const groups = groupPairs(keys, groupings);
  const scores: ModelScores[] = [];
  for (const [done, tally] of tallies.entries()) {
    const onRows = (pooling: number, rows: number): unknown =>
      callbacks.onRanked?.(
        pairs.count * (done * POOLINGS.length + pooling) + rows,
        pairs.count * tallies.length * POOLINGS.length,
      );
    scores.push(await score(tally, groups, onRows));
  }
  return scores;
}

/** The intermediate results of a model. */
interface Tally {
  readonly model: ModelUnderTest;
  readonly reader: TextReader;
  readonly isTeacher: boolean;
  /** Undefined for a model of another width than the teacher's. */
  readonly distances: Readonly<Record<Language, PairDistances>> | undefined;
  /** Unit vectors of all texts, `[N, D]`. */
  readonly vectors: Readonly<Record<Pooling, Readonly<Record<Language, Float32Array>>>>;
}

function startTally(model: ModelUnderTest, reader: TextReader, teacher: ModelUnderTest, count: number): Tally {
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

/** @param target the teacher's outputs for the English texts of the batch */
async function addBatch(
  { model, reader, isTeacher, distances, vectors }: Tally,
  start: number,
  batch: readonly PairTexts[],
  target: EncodedTexts,
): Promise<void> {
  for (const language of LANGUAGES) {
    const isTarget = isTeacher && language === 'en';
    const output = isTarget ? target : await reader.encode(batch.map((pair) => pair[language]));
    if (distances !== undefined) addDistances(distances[language], start, batch.length, output, target);
    setUnitRows(vectors.pooled[language], start, output.poolerOutput, model.facts.width);
    setUnitRows(vectors.mean[language], start, output.mean, model.facts.width);
  }
}

async function score(
  { model: { facts }, reader, distances, vectors }: Tally,
  groups: readonly PairGroup[],
  onRows: (pooling: number, rows: number) => unknown,
): Promise<ModelScores> {
  const rank = (pooling: Pooling): Promise<Record<Language, Ranks>> =>
    translationRanks(vectors[pooling].en, vectors[pooling].ko, facts.width, async (rows) => {
      await onRows(POOLINGS.indexOf(pooling), rows);
    });
  const ranks = { pooled: await rank('pooled'), mean: await rank('mean') };
  const scoresOf = (pairs?: Uint32Array): ScoresByLanguage => {
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
    scores: scoresOf(),
    groups: groups.map(({ by, group, pairs }) => ({ by, group, pairs: pairs.length, scores: scoresOf(pairs) })),
  };
}
