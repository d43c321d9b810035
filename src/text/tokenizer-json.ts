import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { InputError, messageOf } from '../errors.js';
import { parsePythonJson } from '../python-json.js';

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

export interface ModelConfig {
  readonly type: string;
  readonly vocab: Readonly<Record<string, number>>;
  /** BPE: `"a b"`, or `["a", "b"]` as `tokenizers` 0.20 and later write it. */
  readonly merges?: readonly (string | readonly [string, string])[];
  readonly [setting: string]: unknown;
}

/** The part of a `tokenizer.json` (Hugging Face `tokenizers`' serialisation) that turns text into ids. */
export interface TokenizerJson {
  readonly added_tokens: readonly AddedToken[];
  readonly normalizer: StepConfig | null;
  readonly pre_tokenizer: StepConfig | null;
  readonly post_processor: StepConfig | null;
  readonly model: ModelConfig;
}

/** The content of a JSON file that holds an object, or undefined where there is no such file. */
export async function readJsonObject(folder: string, name: string): Promise<Record<string, unknown> | undefined> {
  const file = path.join(folder, name);
  const text = await readTextFile(file);
  if (text === undefined) return undefined;
  let value: unknown;
  try {
    value = parsePythonJson(text);
  } catch (error) {
    throw new InputError(`${file}: expected JSON, got something else (${messageOf(error)}); get the file anew`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new InputError(`${file}: expected a JSON object, got ${text.slice(0, 20)}; get the file anew`);
  }
  return value as Record<string, unknown>;
}

/** The text of a file, or undefined where there is no such file. */
export async function readTextFile(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new InputError(`${file}: expected a readable file, got ${messageOf(error)}`);
  }
}

/** Checks that a parsed `tokenizer.json` has what the name promises, and fills in what may be left out. */
export function checkTokenizerJson(json: Record<string, unknown>, file: string): TokenizerJson {
  const model = json.model as Partial<ModelConfig> | undefined;
  if (model?.type !== 'BPE' && model?.type !== 'WordPiece') {
    throw new InputError(
      `${file}: expected a BPE or WordPiece model, as CLIP, BERT and RoBERTa have it, got ${String(model?.type)}${model?.type === 'Unigram' ? ' (SentencePiece, as of XLM-R)' : ''}; use a checkpoint with one of them`,
    );
  }
  if (typeof model.vocab !== 'object' || (model.type === 'BPE' && !Array.isArray(model.merges))) {
    throw new InputError(
      `${file}: expected a vocabulary${model.type === 'BPE' ? ' and merges' : ''}; get the file anew`,
    );
  }
  return {
    added_tokens: (json.added_tokens ?? []) as AddedToken[],
    normalizer: (json.normalizer ?? null) as StepConfig | null,
    pre_tokenizer: (json.pre_tokenizer ?? null) as StepConfig | null,
    post_processor: (json.post_processor ?? null) as StepConfig | null,
    model: model as ModelConfig,
  };
}

/** The id of an added token or of a word of the vocabulary. */
export function idOfToken(json: TokenizerJson, token: string): number | undefined {
  return json.added_tokens.find(({ content }) => content === token)?.id ?? json.model.vocab[token];
}
