/** @file Special and added tokens in a tokenizer's small files: texts, or objects with settings. */
import { isObject, jsonError, type JsonObject } from '../base/json-schema.js';
import type { TokenToAdd } from './added-vocabulary.js';
import type { AddedToken } from './tokenizer-json.js';

/** A special token: its text, or its text with settings. */
export type SpecialToken = string | TokenToAdd;

/** The special tokens that transformers knows by name, in its order. */
export const SPECIAL_NAMES = [
  'bos_token',
  'eos_token',
  'unk_token',
  'sep_token',
  'pad_token',
  'cls_token',
  'mask_token',
] as const;

export type SpecialName = (typeof SPECIAL_NAMES)[number];

/** The text of a special token. */
export function contentOf(token: SpecialToken): string {
  return typeof token === 'string' ? token : token.content;
}

/** The position of a value, for messages. */
export interface Place {
  readonly file: string;
  readonly path: readonly (string | number)[];
}

/** How a token without settings is found in a text. */
export const DEFAULT_MATCHING = { single_word: false, lstrip: false, rstrip: false } as const;
const TOKENS = new WeakSet<object>();

/** Whether a value is a token created by this file, rather than a plain object from JSON. */
export function isToken(value: unknown): value is TokenToAdd {
  return typeof value === 'object' && value !== null && TOKENS.has(value);
}

/** A token with Python's defaults for missing settings. */
export function withDefaults({
  content,
  single_word,
  lstrip,
  rstrip,
  normalized,
  special,
}: Omit<AddedToken, 'id'>): TokenToAdd {
  return {
    content,
    single_word: single_word ?? false,
    lstrip: lstrip ?? false,
    rstrip: rstrip ?? false,
    normalized,
    special: special ?? false,
  };
}

/** The token described by an object in a file. Throws an `InputError` for settings of the wrong type. */
export function tokenFrom(value: unknown, { file, path }: Place): TokenToAdd {
  if (!isPlainObject(value)) throw jsonError({ file, path, expected: 'a token as an object', got: value });
  const flag = (name: string): boolean | undefined => {
    const setting = value[name];
    if (setting === undefined || typeof setting === 'boolean') return setting;
    throw jsonError({ file, path: [...path, name], expected: 'true or false', got: setting });
  };
  const content = value.content ?? '';
  if (typeof content !== 'string' || value.content === null) {
    throw jsonError({ file, path: [...path, 'content'], expected: 'text', got: value.content });
  }
  const token = {
    content,
    single_word: flag('single_word') ?? false,
    lstrip: flag('lstrip') ?? false,
    rstrip: flag('rstrip') ?? false,
    normalized: flag('normalized'),
    special: flag('special') ?? false,
  };
  TOKENS.add(token);
  return token;
}

/** The special token described by an object in a file. Throws as `tokenFrom`. */
export function specialFrom(value: JsonObject, place: Place): TokenToAdd {
  return tokenFrom({ ...value, special: true }, place);
}

/** Replaces objects with `"__type": "AddedToken"`, at any depth, by tokens. */
export function reviveTokens(value: unknown, file: string, path: readonly (string | number)[]): unknown {
  if (Array.isArray(value))
    return (value as unknown[]).map((item, index) => reviveTokens(item, file, [...path, index]));
  if (!isPlainObject(value)) return value;
  if (Object.hasOwn(value, '__type') && value.__type === 'AddedToken') return tokenFrom(value, { file, path });
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, reviveTokens(item, file, [...path, key])]),
  );
}

/** Whether a value is an object from a file, rather than a token made from one. */
export function isPlainObject(value: unknown): value is JsonObject {
  return isObject(value) && !TOKENS.has(value);
}

/** Whether a setting is a special token with a name unknown to transformers, such as `image_token`. */
export function isOtherName(key: string): boolean {
  return key.endsWith('_token') && !(SPECIAL_NAMES as readonly string[]).includes(key);
}

/** Whether two values are the same token: equal texts or equal settings. */
export function sameToken(a: unknown, b: unknown): boolean {
  if (typeof a === 'string' || typeof b === 'string') return a === b;
  return JSON.stringify(a) === JSON.stringify(b);
}
