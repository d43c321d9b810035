/** @file Recognises the encoding of a text by its beginning. */
import { isUtf8 } from 'node:buffer';
import iconv from 'iconv-lite';
import { mayBeKorean } from './korean-likelihood.js';
import { lengthOfWholeCharacters, REPLACEMENT } from './utf8.js';

const ALL_HANGUL = /[\uac00-\ud7a3]/g;
const FAULTS = new RegExp(REPLACEMENT, 'g');

/** How many bytes decide between UTF-8 and code page 949, starting with the first one beyond ASCII. */
export const SAMPLE_BYTES = 1 << 16;

/** How many bytes at the beginning of a text decide whether it is UTF-16 or UTF-32. */
export const WIDE_SAMPLE_BYTES = 1 << 12;

/** Byte order marks of encodings other than UTF-8, the longer ones first, as one begins with another. */
const OTHER_MARKS = [
  { mark: Buffer.from([0xff, 0xfe, 0, 0]), encoding: 'utf-32le' },
  { mark: Buffer.from([0, 0, 0xfe, 0xff]), encoding: 'utf-32be' },
  { mark: Buffer.from([0xff, 0xfe]), encoding: 'utf-16le' },
  { mark: Buffer.from([0xfe, 0xff]), encoding: 'utf-16be' },
] as const;

/** The bytes of a character. */
const WIDTHS = { 'utf-16le': 2, 'utf-16be': 2, 'utf-32le': 4, 'utf-32be': 4 } as const;

/** Encodings in which every character has two or four bytes. */
export type WideEncoding = keyof typeof WIDTHS;

/** The usual characters of pairs: ASCII, accented letters, punctuation, Hangul, full-width forms. */
export const USUAL = /[\t\n\r -~\u00a0-\u024f\u2000-\u206f\u3000-\u303f\u3130-\u318f\uac00-\ud7a3\uff00-\uffef]/g;

/** The least share of usual characters in a text without a byte order mark. Bytes of another encoding have few. */
const MOSTLY_USUAL = 0.8;

/**
 * The UTF-16 or UTF-32 encoding of a text, if it is in one: by its mark, or if it decodes to usual characters. An ASCII
 * character has zero bytes in these encodings.
 */
export function wideEncoding(beginning: Buffer): WideEncoding | undefined {
  const start = beginning.subarray(0, WIDE_SAMPLE_BYTES);
  const marked = OTHER_MARKS.find(({ mark }) => start.subarray(0, mark.length).equals(mark));
  if (marked !== undefined) return marked.encoding;
  if (start.length < 4 || !start.includes(0)) return undefined;
  return (Object.keys(WIDTHS) as WideEncoding[]).find((encoding) => {
    const text = iconv.decode(start.subarray(0, start.length - (start.length % WIDTHS[encoding])), encoding);
    return (text.match(USUAL)?.length ?? 0) > MOSTLY_USUAL * text.length;
  });
}

/** The replacement for an incomplete character at the end of a text of this length, which the decoder drops. */
export function cutUnit(length: number, encoding: WideEncoding): string {
  return length % WIDTHS[encoding] === 0 ? '' : REPLACEMENT;
}

/** How many characters of Hangul there must be for each invalid byte: nearly any two bytes are valid in the second. */
const HANGUL_PER_FAULT = { utf8: 1, cp949: 10 };

/**
 * The encoding of the beginning of a text: `foreign` if it decodes, but not to Korean, and `undefined` if it does not.
 * A few invalid bytes do not matter, as they make only their rows unreadable.
 */
export function narrowEncoding(sample: Buffer): 'utf8' | 'cp949' | 'foreign' | undefined {
  const whole = sample.subarray(0, lengthOfWholeCharacters(sample));
  if (isUtf8(whole) || isLikely(whole.toString('utf8'), HANGUL_PER_FAULT.utf8)) return 'utf8';
  const text = iconv.getDecoder('cp949').write(sample); // drops an incomplete character at the end
  if (!isLikely(text, HANGUL_PER_FAULT.cp949)) return undefined;
  return mayBeKorean(sample) ? 'cp949' : 'foreign';
}

function isLikely(text: string, hangulPerFault: number): boolean {
  if (text.includes('\0')) return false; // a binary file with texts in it
  const count = (character: RegExp): number => text.match(character)?.length ?? 0;
  return count(ALL_HANGUL) > hangulPerFault * count(FAULTS);
}
