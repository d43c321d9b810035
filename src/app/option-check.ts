/** @file Checks the options, prompts and callbacks that programs give the library. */
import { InputError } from '../base/errors.js';
import { describe, isObject } from '../base/json-schema.js';
import { ANY_TEXT, type Kind } from '../base/kinds.js';
import { unknownName } from '../base/unknown-name.js';

/** What a kind says of a value, without parsing. */
export type OptionKind = Pick<Kind<unknown>, 'expected'> & { readonly is: (value: unknown) => boolean };

/** A list, which may be empty, of values of a kind. */
export function listOf({ expected, is }: OptionKind): OptionKind {
  return { expected: `a list, each ${expected}`, is: (value) => Array.isArray(value) && value.every(is) };
}

/** Options as they were given, without those that are `undefined`. */
type Given<Options> = { readonly [Name in keyof Options]: Exclude<Options[Name], undefined> };

/**
 * The options that a program gives, checked. Those that are `undefined` have their defaults, as if they were left out.
 *
 * @param required the names of those that have no default
 * @throws InputError for anything but an object; naming the first option that has a wrong value, is missing, or does
 *   not exist
 */
export function optionsOf<Options extends object>(
  options: Options,
  kinds: Readonly<Record<string, OptionKind>>,
  required: readonly (keyof Options & string)[] = [],
): Given<Options> {
  const given = givenOf(options);
  for (const [name, value] of Object.entries(given)) {
    const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined;
    if (kind === undefined) throw unknownName('options', Object.keys(kinds), name);
    checkValue('options', name, value, kind);
  }
  const missing = required.find((name) => !Object.hasOwn(given, name));
  if (missing !== undefined)
    throw new InputError(`options: expected ${kinds[missing]!.expected}, got nothing (${missing}); give one`);
  return given;
}

/**
 * The options that a program gives, without those that are `undefined`. Their names and values are not checked.
 *
 * @throws InputError for anything but an object
 */
export function givenOf<Options extends object>(options: Options, where = 'options'): Given<Options> {
  if (!isObject(options))
    throw new InputError(`${where}: expected an object, got ${describe(options)}; give one, or leave it out`);
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Given<Options>;
}

const PROMPTS = listOf(ANY_TEXT);
const CALLBACK: OptionKind = { expected: 'a function', is: (value) => typeof value === 'function' };

/**
 * Checks prompts given by a program.
 *
 * @throws InputError for anything but a list of texts
 */
export function checkPrompts(prompts: unknown): void {
  checkValue('arguments', 'prompts', prompts, PROMPTS);
}

/**
 * Checks the callbacks of a listener.
 *
 * @throws InputError for anything but an object, and for callbacks that are not functions
 */
export function checkListener(listener: object): void {
  for (const [name, callback] of Object.entries(givenOf(listener, 'listener')))
    if (name.startsWith('on')) checkValue('listener', name, callback, CALLBACK);
}

function checkValue(where: string, name: string, value: unknown, { expected, is }: OptionKind): void {
  if (!is(value))
    throw new InputError(`${where}: expected ${expected}, got ${describe(value)} (${name}); give another value`);
}
