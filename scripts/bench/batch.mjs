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
    rows: new Uint32Array(size),
  };
}
