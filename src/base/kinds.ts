/** @file Kinds of values that users provide, as the text of a flag or as a value in a file or a program. */

/** A kind of value. */
export interface Kind<T> {
  /** What is expected, in words: `a whole number of at least 1`. */
  readonly expected: string;
  readonly is: (value: unknown) => value is T;
  /** Parses the text of a flag. For invalid text it returns any value that `is` rejects. */
  readonly parse: (text: string) => unknown;
}

/** The type of a kind's values. */
export type ValueOf<K> = K extends Kind<infer T> ? T : never;

/** Numbers as people write them: `12`, `-0.5`, `1e-4`, `1_000_000`. Not `0x10`, `1__0` or `_1`. */
const DECIMAL = /^[+-]?(?=\.?\d)(\d+(_\d+)*)?\.?(\d+(_\d+)*)?(e[+-]?\d+)?$/i;

/** A kind of numbers. In flags, they are decimal, and underscores may separate digits. */
export function numbers(expected: string, isAllowed: (value: number) => boolean): Kind<number> {
  return {
    expected,
    is: (value): value is number => typeof value === 'number' && isAllowed(value),
    parse: (text) => (DECIMAL.test(text.trim()) ? Number(text.trim().replaceAll('_', '')) : undefined),
  };
}

/** 1, 2, 3, … */
export const COUNT = numbers('a whole number of at least 1', (value) => Number.isSafeInteger(value) && value >= 1);

/** A number above 0. */
export const POSITIVE = numbers('a number above 0', (value) => value > 0 && Number.isFinite(value));

/** A number of at least 0. */
export const NON_NEGATIVE = numbers('a number of at least 0', (value) => value >= 0 && Number.isFinite(value));

/** A share: 0 ≤ x < 1. */
export const SHARE = numbers('a number from 0 up to, not including, 1', (value) => value >= 0 && value < 1);

/** A share: 0 ≤ x ≤ 1. */
export const RATIO = numbers('a number from 0 to 1', (value) => value >= 0 && value <= 1);

/** Seeds are signed 32-bit integers, as in TensorFlow; negative ones are not used. */
export const LARGEST_SEED = 2 ** 31 - 1;

/** A seed: 0 … 2³¹ − 1. */
export const SEED = numbers(
  `a whole number from 0 to ${LARGEST_SEED}`,
  (value) => Number.isInteger(value) && value >= 0 && value <= LARGEST_SEED,
);

/** A port to listen on; 0 for any free one. */
export const PORT = numbers(
  'a whole number from 0 to 65535',
  (value) => Number.isInteger(value) && value >= 0 && value <= 65535,
);

/** The side of a picture in pixels: a multiple of 8, as each latent covers 8 pixels. */
export const PIXELS = numbers(
  'a multiple of 8 from 8 to 4096',
  (value) => Number.isInteger(value / 8) && value >= 8 && value <= 4096,
);

/** A given word, or a value of another kind. */
export function wordOr<Word extends string, T>(word: Word, kind: Kind<T>): Kind<T | Word> {
  return {
    expected: `${word} or ${kind.expected}`,
    is: (value): value is T | Word => value === word || kind.is(value),
    parse: (text) => (text === word ? text : kind.parse(text)),
  };
}

/** Any text, including the empty one. */
export const ANY_TEXT: Kind<string> = {
  expected: 'text',
  is: (value): value is string => typeof value === 'string',
  parse: (text) => text,
};

/** A text that is not empty, such as a name. */
export const TEXT: Kind<string> = {
  expected: 'a text that is not empty',
  is: (value): value is string => typeof value === 'string' && value !== '',
  parse: (text) => text,
};

/** One or more texts. A flag of this kind takes several arguments. */
export const TEXTS: Kind<readonly string[]> = {
  expected: 'a list of texts that are not empty',
  is: (value): value is readonly string[] => Array.isArray(value) && value.length > 0 && value.every(TEXT.is),
  parse: (text) => [text],
};

/** Yes or no: a flag without a value. */
export const SWITCH: Kind<boolean> = {
  expected: 'true or false',
  is: (value): value is boolean => typeof value === 'boolean',
  parse: (text) => text === 'true',
};

/** A kind with a fixed set of values. */
export interface Choice<T extends string> extends Kind<T> {
  readonly choices: readonly T[];
}

/** One of a few words. */
export function choice<T extends string>(choices: readonly T[]): Choice<T> {
  return {
    choices,
    expected: `one of ${choices.join(', ')}`,
    is: (value): value is T => (choices as readonly unknown[]).includes(value),
    parse: (text) => text,
  };
}

/** Several values of a kind, at least one. In flags, commas separate them. */
export function severalOf<T>(kind: Kind<T>): Kind<T[]> {
  return {
    expected: `values separated by commas, each ${kind.expected}`,
    is: (value): value is T[] => Array.isArray(value) && value.length > 0 && value.every(kind.is),
    parse: (text) => text.split(',').map((part) => kind.parse(part.trim())),
  };
}

/** Names separated by commas. */
export const NAMES: Kind<string[]> = { ...severalOf(TEXT), expected: 'names separated by commas' };
