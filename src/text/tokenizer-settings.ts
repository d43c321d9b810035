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
import path from 'node:path';
import { jsonError, type JsonObject } from '../base/json-schema.js';
import type { TokenToAdd } from './added-vocabulary.js';
import {
  complete,
  contentOf,
  isOtherName,
  isPlainObject,
  isToken,
  PLAIN,
  sameToken,
  SPECIAL_NAMES,
  specialFrom,
  tokenFrom,
  typed,
  type SpecialToken,
} from './special-token.js';
import type { AddedToken } from './tokenizer-json.js';

/** The parsed files; undefined where there is none. */
export interface SettingFiles {
  readonly config: JsonObject | undefined;
  readonly specials: JsonObject | undefined;
  readonly added: JsonObject | undefined;
  /** `added_tokens` of the `tokenizer.json`. */
  readonly jsonTokens: readonly AddedToken[] | undefined;
}

/** The files put together. */
export interface TokenizerSettings {
  /** Special tokens by name; null where a file says that there is none, missing where no file says anything. */
  readonly named: ReadonlyMap<string, SpecialToken | null>;
  /** Special tokens with other names than transformers', in the order in which they are added. */
  readonly others: readonly SpecialToken[];
  /** `extra_special_tokens`: special tokens without a name. */
  readonly extra: readonly SpecialToken[];
  /** Added tokens in the order in which they are added. */
  readonly added: readonly TokenToAdd[];
  /** A true-or-false setting. */
  flag(name: string): boolean | null | undefined;
  /** A setting that is one of a few words. */
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

/** Puts the files of a folder together. Throws an `InputError` for what transformers could not read either. */
export function mergeSettings(folder: string, files: SettingFiles): TokenizerSettings {
  const merge = new Merge(folder, files);
  return merge.result();
}

/** One value with the file that it comes from. */
interface Entry {
  readonly value: unknown;
  readonly file: string;
}

class Merge {
  private readonly entries = new Map<string, Entry>();
  /** Special tokens named in `model_specific_special_tokens` and in `extra_special_tokens` that is an object. */
  private readonly specific = new Map<string, SpecialToken>();
  private readonly decoder = new Map<number, TokenToAdd>();

  constructor(
    private readonly folder: string,
    private readonly files: SettingFiles,
  ) {
    this.takeConfig(files.config ?? {});
    const decoder = this.entries.get('added_tokens_decoder');
    if (decoder !== undefined) this.takeDecoder(decoder);
    else this.takeLegacyFiles();
    this.checkOthers();
  }

  result(): TokenizerSettings {
    const byContent = new Map([...this.decoder.values()].map((token) => [token.content, token]));
    const named = new Map<string, SpecialToken | null>();
    for (const name of SPECIAL_NAMES) {
      const entry = this.entries.get(name);
      if (entry === undefined) continue;
      const token = entry.value === null ? null : this.special(entry, name);
      named.set(name, token === null ? null : (byContent.get(contentOf(token)) ?? token));
    }
    return {
      named,
      others: this.otherNamed(),
      extra: this.extraTokens(),
      added: [...this.decoder].sort(([a], [b]) => a - b).map(([, token]) => token),
      flag: (name) => this.flag(name),
      word: (name, words) => this.word(name, words),
    };
  }

  private takeConfig(config: JsonObject): void {
    const file = this.file('tokenizer_config.json');
    for (const [key, value] of Object.entries(config))
      this.entries.set(key, { value: typed(value, file, [key]), file });
    const older = this.entries.get('additional_special_tokens');
    if (older !== undefined && isFalsy(this.entries.get('extra_special_tokens')?.value)) {
      this.entries.delete('additional_special_tokens');
      this.entries.set('extra_special_tokens', older);
    }
    for (const [key, { value }] of this.entries) {
      if (!isOtherName(key) || typeof value !== 'string') continue;
      this.entries.delete(key);
      this.specific.set(key, value);
    }
    this.takeNamedExtras();
  }

  /** Turns away what transformers would take for parts of a tokenizer, or could not read. */
  private checkOthers(): void {
    for (const key of FORBIDDEN) {
      const entry = this.entries.get(key);
      if (entry === undefined || entry.value === null || (key === 'init_inputs' && isFalsy(entry.value))) continue;
      const { value: got, file } = entry;
      throw jsonError({ file, path: [key], expected: 'no such setting', got, advice: 'take it out' });
    }
    const inputs = this.entries.get('model_input_names');
    if (inputs === undefined || Array.isArray(inputs.value)) return;
    throw jsonError({ file: inputs.file, path: ['model_input_names'], expected: 'a list', got: inputs.value });
  }

  /** `extra_special_tokens` may give names to its tokens. */
  private takeNamedExtras(): void {
    const entry = this.entries.get('extra_special_tokens');
    if (entry === undefined || !isPlainObject(entry.value)) return;
    this.entries.delete('extra_special_tokens');
    for (const [name, value] of Object.entries(entry.value)) {
      this.specific.set(name, this.special({ ...entry, value }, 'extra_special_tokens', name));
    }
  }

  private takeDecoder({ value, file }: Entry): void {
    if (!isPlainObject(value))
      throw jsonError({ file, path: ['added_tokens_decoder'], expected: 'an object', got: value });
    for (const [key, token] of Object.entries(value)) {
      const path = ['added_tokens_decoder', key];
      if (!/^(0|[1-9]\d{0,9})$/.test(key)) {
        throw jsonError({ file, path, expected: 'an id as the name', got: key });
      }
      this.decoder.set(Number(key), isToken(token) ? token : tokenFrom(token, { file, path }));
    }
  }

  private takeLegacyFiles(): void {
    this.takeSpecialsMap(this.files.specials ?? {});
    this.takeAddedTokens(this.files.added ?? {});
    for (const { id, ...token } of this.files.jsonTokens ?? []) this.decoder.set(id, complete(token));
  }

  private takeSpecialsMap(specials: JsonObject): void {
    const file = this.file('special_tokens_map.json');
    for (const [key, value] of Object.entries(specials)) {
      if (key === 'extra_special_tokens') this.addExtras({ value, file });
      else if (isPlainObject(value)) this.entries.set(key, { value: specialFrom(value, { file, path: [key] }), file });
      else this.entries.set(key, { value: typed(value, file, [key]), file });
    }
    this.takeNamedExtras();
  }

  /** A list in `special_tokens_map.json` goes on where that of `tokenizer_config.json` ends. */
  private addExtras({ value, file }: Entry): void {
    if (!Array.isArray(value)) {
      this.entries.set('extra_special_tokens', { value, file });
      return;
    }
    const before = this.entries.get('extra_special_tokens')?.value ?? [];
    const list: unknown[] = Array.isArray(before) ? [...(before as unknown[])] : [];
    for (const [index, item] of (value as unknown[]).entries()) {
      const token = isPlainObject(item) ? specialFrom(item, { file, path: ['extra_special_tokens', index] }) : item;
      if (!list.some((other) => sameToken(other, token))) list.push(token);
    }
    this.entries.set('extra_special_tokens', { value: list, file });
  }

  private takeAddedTokens(added: JsonObject): void {
    const file = this.file('added_tokens.json');
    const specials = this.specialContents();
    const owners = new Map<number, string>();
    for (const [content, id] of Object.entries(added)) {
      if (!Number.isInteger(id) || (id as number) < 0) {
        throw jsonError({ file, path: [content], expected: 'a whole number from 0', got: id });
      }
      const owner = owners.get(id as number);
      if (owner !== undefined) {
        const expected = `an id of its own, not that of ${JSON.stringify(owner)}`;
        throw jsonError({ file, path: [content], expected, got: id });
      }
      owners.set(id as number, content);
      const special = specials.has(content);
      this.decoder.set(id as number, { ...PLAIN, content, normalized: !special, special });
    }
  }

  /**
   * The special tokens known when `added_tokens.json` is read: those that `tokenizer_config.json` gives as objects are
   * not among them yet.
   */
  private specialContents(): ReadonlySet<string> {
    const config = this.file('tokenizer_config.json');
    const known = ({ value, file }: Entry) => (isToken(value) && file === config ? [] : [value]);
    const named = SPECIAL_NAMES.flatMap((name) => known(this.entries.get(name) ?? { value: null, file: '' }));
    const extra = this.entries.get('extra_special_tokens');
    const listed = extra !== undefined && Array.isArray(extra.value) ? (extra.value as unknown[]) : [];
    const tokens = [...named, ...listed.flatMap((value) => known({ value, file: extra?.file ?? '' }))];
    return new Set(tokens.filter((value) => typeof value === 'string' || isToken(value)).map(contentOf));
  }

  /** Settings called `…_token` are special tokens, too. */
  private otherNamed(): SpecialToken[] {
    const names = new Map<string, SpecialToken>();
    for (const [key, { value }] of this.entries) {
      if (isOtherName(key) && (typeof value === 'string' || isToken(value))) names.set(key, value);
    }
    for (const [name, token] of this.specific) names.set(name, token);
    return [...names.values()];
  }

  private extraTokens(): SpecialToken[] {
    const entry = this.entries.get('extra_special_tokens') ?? this.entries.get('additional_special_tokens');
    if (entry === undefined || entry.value === null) return [];
    const { value, file } = entry;
    if (!Array.isArray(value)) {
      throw jsonError({ file, path: ['extra_special_tokens'], expected: 'a list of tokens', got: value });
    }
    return (value as unknown[]).map((item, index) =>
      this.special({ value: item, file }, 'extra_special_tokens', index),
    );
  }

  private special({ value, file }: Entry, ...path: (string | number)[]): SpecialToken {
    if (typeof value === 'string' || isToken(value)) return value;
    const object = isPlainObject(value) ? ', which has "__type": "AddedToken" in this file' : '';
    throw jsonError({ file, path, expected: `a token as text or as an object${object}`, got: value });
  }

  private flag(name: string): boolean | null | undefined {
    const entry = this.entries.get(name);
    if (entry === undefined) return undefined;
    const { value } = entry;
    if (value === null || typeof value === 'boolean') return value;
    throw jsonError({ file: entry.file, path: [name], expected: 'true or false', got: entry.value });
  }

  private word(name: string, words: readonly string[]): string | undefined {
    const entry = this.entries.get(name);
    if (entry === undefined) return undefined;
    const found = words.find((word) => word === entry.value);
    if (found !== undefined) return found;
    throw jsonError({ file: entry.file, path: [name], expected: words.join(' or '), got: entry.value });
  }

  private file(name: string): string {
    return path.join(this.folder, name);
  }
}

/** What Python takes for false. */
function isFalsy(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0;
  if (isPlainObject(value)) return Object.keys(value).length === 0;
  return !value;
}
