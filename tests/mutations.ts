/** @file Damaged inputs, for everything that reads bytes from outside. */
import { expect } from 'vitest';
import { InputError } from '../src/base/errors.js';

/** How many; the environment may ask for more. */
export const MUTATIONS = Number(process.env.KD_FUZZ ?? 1000);

/** A file with one to three of its bytes, or a run of them, changed, removed, repeated, or replaced by telling ones. */
export function mutate(original: Buffer, random: (bound: number) => number): Buffer {
  let bytes = Buffer.from(original);
  for (let edits = 1 + random(3); edits > 0; edits--) {
    const at = random(bytes.length);
    const length = 1 + random(8);
    const telling = [
      '0',
      '9',
      '-',
      '"',
      '{',
      ']',
      ',',
      '\0',
      '\xff',
      '\x80',
      '(',
      't',
      'R',
      'h',
      'cos\nsystem\n',
      '9007199254740993',
    ];
    const kinds = [
      () => (bytes[at] ^= 1 << random(8)),
      () => (bytes[at] = random(256)),
      () => (bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)])),
      () => (bytes = Buffer.concat([bytes.subarray(0, at + length), bytes.subarray(at)])),
      () =>
        (bytes = Buffer.concat([
          bytes.subarray(0, at),
          Buffer.from(telling[random(telling.length)], 'latin1'),
          bytes.subarray(at),
        ])),
      () => (bytes = bytes.subarray(0, 1 + at)),
    ];
    kinds[random(kinds.length)]();
  }
  return bytes;
}

/** Counts the attempts that were refused; everything that is no refusal in one line fails. */
export async function refusals(
  times: number,
  random: (bound: number) => number,
  attempt: (random: (bound: number) => number) => unknown,
): Promise<number> {
  let refused = 0;
  for (let i = 0; i < times; i++) {
    try {
      await attempt(random);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      expect(error.message).toMatch(/^\P{Cc}{10,1000}$/u);
      refused++;
    }
  }
  return refused;
}
