import { InputError } from '../../base/errors.js';

/** Kinds of duplicates: an earlier row has the same pair, Korean text, or English text. */
export const DUPLICATE_KINDS = ['pair', 'ko', 'en'] as const;
export type DuplicateKind = (typeof DUPLICATE_KINDS)[number];

/** What happens to pairs with a text over 77 tokens. */
export const LONG_CHOICES = ['drop', 'truncate'] as const;
export type LongChoice = (typeof LONG_CHOICES)[number];

/** Everything that determines a token store, besides the rows and the tokenizers. */
export interface PrepareSettings {
  /** Pairs to use, training and validation together; default: all. */
  readonly samples?: number | undefined;
  /** The share of the used pairs for validation: at least 0, less than 1. */
  readonly validFraction: number;
  readonly seed: number;
  /**
   * False keeps the rows in the order of the files: the first `samples` are used, the last of them for validation. Only
   * empty texts are dropped then, and long ones are truncated.
   */
  readonly shuffle: boolean;
  readonly long: LongChoice;
  readonly keepDuplicates: readonly DuplicateKind[];
}

/** The defaults. */
export const PREPARE_DEFAULTS: PrepareSettings = {
  validFraction: 0.2,
  seed: 42,
  shuffle: true,
  long: 'drop',
  keepDuplicates: [],
};

/** Throws an `InputError` for numbers out of range. */
export function checkSettings({ samples = 1, validFraction }: PrepareSettings): void {
  if (!(validFraction >= 0 && validFraction < 1)) {
    throw new InputError(`--valid-fraction: expected a number from 0 to below 1, got ${validFraction}`);
  }
  if (!(Number.isInteger(samples) && samples >= 1)) {
    throw new InputError(`--samples: expected a whole number from 1, got ${samples}`);
  }
}
