/** @file Compares models on pairs of sentences: distance to the teacher, and how often translations find each other. */
import { putRows } from '../base/rows.js';
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
import { readerOf, type ModelUnderTest, type PlacedTexts, type TextReader } from './model.js';
import { retrievalScores, translationRanks, type TranslationRanks } from './retrieval.js';
import { setUnitRows } from './vectors.js';

/** The texts of a pair. */
export interface PairTexts extends Readonly<Record<Language, string>> {
  readonly corpus: CorpusName;
}

/** The `N` pairs to evaluate on. */
export interface PairsToRead {
  readonly count: number;
  /** Reads consecutive pairs, beginning with number `start`. */
  readonly read: (start: number, count: number) => Promise<readonly PairTexts[]>;
}

/** How to evaluate pairs. */
export interface PairsOptions {
  /** Full-length texts per batch; batches of shorter texts are larger, with as many positions. */
  readonly batchSize: number;
  readonly groupings: readonly Grouping[];
}

/** Called during the evaluation; returned promises are awaited. */
export interface PairsCallbacks {
  /** How many pairs have been encoded. */
  onEncoded?(pairs: number): void | Promise<void>;
  /** How many of a model's texts have been compared with all candidates. */
  onRanked?(texts: number, total: number): void | Promise<void>;
}

/** The fewest pairs whose texts are sorted by length together; their targets are in memory, 60 MB at 77 × 768. */
const WINDOW = 256;

/**
 * Has every model encode every pair, one window of pairs at a time, and scores the models. The teacher's hidden states
 * are kept for a window, those of other models for a batch; only two vectors of `D` values per text and a few numbers
 * per pair are kept throughout.
 *
 * @param teacher the model whose embeddings of the English texts are the reference; it may be one of `models`
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
  const textsPerPair = tallies.reduce((sum, { isTeacher }) => sum + (isTeacher ? 1 : 2), 1); // one for the target
  let texts = 0;
  const onBatch = (size: number): unknown => callbacks.onEncoded?.(Math.floor((texts += size) / textsPerPair));
  const window = batchSize * Math.ceil(WINDOW / batchSize);
  for (let start = 0; start < pairs.count; start += window) {
    const read = await pairs.read(start, Math.min(window, pairs.count - start));
    const target = await targetsOf(teacherReader, read, batchSize, onBatch);
    for (const tally of tallies) await addPairs(tally, { start, pairs: read, target, batchSize }, onBatch);
    keys.push(...read.map(({ corpus }, i) => ({ corpus, length: target.lengths[i]! })));
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

/** A model's intermediate results. */
interface Tally {
  readonly model: ModelUnderTest;
  readonly reader: TextReader;
  readonly isTeacher: boolean;
  /** Undefined for a model whose width differs from the teacher's. */
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

/** A window of pairs. */
interface PairWindow {
  /** The number of its first pair. */
  readonly start: number;
  readonly pairs: readonly PairTexts[];
  /** The teacher's outputs for the English texts. */
  readonly target: PlacedTexts;
  readonly batchSize: number;
}

async function addPairs(
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

/** The teacher's outputs for the English texts of pairs, in order. */
async function targetsOf(
  reader: TextReader,
  pairs: readonly PairTexts[],
  batchSize: number,
  onBatch: (texts: number) => unknown,
): Promise<PlacedTexts> {
  const count = pairs.length;
  let all: PlacedTexts | undefined;
  for await (const { places, ...outputs } of reader.encode(
    pairs.map(({ en }) => en),
    batchSize,
  )) {
    const room = (values: Float32Array): Float32Array => new Float32Array((values.length / places.length) * count);
    all ??= {
      lastHiddenState: room(outputs.lastHiddenState),
      poolerOutput: room(outputs.poolerOutput),
      mean: room(outputs.mean),
      lengths: new Int32Array(count),
      places: Uint32Array.from(pairs.keys()),
    };
    putRows(all.lastHiddenState, places, outputs.lastHiddenState);
    putRows(all.poolerOutput, places, outputs.poolerOutput);
    putRows(all.mean, places, outputs.mean);
    putRows(all.lengths, places, outputs.lengths);
    await onBatch(places.length);
  }
  return all!;
}

async function score(
  { model: { facts }, reader, distances, vectors }: Tally,
  groups: readonly PairGroup[],
  onRows: (pooling: number, rows: number) => unknown,
): Promise<ModelScores> {
  const rank = (pooling: Pooling): Promise<Record<Language, TranslationRanks>> =>
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
