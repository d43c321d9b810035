/** @file Checks parsed JSON from outside and words the error if it is wrong. */
import * as v from 'valibot';
import { InputError } from './errors.js';
import type { Kind } from './kinds.js';

/** An object in JSON. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Whether a value is an object: neither a list nor null. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A schema for the values that a predicate accepts; `expected` describes them. */
export function valuesThat<T>(is: (value: unknown) => boolean, expected: string): v.GenericSchema<T> {
  return { ...v.custom<T>(is), expects: expected };
}

/** Any object, as it is. */
export const anyObject = valuesThat<JsonObject>(isObject, 'an object');

/** An object with these fields. Other fields are allowed and kept. */
export function object<const Fields extends v.ObjectEntries>(
  fields: Fields,
): v.GenericSchema<unknown, Readonly<v.InferOutput<v.ObjectSchema<Fields, undefined>>>> {
  return v.pipe(anyObject, v.looseObject(fields));
}

/** An object used as a map: values of one kind, under arbitrary names. */
export function mapOf<T>(
  value: v.GenericSchema<unknown, T>,
  name: v.GenericSchema<string, string> = v.string(),
): v.GenericSchema<unknown, Readonly<Record<string, T>>> {
  return v.pipe(anyObject, v.record(name, value));
}

/** A list of values of one kind. */
export function listOf<T>(item: v.GenericSchema<unknown, T>): v.GenericSchema<unknown, readonly T[]> {
  return v.array(item);
}

/** Any text, and any number, including NaN where Python wrote one. */
export const text = valuesThat<string>((value) => typeof value === 'string', 'text');
export const number = valuesThat<number>((value) => typeof value === 'number', 'a number');

/** A whole number of at least `least`, and at most `most`. */
export function whole(least: number, most = Infinity): v.GenericSchema<unknown, number> {
  const isWhole = (value: unknown): boolean =>
    Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most;
  const range = most === Infinity ? `of at least ${least}` : `from ${least} to ${most}`;
  return valuesThat<number>(isWhole, `a whole number ${range}`);
}

/** `hiddenSize` for `hidden_size`. */
export type CamelCase<Name extends string> = Name extends `${infer Head}_${infer Tail}`
  ? `${Head}${Capitalize<CamelCase<Tail>>}`
  : Name;

/** The named fields of an object and no others, renamed to camel case: `hiddenSize` for `hidden_size`. */
export function camelCased<const Fields extends v.ObjectEntries>(
  fields: Fields,
): v.GenericSchema<
  unknown,
  { readonly [Name in keyof Fields & string as CamelCase<Name>]: v.InferOutput<Fields[Name]> }
> {
  const rename = (name: string): string => name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());
  const renamed = (value: JsonObject): JsonObject =>
    Object.fromEntries(Object.entries(value).map(([name, field]) => [rename(name), field]));
  return partOf(v.pipe(anyObject, v.object<v.ObjectEntries>(fields), v.transform(renamed)));
}

/** A check of the parts of a value that the program relies on; the value's full type is declared elsewhere. */
export function partOf<T>(schema: v.GenericSchema): v.GenericSchema<unknown, T> {
  return schema as v.GenericSchema<unknown, T>;
}

/** The name and version of a file format of this program. */
export interface FileFormat {
  readonly format: string;
  readonly version: number;
}

/** The file was written by a later version of this program. It is intact, and that version can read it. */
export class LaterFormatError extends InputError {}

/**
 * Checks the format that a file states.
 *
 * @throws InputError for another format or version; LaterFormatError for a later version
 */
export function checkFormat(value: unknown, { format, version }: FileFormat, file: string, advice?: string): void {
  const found = isObject(value) ? value : {};
  if (found.format === format && found.version === version) return;
  const expected = `"${format}" of version ${version}`;
  const got = `${describe(found.format)} of version ${describe(found.version)}`;
  const isLater = found.format === format && Number(found.version) > version;
  if (isLater)
    throw new LaterFormatError(
      `${file}: expected ${expected}, got ${got}${ending(advice === '' ? USE_LATER : advice)}`,
    );
  throw new InputError(`${file}: expected ${expected}, got ${got}${ending(advice)}`);
}

const USE_LATER = 'a later version of kd made it: use that one';

/** Where a value is in its file, such as `model.vocab["a b"]` or `added_tokens[3].id`. */
export type JsonPath = readonly (string | number)[];

/** The longest quotation from a file in a message, in characters. */
const QUOTED = 40;

/**
 * Checks a parsed JSON value against a schema and returns it.
 *
 * @param advice what to do; empty if the caller adds it
 * @throws InputError `file: expected …, got … (place); what to do`, for the first value that is wrong
 */
export function checkJson<Schema extends v.GenericSchema>(
  schema: Schema,
  value: unknown,
  file: string,
  advice?: string,
): v.InferOutput<Schema> {
  const result = v.safeParse(schema, value, { abortEarly: true });
  if (result.success) return result.output;
  const [issue] = result.issues;
  const path = (issue.path ?? []).map(({ key }) => (typeof key === 'number' ? key : String(key)));
  if (issue.kind === 'validation' && issue.type === 'check') throw new InputError(`${file}: ${issue.message}`);
  const expected = issue.type === 'custom' ? wordsFor(issue.expected) : expectedBy(issue);
  throw jsonError({ file, path, expected, got: issue.input, ...(advice === undefined ? {} : { advice }) });
}

function expectedBy({ input, kind, expected }: v.BaseIssue<unknown>): string {
  return input === undefined && kind === 'schema' ? 'a value' : wordsFor(expected);
}

/** A schema for the values of a kind, which also words the error. */
export function ofKind<T>(kind: Kind<T>): v.GenericSchema<T> {
  return valuesThat(kind.is, kind.expected);
}

/** The error for a value of a JSON file that is not what was expected. */
export function jsonError(what: {
  readonly file: string;
  readonly path: JsonPath;
  readonly expected: string;
  readonly got: unknown;
  readonly advice?: string;
}): InputError {
  const { file, path, expected, got, advice } = what;
  const place = path.length === 0 ? '' : ` (${placeOf(path)})`;
  return new InputError(`${file}: expected ${expected}, got ${describe(got)}${place}${ending(advice)}`);
}

function ending(advice = 'get the file again'): string {
  return advice === '' ? '' : `; ${advice}`;
}

/** Formats a path the way a program would write it. */
export function placeOf(path: JsonPath): string {
  return path
    .map((key, index) => {
      if (typeof key === 'number') return `[${key}]`;
      if (!/^[\p{L}_][\p{L}\p{N}_]*$/u.test(key)) return `[${JSON.stringify(short(key))}]`;
      return index === 0 ? key : `.${key}`;
    })
    .join('');
}

/** Describes a JSON value briefly: the value if it is short, else its kind. */
export function describe(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : `a list of ${value.length}`;
  if (typeof value === 'object' && value !== null) return 'an object';
  if (typeof value === 'function' || typeof value === 'symbol') return `a ${typeof value}`; // from a program
  return short(typeof value === 'number' || typeof value === 'bigint' ? String(value) : JSON.stringify(value));
}

function short(text: string): string {
  return text.length <= QUOTED ? text : `${text.slice(0, QUOTED)}…`;
}

const WORDS: ReadonlyMap<string, string> = new Map([
  ['string', 'text'],
  ['boolean', 'true or false'],
  ['number', 'a number'],
  ['Object', 'an object'],
  ['Array', 'a list'],
  ['null', 'null'],
]);

/** Translates the library's terms for what it expected. */
function wordsFor(expected: string | null): string {
  const parts = (expected ?? 'another value').replace(/^\(|\)$/g, '').split(' | ');
  return parts.map((part) => WORDS.get(part) ?? part).join(' or ');
}
