/** Batches of random ids. */
import { randomBits } from '#dist/base/philox.js';

/** Tokens a text. */
export const LENGTH = 77;

/** The batch of a step: `size` pairs of ids from the models' vocabularies. */
export function randomBatch({ teacher, student }, size, step) {
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
