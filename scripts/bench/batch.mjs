/** Batches of random ids. */
import { randomBits } from '#dist/base/philox.js';

/** @import { Batch } from '#dist/data/batches.js' */
/** @import { TextModelConfig } from '#dist/models/config.js' */
/** @import { Configs } from './models.mjs' */

/** Tokens a text. */
export const LENGTH = 77;

/**
 * The batch of a step: `size` pairs of ids from the models' vocabularies.
 *
 * @param {Configs} configs
 * @param {number} size
 * @param {number} step
 * @returns {Batch}
 */
export function randomBatch({ teacher, student }, size, step) {
  /**
   * @param {number} place
   * @param {TextModelConfig} config
   */
  const ids = (place, { vocabSize }) =>
    Int32Array.from(randomBits(size * LENGTH, [place, step]), (bits) => bits % vocabSize);
  return {
    size,
    teacherIds: ids(1, teacher),
    studentIdsEn: ids(2, student),
    studentIdsKo: ids(3, student),
    studentTokens: LENGTH,
    rows: new Uint32Array(size),
  };
}

/** Tokens in most sentences of the corpora, including start and end. */
const TOKENS = { least: 8, most: 40 };
/** Batches in a grouping window, whose texts are sorted by length together. */
const WINDOW = 16;

/**
 * The batch of a step whose texts have 8 to 40 tokens, uniformly distributed, followed by padding.
 *
 * @param {Configs} configs
 * @param {number} size
 * @param {number} step
 * @param {{ padding: number, grouped: boolean }} texts the student's padding; whether the texts of a batch are of like
 *   length, as in one of 16 batches that are sorted by it
 * @returns {Batch}
 */
export function shortTextBatch(configs, size, step, { padding, grouped }) {
  const batch = randomBatch(configs, size, step);
  const drawn = randomBits(2 * size, [4, step]);
  const range = TOKENS.most - TOKENS.least + 1;
  // adjacent batches in a sorted window are far apart in time, since a grouped order is shuffled again
  const place = ((step * 7) % WINDOW) / WINDOW;
  let studentTokens = 0;
  for (const [column, ids] of [batch.studentIdsEn, batch.studentIdsKo].entries())
    for (let row = 0; row < size; row++) {
      const uniform = (drawn[column * size + row] ?? 0) / 2 ** 32;
      const tokens = TOKENS.least + Math.floor(range * (grouped ? place + uniform / WINDOW : uniform));
      studentTokens = Math.max(studentTokens, tokens);
      for (let at = row * LENGTH; at < (row + 1) * LENGTH; at++)
        if (at >= row * LENGTH + tokens) ids[at] = padding;
        else if (ids[at] === padding) ids[at] = padding + 1;
    }
  return { ...batch, studentTokens };
}
