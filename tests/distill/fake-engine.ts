/** @file Batches and an engine for tests of the training loop: nothing is computed. */
import type { Batches } from '../../src/data/batches.js';
import type { Engine } from '../../src/distill/engine.js';

const STATISTICS = { variance: 1, similarity: 0 };

/** Batches of one pair. */
export function pairs(count: number): Batches {
  const ids = new Int32Array(1);
  return {
    count,
    pairs: count,
    at: (index) =>
      Promise.resolve({
        size: 1,
        teacherIds: ids,
        studentIdsEn: ids,
        studentIdsKo: ids,
        studentTokens: 1,
        rows: Uint32Array.of(index),
      }),
  };
}

const NOTHING: AsyncIterable<never> = {
  [Symbol.asyncIterator]: () => ({ next: () => Promise.resolve({ done: true, value: undefined }) }),
};

/** What an engine is to answer. */
interface Answers {
  /** Whether a step is finite, by its first row. */
  readonly isFinite?: (row: number) => boolean;
  /** The loss in either language of the next batch that is evaluated. */
  readonly evaluated?: () => number;
}

/** An engine with given answers. */
export function engineOf({ isFinite = () => true, evaluated = () => 1 }: Answers = {}): Engine {
  return {
    step: ([batch]) => {
      const applied = isFinite(batch.rows[0]);
      const loss = applied ? 1 : NaN;
      return Promise.resolve({ lossEn: loss, lossKo: loss, gradNorm: loss, applied });
    },
    batchesAtOnce: 1,
    evaluate: (batches) =>
      Promise.resolve(
        batches.map(() => {
          const loss = evaluated();
          return {
            lossEn: loss,
            lossKo: loss,
            student: STATISTICS,
            teacher: STATISTICS,
            teacherMean: new Float32Array(1),
          };
        }),
      ),
    teacherOutputs: () => Promise.reject(new Error('not wanted')),
    studentParameters: () => NOTHING,
    moments: () => NOTHING,
    counters: () => ({ steps: 0, updates: 0 }),
    dispose: () => undefined,
  };
}
