/** @file Makes a call of the command to the file system fail, or lets a signal come right after it. */

/** A call, and what happens. */
export interface Interception {
  /** The name of a function of `node:fs/promises`. */
  readonly call: 'mkdir' | 'open' | 'rename' | 'rm' | 'readdir';
  /** A regular expression for the path that it is given; of a rename, for the new one. */
  readonly path: string;
  /** How many such calls are let through first; none by default. */
  readonly after?: number;
  /** The code of the error that it throws, each time. */
  readonly error?: string;
  /** What the process gets after the call has done its work, the first time. */
  readonly signal?: NodeJS.Signals;
}

/** The environment in which the command meets that. */
export function intercepted(interception: Interception): Readonly<Record<string, string>> {
  return {
    KD_INTERCEPT: JSON.stringify(interception),
    NODE_OPTIONS: `--import=${new URL('intercept.mjs', import.meta.url).href}`,
  };
}
