/** @file Finds the key of an array in the text before it. */

/** Matches the text before the array of pairs: it ends with the key `data` of the outermost object. */
const DATA_KEY = /(?:^|[{,])\s*"data"\s*:\s*$/;

/** Matches the text before the first object of an array under any key, which is in quotes. */
const ARRAY_UNDER_KEY = /(?:^|[{,])\s*("(?:[^"\\]|\\.)*")\s*:\s*\[\s*$/;

/** Matches the text before an object under any key. */
const OBJECT_UNDER_KEY = /(?:^|[{,])\s*("(?:[^"\\]|\\.)*")\s*:\s*$/;

/** How many bytes before a bracket to search for its key. */
export const KEY_BYTES = 400;

/** Returns `data` if a text ends with that key of the outermost object, before its value. */
export function dataKeyBefore(bytes: Buffer): string | undefined {
  return DATA_KEY.test(end(bytes)) ? 'data' : undefined;
}

/** Returns the key of the array that a text ends with, before the first object in it. */
export function keyOfArrayBefore(bytes: Buffer): string | undefined {
  return keyIn(bytes, ARRAY_UNDER_KEY);
}

/** Returns the key that a text ends with, before an object. */
export function keyOfObjectBefore(bytes: Buffer): string | undefined {
  return keyIn(bytes, OBJECT_UNDER_KEY);
}

function keyIn(bytes: Buffer, pattern: RegExp): string | undefined {
  const key = pattern.exec(end(bytes))?.[1];
  return key === undefined ? undefined : unquoted(key);
}

function end(bytes: Buffer): string {
  return bytes.subarray(-KEY_BYTES).toString('utf8');
}

/** The key that a text in quotes stands for; the text itself if it is not JSON. */
function unquoted(text: string): string {
  try {
    return JSON.parse(text) as string;
  } catch {
    return text;
  }
}
