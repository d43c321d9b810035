import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { hash32, randomBits, randomNormal, randomUniform } from '../../src/base/philox.js';
import { largestDifference } from '../fixtures/index.js';

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
    expect(Math.abs(mean)).toBeLessThan((5 * 2) / Math.sqrt(values.length)); // 5 standard errors
    expect(Math.abs(Math.sqrt(variance) - 2)).toBeLessThan((5 * 2) / Math.sqrt(2 * values.length));
    expect(values.every(Number.isFinite)).toBe(true);
  });

  it("are normal to the last bit, whatever the engine's logarithm, sine and cosine", () => {
    const bytes = Buffer.from(randomNormal(100_000, 1, [5, 6]).buffer);
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(
      'b305987e67dac67ea67f1df095a0f86ce9a2255069bf59b6ace8823c81ced168',
    );
    const engines = { log: Math.log, sin: Math.sin, cos: Math.cos, pow: Math.pow, exp: Math.exp };
    const refuse = (): never => {
      throw new Error('approximated by the implementation');
    };
    Object.assign(Math, { log: refuse, sin: refuse, cos: refuse, pow: refuse, exp: refuse });
    try {
      expect(randomNormal(4, 1, [5, 6])).toHaveLength(4);
    } finally {
      Object.assign(Math, engines);
    }
  });

  it('are normal by the formula of Box and Muller', () => {
    const seed = [8, 9] as const;
    const bits = randomBits(20_000, seed);
    const normal = randomNormal(20_000, 3, seed);
    const expected = new Float32Array(20_000);
    for (let i = 0; i < bits.length; i += 2) {
      const radius = 3 * Math.sqrt(-2 * Math.log((bits[i] + 1) / 2 ** 32));
      const angle = (2 * Math.PI * bits[i + 1]) / 2 ** 32;
      expected.set([radius * Math.cos(angle), radius * Math.sin(angle)], i);
    }
    // each is rounded to float32 once, from float64s whose own errors are far smaller
    const largest = Math.max(...expected.map(Math.abs));
    expect(largestDifference(normal, expected)).toBeLessThanOrEqual(2 * 2 ** -24 * largest);
  });

  it('hash like FNV-1a', () => {
    expect(hash32('') >>> 0).toBe(0x811c9dc5);
    expect(hash32('a') >>> 0).toBe(0xe40c292c);
    expect(hash32('foobar') >>> 0).toBe(0xbf9cf968);
  });
});
