/** @file Checks of parsed JSON from outside, and what is said when it is not as it should be. */
import * as v from 'valibot';
import { InputError } from './errors.js';
import type { Kind } from './kinds.js';

/** A value's place in its file: `model.vocab["a b"]`, `added_tokens[3].id`. */
export type JsonPath = readonly (string | number)[];

/** Longest piece of a file that a message quotes, in characters. */
const QUOTED = 40;

/**
 * Checks a parsed JSON value against a schema and returns it.
 *
 * @throws InputError `file: expected …, got … (place); what to do`, for the first thing that is not as expected
 */
export function checkJson<Schema extends v.GenericSchema>(
  schema: Schema,
  value: unknown,
  file: string,
  advice = 'get the file anew',
): v.InferOutput<Schema> {
  const result = v.safeParse(schema, value, { abortEarly: true });
  if (result.success) return result.output;
  const [issue] = result.issues;
  const path = (issue.path ?? []).map(({ key }) => (typeof key === 'number' ? key : String(key)));
  if (issue.kind === 'validation' && issue.type === 'check') throw new InputError(`${file}: ${issue.message}`);
  const expected = issue.type === 'custom' ? wordsFor(issue.expected) : expectedBy(issue);
  throw jsonError({ file, path, expected, got: issue.input, advice });
}

function expectedBy({ input, kind, expected }: v.BaseIssue<unknown>): string {
  return input === undefined && kind === 'schema' ? 'a value' : wordsFor(expected);
}

/** A schema for the values of a kind; what is wrong is told in the kind's words. */
export function ofKind<T>(kind: Kind<T>): v.GenericSchema<T> {
  return { ...v.custom<T>(kind.is), expects: kind.expected as 'unknown' }; // the library's type of the field
}

/** The error for a value of a JSON file that is not what was expected. */
export function jsonError(what: {
  readonly file: string;
  readonly path: JsonPath;
  readonly expected: string;
  readonly got: unknown;
  readonly advice?: string;
}): InputError {
  const { file, path, expected, got, advice = 'get the file anew' } = what;
  const place = path.length === 0 ? '' : ` (${placeOf(path)})`;
  return new InputError(`${file}: expected ${expected}, got ${describe(got)}${place}; ${advice}`);
}

/** A place as it would be written in a program. */
export function placeOf(path: JsonPath): string {
  return path
    .map((key, index) => {
      if (typeof key === 'number') return `[${key}]`;
      if (!/^[\p{L}_][\p{L}\p{N}_]*$/u.test(key)) return `[${JSON.stringify(short(key))}]`;
      return index === 0 ? key : `.${key}`;
    })
    .join('');
}

/** A JSON value in a few words: itself where it is short, else its kind. */
export function describe(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : `a list of ${value.length}`;
  if (typeof value === 'object' && value !== null) return 'an object';
  return short(JSON.stringify(value));
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

/** The library's words for what it expected, in English. */
function wordsFor(expected: string | null): string {
  const parts = (expected ?? 'another value').replace(/^\(|\)$/g, '').split(' | ');
  return parts.map((part) => WORDS.get(part) ?? part).join(' or ');
}
