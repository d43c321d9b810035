/** @file What a `tokenizer.json` may hold, by the fields that Python's `tokenizers` 0.23 asks for. */
/** One step of a tokenizer: its `type`, and settings that depend on the type. */
export interface StepConfig {
  readonly type: string;
  readonly [setting: string]: unknown;
}

/** A token matched in the text as it stands, before anything is split into words. */
export interface AddedToken {
  readonly id: number;
  readonly content: string;
  /** Matched only where no word character touches it. */
  readonly single_word?: boolean;
  /** Swallows the white space before it. */
  readonly lstrip?: boolean;
  /** Swallows the white space after it. */
  readonly rstrip?: boolean;
  /** Looked for in the normalised text rather than in the raw one. */
  readonly normalized?: boolean;
  readonly special?: boolean;
}

/** The `model` of a `tokenizer.json`. */
export interface ModelConfig {
  readonly type: 'BPE' | 'WordPiece';
  readonly vocab: Readonly<Record<string, number>>;
  /** BPE: `"a b"`, or `["a", "b"]` as `tokenizers` 0.20 and later write it. */
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
  /** The side that is cut and padded, and the pad token, where the file says so. */
  readonly truncation?: { readonly direction: Side } | null | undefined;
  readonly padding?: { readonly direction: Side; readonly pad_token: string } | null | undefined;
}

type Side = 'Left' | 'Right';

/** More than any published tokenizer has, by a factor of ten. */
export const MAX_ADDED_TOKENS = 50_000;

/** Longest added token, in UTF-16 code units. */
export const MAX_TOKEN_LENGTH = 1000;
