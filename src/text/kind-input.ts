/** @file What the tokenizer of a class is built from, and what comes out. */
import { InputError } from '../base/errors.js';
import { contentOf, type SpecialName, type SpecialToken } from './special-token.js';
import type { ModelConfig, StepConfig } from './tokenizer-json.js';
import type { TokenizerSettings } from './tokenizer-settings.js';
import type { VocabularyFiles } from './vocabulary-files.js';

/** A tokenizer without its added tokens. */
export interface TokenizerParts {
  readonly model: ModelConfig;
  readonly normalizer: StepConfig | null;
  readonly pre_tokenizer: StepConfig | null;
  /** The special tokens before and after every text. */
  readonly around: { readonly first: string; readonly last: string };
}

/** The input for building a class's tokenizer. */
export interface KindInput {
  readonly folder: string;
  readonly vocabulary: VocabularyFiles;
  readonly settings: TokenizerSettings;
  /** The special tokens of the files, or else of the class. */
  readonly specials: ReadonlyMap<string, SpecialToken | null>;
  /** The pre-tokenizer of the `tokenizer.json`. */
  readonly words: StepConfig | null;
  /** The normalizer of the `tokenizer.json`. */
  readonly normalizer: StepConfig | null;
}

/** The special token of a name. Throws an `InputError` if there is none. */
export function required(
  folder: string,
  specials: ReadonlyMap<string, SpecialToken | null>,
  name: SpecialName,
): string {
  const token = specials.get(name);
  if (token != null) return contentOf(token);
  throw new InputError(`${folder}: expected a ${name}, got null; name it in tokenizer_config.json`);
}

/** A boolean setting, or what counts without it. Throws an `InputError` for null. */
export function requiredFlag(folder: string, settings: TokenizerSettings, name: string, whenMissing: boolean): boolean {
  const flag = settings.flag(name);
  if (flag !== null) return flag ?? whenMissing;
  throw new InputError(`${folder}: expected true or false for ${name}, got null; set it in tokenizer_config.json`);
}
