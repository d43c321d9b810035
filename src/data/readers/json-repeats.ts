/** @file Finds keys that a JSON object has twice. A parser keeps the last value and does not tell. */
import type { TextColumns } from '../columns.js';

/** A string, or a bracket or brace. */
const STRING_OR_BRACKET = /"[^"\\]*(?:\\.[^"\\]*)*"|[[\]{}]/gs;
const COLON = /\s*:/y;

/** Why a row or a file is not read whose object has one of its columns twice; undefined if none has. */
export function whyRepeated(text: string, columns: TextColumns): string | undefined {
  const key = repeatedKey(text, keysOf(columns));
  return key === undefined ? undefined : `expected each key once in an object, got ${key} twice; keep one of them`;
}

/** The keys, one by one, that lead to the texts. */
function keysOf({ ko, en, language = '' }: TextColumns): string[] {
  return [...new Set([ko, en, language].flatMap((column) => [column, ...column.split('.')]))].filter(
    (key) => key !== '',
  );
}

/** The first of some keys that an object in a JSON text has twice, at any depth. */
function repeatedKey(text: string, keys: readonly string[]): string | undefined {
  if (!keys.some((key) => occursTwice(text, key))) return undefined;
  const open: (Set<string> | undefined)[] = []; // the keys of each open object; nothing for a list
  for (const { 0: token, index } of text.matchAll(STRING_OR_BRACKET)) {
    if (token === '{') open.push(new Set());
    else if (token === '[') open.push(undefined);
    else if (token === '}' || token === ']') open.pop();
    else {
      COLON.lastIndex = index + token.length;
      const key = COLON.test(text) ? unquoted(token) : undefined;
      if (key === undefined || !keys.includes(key)) continue;
      const seen = open.at(-1);
      if (seen?.has(key) === true) return key;
      seen?.add(key);
    }
  }
  return undefined;
}

/** Whether a text may have a key twice. This decides for nearly all texts, and is fast. */
function occursTwice(text: string, key: string): boolean {
  const quoted = JSON.stringify(key);
  const first = text.indexOf(quoted);
  if (first !== -1 && text.includes(quoted, first + quoted.length)) return true;
  const escaped = inAscii(quoted);
  if (escaped === quoted) return false;
  const [plain, lower] = [first === -1 ? 0 : 1, text.includes('\\u') ? text.toLowerCase() : ''];
  const other = lower.indexOf(escaped);
  return other !== -1 && (plain === 1 || lower.includes(escaped, other + escaped.length));
}

/** A text in lower case in which characters beyond ASCII are escaped, as Python escapes them in JSON. */
function inAscii(text: string): string {
  const escape = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return text.toLowerCase().replaceAll(/[^ -~]/g, escape);
}

function unquoted(token: string): string | undefined {
  try {
    return JSON.parse(token) as string;
  } catch {
    return undefined;
  }
}
