/** @file Compares models on pairs of sentences: distance to the teacher, and how often translations find each other. */
import { putRows } from '../base/rows.js';
import { POOLINGS, type Grouping, type ModelScores } from './evaluation.js';
import { groupPairs, type GroupKeys } from './groups.js';
import { readerOf, type ModelUnderTest, type PlacedTexts, type TextReader } from './model.js';
import { addPairs, scoresOf, startTally, type PairTexts } from './tally.js';

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
    scores.push(await scoresOf(tally, groups, onRows));
  }
  return scores;
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
