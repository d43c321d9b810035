/** @file What JSON from a file must be before its parts are used: checks that are put together like the types they stand for. */

/** The path of the first part that is not as it should be, as `pairs.0.ko`; undefined where all is. */
export type ShapeCheck = (value: unknown, path?: string) => string | undefined;

const here = (path: string): string => (path === '' ? 'all of it' : path);
const at = (path: string, name: string | number): string => (path === '' ? String(name) : `${path}.${name}`);

const typed =
  (type: 'string' | 'number'): ShapeCheck =>
  (value, path = '') =>
    typeof value === type ? undefined : here(path);

export const aNumber = typed('number');
export const aText = typed('string');

export const orNull =
  (check: ShapeCheck): ShapeCheck =>
  (value, path) =>
    value === null ? undefined : check(value, path);

export const maybe =
  (check: ShapeCheck): ShapeCheck =>
  (value, path) =>
    value === undefined ? undefined : check(value, path);

export const listOf =
  (check: ShapeCheck): ShapeCheck =>
  (value, path = '') =>
    Array.isArray(value) ? firstOf(value.map((each, i) => () => check(each, at(path, i)))) : here(path);

/** An object whose values are all alike, under any names. */
export const recordOf =
  (check: ShapeCheck): ShapeCheck =>
  (value, path = '') =>
    isObject(value)
      ? firstOf(
          Object.entries(value).map(
            ([name, each]) =>
              () =>
                check(each, at(path, name)),
          ),
        )
      : here(path);

/** An object with these fields; it may have others. */
export const objectWith =
  (fields: Readonly<Record<string, ShapeCheck>>): ShapeCheck =>
  (value, path = '') =>
    isObject(value)
      ? firstOf(
          Object.entries(fields).map(
            ([name, check]) =>
              () =>
                check(value[name], at(path, name)),
          ),
        )
      : here(path);

/** Both, in this order. */
export const both =
  (first: ShapeCheck, second: ShapeCheck): ShapeCheck =>
  (value, path) =>
    first(value, path) ?? second(value, path);

function firstOf(checks: readonly (() => string | undefined)[]): string | undefined {
  for (const check of checks) {
    const found = check();
    if (found !== undefined) return found;
  }
  return undefined;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
