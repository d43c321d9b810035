/** @file Settings that the page remembers for its reader; browsers may forbid this for pages opened from a file. */

const PREFIX = 'kd-report-';

/** The remembered choice, if it is still valid. */
export function recall<Value extends string>(name: string, values: readonly Value[]): Value | undefined {
  try {
    const value = localStorage.getItem(PREFIX + name);
    return values.find((each) => each === value);
  } catch {
    return undefined;
  }
}

/** Remembers a choice for the next visit. */
export function remember(name: string, value: string): void {
  try {
    localStorage.setItem(PREFIX + name, value);
  } catch {
    // it lasts for this visit only
  }
}
