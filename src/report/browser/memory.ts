/** @file Settings that the page remembers for its reader; a page opened from a file may not be allowed to. */

const PREFIX = 'kd-report-';

/** A choice made before, if it is one of those that there are. */
export function recall<Value extends string>(name: string, values: readonly Value[]): Value | undefined {
  try {
    const value = localStorage.getItem(PREFIX + name);
    return values.find((each) => each === value);
  } catch {
    return undefined;
  }
}

/** Keeps a choice for the next time. */
export function remember(name: string, value: string): void {
  try {
    localStorage.setItem(PREFIX + name, value);
  } catch {
    // it holds for this time
  }
}
