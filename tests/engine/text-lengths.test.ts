import { describe, expect, it } from 'vitest';
import { cutTexts, lengthFor, textLengths } from '../../src/engine/text-lengths.js';
import { randomModel } from '../../src/models/pretrained.js';
import { readConfig } from '../../src/models/config.js';
import { PARITY } from '../fixtures/index.js';

const PAD = 1;
const LENGTHS = { lengths: [16, 24, 40], padding: PAD };

/** Texts of so many tokens, 5 each, filled up to 40. */
const texts = (...tokens: number[]): Int32Array =>
  Int32Array.from(tokens.flatMap((count) => Array.from({ length: 40 }, (_, place) => (place < count ? 5 : PAD))));

describe('the lengths that texts are cut to', () => {
  it('leave every text a place of padding', () => {
    expect(lengthFor(LENGTHS, [texts(3, 15), texts(1)])).toBe(16);
    expect(lengthFor(LENGTHS, [texts(3, 16), texts(1)])).toBe(24);
    expect(lengthFor(LENGTHS, [texts(3), texts(23, 2)])).toBe(24);
    expect(lengthFor(LENGTHS, [texts(3), texts(2, 24)])).toBe(40);
    expect(lengthFor(LENGTHS, [texts(40)])).toBe(40);
    expect(lengthFor(LENGTHS, [texts(0)])).toBe(16);
  });

  it('take no account of padding before a token', () => {
    const ids = texts(3);
    ids[20] = 7;
    expect(lengthFor(LENGTHS, [ids])).toBe(24);
  });

  it('are one, where padding may not be cut off', async () => {
    const { config } = await readConfig(`${PARITY}/teacher`);
    expect(textLengths(randomModel(config, 1).encoder, 77)).toEqual({ lengths: [77], padding: undefined });
    expect(lengthFor({ lengths: [40] }, [texts(3)])).toBe(40);
  });

  it('are shorter than the whole text', async () => {
    const { config } = await readConfig(`${PARITY}/student`);
    const { encoder } = randomModel(config, 1);
    expect(textLengths(encoder, 77)).toEqual({ lengths: [16, 24, 32, 48, 64, 77], padding: PAD });
    expect(textLengths(encoder, 24).lengths).toEqual([16, 24]);
    expect(textLengths(encoder, 77, { rate: 0.1 }).lengths).toEqual([77]);
  });

  it('cut the places at the end of every text', () => {
    expect(Array.from(cutTexts(Int32Array.of(1, 2, 3, 4, 5, 6), 3, 2))).toEqual([1, 2, 4, 5]);
    expect(Array.from(cutTexts(Float32Array.of(1, 2, 3, 4), 2, 1))).toEqual([1, 3]);
    const whole = Int32Array.of(1, 2);
    expect(cutTexts(whole, 2, 2)).toBe(whole);
  });
});
