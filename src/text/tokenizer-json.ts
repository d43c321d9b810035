/** @file The fields of a `tokenizer.json`, as required by Python's `tokenizers` 0.23. */

/** One step of a tokenizer: its `type`, and settings that depend on the type. */
export interface StepConfig {
  readonly type: string;
  readonly [setting: string]: unknown;
}

/** A token matched in the text before it is split into words. */
export interface AddedToken {
  readonly id: number;
  readonly content: string;
  /** Matches only if no word character is adjacent. */
  readonly single_word?: boolean;
  /** Also matches the white space before it. */
  readonly lstrip?: boolean;
  /** Also matches the white space after it. */
  readonly rstrip?: boolean;
  /** Matches in the normalised text rather than the raw text. */
  readonly normalized?: boolean;
  readonly special?: boolean;
}

/** The kinds of models. */
export const MODEL_TYPES = ['BPE', 'WordPiece', 'Unigram', 'WordLevel'] as const;
export type ModelType = (typeof MODEL_TYPES)[number];

/** The `model` of a `tokenizer.json`. */
export interface ModelConfig {
  readonly type: ModelType;
  readonly vocab: Readonly<Record<string, number>>;
  /** Unigram: the score of each token, by id, which files have in `vocab`. */
  readonly scores?: readonly number[];
  /** Unigram: the id of the unknown token. */
  readonly unk_id?: number;
  /** BPE: `"a b"`, or `["a", "b"]` as written by `tokenizers` 0.20 and later. */
  readonly merges?: readonly (string | readonly [string, string])[];
  readonly unk_token?: string | null;
  readonly [setting: string]: unknown;
}

/** The part of a `tokenizer.json` (Hugging Face `tokenizers`' serialisation) that turns text into ids. */
export interface TokenizerJson {
  readonly added_tokens: readonly AddedToken[];
  readonly normalizer: StepConfig | null;
  readonly pre_tokenizer: StepConfig | null;
  readonly post_processor: StepConfig | null;
  readonly model: ModelConfig;
  /** The side of truncation and padding, and the pad token, if given. */
  readonly truncation?: { readonly direction: Side } | null | undefined;
  readonly padding?: { readonly direction: Side; readonly pad_token: string } | null | undefined;
}

type Side = 'Left' | 'Right';

/** Ten times as many as any published tokenizer has. */
export const MAX_ADDED_TOKENS = 50_000;

/** The longest added token, in UTF-16 code units. */
export const MAX_TOKEN_LENGTH = 1000;
