import { expect, it } from 'vitest';
import { addDistances, emptyDistances, meanDistance } from '../../src/evaluate/distance.js';
import { meanPool, rowProducts, setUnitRows } from '../../src/evaluate/vectors.js';

// B = 2 pairs, L = 2 tokens, D = 2; outputs come in another order than targets
const output = {
  places: Uint32Array.of(1, 0),
  lastHiddenState: Float32Array.of(3, 4, 0, 0, 1, 0, 0, 2),
  poolerOutput: Float32Array.of(0, 5, 1, 1),
};
const target = { lastHiddenState: Float32Array.of(1, 1, 0, 2, 4, 3, 1, 1), poolerOutput: Float32Array.of(1, -1, 0, 2) };

it('distances equal those computed by hand', () => {
  const distances = emptyDistances(3);
  addDistances(distances, 1, output, target);
  expect([...distances.mse]).toEqual([0, 1 / 4, 4 / 4]);
  expect([...distances.mse_pooled]).toEqual([0, 4 / 2, 9 / 2]);
  expect(distances.cosine_token[1]).toBeCloseTo((Math.SQRT1_2 + 1) / 2, 12);
  expect(distances.cosine_token[2]).toBeCloseTo(24 / 25 / 2, 12); // zeros have no direction
  expect([...distances.cosine_pooled]).toEqual([0, 0, 1]);
  expect(meanDistance(distances, Uint32Array.of(1, 2)).mse).toBe(0.625);
  expect(meanDistance(distances).mse_pooled).toBeCloseTo(6.5 / 3, 12);
});

it('hidden states are averaged over all positions', () => {
  expect([...meanPool(output.lastHiddenState, 2, 2)]).toEqual([1.5, 2, 0.5, 1]);
});

it('rows are scaled to length 1, except for zeros', () => {
  const unit = new Float32Array(6);
  setUnitRows(unit, Uint32Array.of(2, 0), Float32Array.of(3, 4, 0, 0), 2);
  expect([...unit]).toEqual([0, 0, 0, 0, Math.fround(0.6), Math.fround(0.8)]);
  expect([...rowProducts(Float32Array.of(1, 2, 3, 4), Float32Array.of(5, 6, 7, 8), 2)]).toEqual([17, 53]);
});
