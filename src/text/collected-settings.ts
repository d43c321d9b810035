/**
 * @file Collects the contents of a tokenizer's small files: which file wins, and where each value is from, by the rules
 * in `tokenizer-settings.ts`.
 */
import path from 'node:path';
import { jsonError, type JsonObject } from '../base/json-schema.js';
import type { TokenToAdd } from './added-vocabulary.js';
import {
  withDefaults,
  contentOf,
  isOtherName,
  isPlainObject,
  isToken,
  DEFAULT_MATCHING,
  sameToken,
  SPECIAL_NAMES,
  specialFrom,
  tokenFrom,
  reviveTokens,
  type SpecialToken,
} from './special-token.js';
import type { AddedToken } from './tokenizer-json.js';

/** The parsed files; undefined if missing. */
export interface SettingFiles {
  readonly config: JsonObject | undefined;
  readonly specials: JsonObject | undefined;
  readonly added: JsonObject | undefined;
  /** `added_tokens` of the `tokenizer.json`. */
  readonly jsonTokens: readonly AddedToken[] | undefined;
}

/** A value and the file it comes from. */
export interface Entry {
  readonly value: unknown;
  readonly file: string;
}

/** The collected contents of the files. */
export interface CollectedSettings {
  /** Settings and special tokens, by name. */
  readonly entries: ReadonlyMap<string, Entry>;
  /** Special tokens with names unknown to transformers: `…_token`, and those in `extra_special_tokens`. */
  readonly specific: ReadonlyMap<string, SpecialToken>;
  /** Added tokens by id. */
  readonly added: ReadonlyMap<number, TokenToAdd>;
}

/**
 * Collects the contents of a folder's files.
 *
 * @throws InputError for anything that transformers could not read either
 */
export function collectSettings(folder: string, files: SettingFiles): CollectedSettings {
  return new Collector(folder, files);
}

class Collector implements CollectedSettings {
  readonly entries = new Map<string, Entry>();
  readonly specific = new Map<string, SpecialToken>();
  readonly added = new Map<number, TokenToAdd>();

  constructor(
    private readonly folder: string,
    private readonly files: SettingFiles,
  ) {
    this.takeConfig(files.config ?? {});
    const decoder = this.entries.get('added_tokens_decoder');
    if (decoder !== undefined) this.takeDecoder(decoder);
    else this.takeLegacyFiles();
  }

  private takeConfig(config: JsonObject): void {
    const file = this.file('tokenizer_config.json');
    for (const [key, value] of Object.entries(config))
      this.entries.set(key, { value: reviveTokens(value, file, [key]), file });
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

  /** Handles an `extra_special_tokens` that names its tokens. */
  private takeNamedExtras(): void {
    const entry = this.entries.get('extra_special_tokens');
    if (entry === undefined || !isPlainObject(entry.value)) return;
    this.entries.delete('extra_special_tokens');
    for (const [name, value] of Object.entries(entry.value)) {
      this.specific.set(name, specialIn({ ...entry, value }, 'extra_special_tokens', name));
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
      this.added.set(Number(key), isToken(token) ? token : tokenFrom(token, { file, path }));
    }
  }

  private takeLegacyFiles(): void {
    this.takeSpecialsMap(this.files.specials ?? {});
    this.takeAddedTokens(this.files.added ?? {});
    for (const { id, ...token } of this.files.jsonTokens ?? []) this.added.set(id, withDefaults(token));
  }

  private takeSpecialsMap(specials: JsonObject): void {
    const file = this.file('special_tokens_map.json');
    for (const [key, value] of Object.entries(specials)) {
      if (key === 'extra_special_tokens') this.addExtras({ value, file });
      else if (isPlainObject(value)) this.entries.set(key, { value: specialFrom(value, { file, path: [key] }), file });
      else this.entries.set(key, { value: reviveTokens(value, file, [key]), file });
    }
    this.takeNamedExtras();
  }

  /** Appends a list in `special_tokens_map.json` to that in `tokenizer_config.json`. */
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
      this.added.set(id as number, { ...DEFAULT_MATCHING, content, normalized: !special, special });
    }
  }

  /**
   * The special tokens known when `added_tokens.json` is read. Those that `tokenizer_config.json` gives as objects are
   * not yet among them.
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

  private file(name: string): string {
    return path.join(this.folder, name);
  }
}

/**
 * The token in an entry.
 *
 * @param path its position in the file
 * @throws InputError for anything else
 */
export function specialIn({ value, file }: Entry, ...path: (string | number)[]): SpecialToken {
  if (typeof value === 'string' || isToken(value)) return value;
  const object = isPlainObject(value) ? ', which has "__type": "AddedToken" in this file' : '';
  throw jsonError({ file, path, expected: `a token as text or as an object${object}`, got: value });
}

/** Whether a value is falsy in Python. */
export function isFalsy(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0;
  if (isPlainObject(value)) return Object.keys(value).length === 0;
  return !value;
}
