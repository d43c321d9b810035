/**
 * @file What the small files of a tokenizer say, put together by the rules of transformers 5.24
 * (`PreTrainedTokenizerBase._from_pretrained`):
 *
 * | | `tokenizer_config.json` has `added_tokens_decoder` | it has none |
 * | --- | --- | --- |
 * | settings, special tokens | `tokenizer_config.json` | `special_tokens_map.json`, then `tokenizer_config.json` |
 * | added tokens | `added_tokens_decoder` | `tokenizer.json`, then `added_tokens.json` |
 * | `special_tokens_map.json`, `added_tokens.json` | not read | read |
 *
 * A special token whose text is that of an added token takes the added token's settings. Ids given in these files only
 * say in which order tokens are added.
 */
import { jsonError } from '../base/json-schema.js';
import type { TokenToAdd } from './added-vocabulary.js';
import {
  collectSettings,
  isFalsy,
  specialIn,
  type CollectedSettings,
  type SettingFiles,
} from './collected-settings.js';
import { contentOf, isOtherName, isToken, SPECIAL_NAMES, type SpecialToken } from './special-token.js';

/** The merged files. */
export interface TokenizerSettings {
  /** Special tokens by name: null if a file says there is none, missing if no file says anything. */
  readonly named: ReadonlyMap<string, SpecialToken | null>;
  /** Special tokens with names unknown to transformers, in the order in which they are added. */
  readonly others: readonly SpecialToken[];
  /** `extra_special_tokens`: special tokens without a name; undefined if no file says anything. */
  readonly extra: readonly SpecialToken[] | undefined;
  /** Added tokens in the order in which they are added. */
  readonly added: readonly TokenToAdd[];
  /** A boolean setting. */
  flag(name: string): boolean | null | undefined;
  /** A setting that is one of the given words. */
  word(name: string, words: readonly string[]): string | undefined;
}

/** Settings that transformers would take for parts of a tokenizer. */
const FORBIDDEN = [
  'vocab',
  'merges',
  'post_processor',
  'tokenizer_object',
  'tokenizer_padding',
  'tokenizer_truncation',
  'gguf_file',
  'init_inputs',
];

/**
 * Merges the files of a folder.
 *
 * @throws InputError for anything that transformers could not read either
 */
export function mergeSettings(folder: string, files: SettingFiles): TokenizerSettings {
  const collected = collectSettings(folder, files);
  const { entries, added } = collected;
  checkReadable(entries);
  return {
    named: namedTokens(collected),
    others: otherNamed(collected),
    extra: extraTokens(entries),
    added: [...added].sort(([a], [b]) => a - b).map(([, token]) => token),
    flag: (name) => flagIn(entries, name),
    word: (name, words) => wordIn(entries, name, words),
  };
}

type Entries = CollectedSettings['entries'];

/** The special tokens that transformers knows by name. */
function namedTokens({ entries, added }: CollectedSettings): ReadonlyMap<string, SpecialToken | null> {
  const byContent = new Map([...added.values()].map((token) => [token.content, token]));
  const named = new Map<string, SpecialToken | null>();
  for (const name of SPECIAL_NAMES) {
    const entry = entries.get(name);
    if (entry === undefined) continue;
    const token = entry.value === null ? null : specialIn(entry, name);
    named.set(name, token === null ? null : (byContent.get(contentOf(token)) ?? token));
  }
  return named;
}

/** Rejects what transformers would take for parts of a tokenizer, or could not read. */
function checkReadable(entries: Entries): void {
  for (const key of FORBIDDEN) {
    const entry = entries.get(key);
    if (entry?.value == null || (key === 'init_inputs' && isFalsy(entry.value))) continue;
    const { value: got, file } = entry;
    throw jsonError({ file, path: [key], expected: 'no such setting', got, advice: 'take it out' });
  }
  const inputs = entries.get('model_input_names');
  if (inputs === undefined || Array.isArray(inputs.value)) return;
  throw jsonError({ file: inputs.file, path: ['model_input_names'], expected: 'a list', got: inputs.value });
}

/** The special tokens in settings called `…_token`. */
function otherNamed({ entries, specific }: CollectedSettings): SpecialToken[] {
  const names = new Map<string, SpecialToken>();
  for (const [key, { value }] of entries) {
    if (isOtherName(key) && (typeof value === 'string' || isToken(value))) names.set(key, value);
  }
  for (const [name, token] of specific) names.set(name, token);
  return [...names.values()];
}

/** The tokens in `extra_special_tokens`, or under its earlier name. */
function extraTokens(entries: Entries): SpecialToken[] | undefined {
  const entry = entries.get('extra_special_tokens') ?? entries.get('additional_special_tokens');
  if (entry === undefined) return undefined;
  if (entry.value === null) return [];
  const { value, file } = entry;
  if (!Array.isArray(value)) {
    throw jsonError({ file, path: ['extra_special_tokens'], expected: 'a list of tokens', got: value });
  }
  return (value as unknown[]).map((item, index) => specialIn({ value: item, file }, 'extra_special_tokens', index));
}

function flagIn(entries: Entries, name: string): boolean | null | undefined {
  const entry = entries.get(name);
  if (entry === undefined) return undefined;
  const { value } = entry;
  if (value === null || typeof value === 'boolean') return value;
  throw jsonError({ file: entry.file, path: [name], expected: 'true or false', got: entry.value });
}

function wordIn(entries: Entries, name: string, words: readonly string[]): string | undefined {
  const entry = entries.get(name);
  if (entry === undefined) return undefined;
  const found = words.find((word) => word === entry.value);
  if (found !== undefined) return found;
  throw jsonError({ file: entry.file, path: [name], expected: words.join(' or '), got: entry.value });
}
