import { describe, expect, it } from 'vitest';
import { hash32, randomBits, randomNormal, randomUniform } from '../src/random.js';

describe('random numbers', () => {
  it("are those of TensorFlow's StatelessRandomUniform", () => {
    // tf.random.stateless_uniform([4], seed=[7, -3]) of TensorFlow 2.21
    const tensorflow = [0.4346421957015991, 0.06527590751647949, 0.7476129531860352, 0.14876413345336914];
    expect(Array.from(randomUniform(4, [7, -3]))).toEqual(tensorflow);
  });

  it('do not depend on how many are drawn', () => {
    const many = randomBits(1000, [1, 2]);
    for (const size of [0, 1, 3, 4, 5, 999]) expect(randomBits(size, [1, 2])).toEqual(many.subarray(0, size));
  });

  it('have the mean and deviation of their distribution', () => {
    const values = randomNormal(100_001, 2, [3, 4]);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
    expect(Math.abs(mean)).toBeLessThan(0.03);
    expect(Math.sqrt(variance)).toBeCloseTo(2, 1);
    expect(values.every(Number.isFinite)).toBe(true);
  });

  it('hash as FNV-1a does', () => {
    expect(hash32('') >>> 0).toBe(0x811c9dc5);
    expect(hash32('a') >>> 0).toBe(0xe40c292c);
    expect(hash32('foobar') >>> 0).toBe(0xbf9cf968);
  });
});
