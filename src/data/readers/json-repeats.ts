/** @file Finds keys that a JSON object has twice. A parser keeps the last value and does not tell. */
import type { TextColumns } from '../columns.js';

/** A string, or a bracket or brace. */
const STRING_OR_BRACKET = /"[^"\\]*(?:\\.[^"\\]*)*"|[[\]{}]/gs;
const COLON = /\s*:/y;

/** Why a row or a file is not read whose object has one of its columns twice; undefined if none has. */
export function whyRepeated(text: string, columns: TextColumns): string | undefined {
  let keys = known.get(columns);
  if (keys === undefined) known.set(columns, (keys = keysOf(columns)));
  const key = repeatedKey(text, keys);
  return key === undefined ? undefined : `expected each key once in an object, got ${key} twice; keep one of them`;
}

/** A key, and how JSON may have it. */
interface WrittenKey {
  readonly name: string;
  readonly quoted: string;
  /** In lower case, with characters beyond ASCII escaped. */
  readonly escaped: string;
}

/** The keys of columns, since they are needed for every row. */
const known = new WeakMap<TextColumns, readonly WrittenKey[]>();

/** The keys, one by one, that lead to the texts. */
function keysOf({ ko, en, language = '' }: TextColumns): WrittenKey[] {
  const names = new Set([ko, en, language].flatMap((column) => [column, ...column.split('.')]));
  names.delete('');
  return [...names].map((name) => {
    const quoted = JSON.stringify(name);
    return { name, quoted, escaped: inAscii(quoted) };
  });
}

/** The first of some keys that an object in a JSON text has twice, at any depth. */
function repeatedKey(text: string, keys: readonly WrittenKey[]): string | undefined {
  if (!keys.some((key) => occursTwice(text, key))) return undefined;
  const open: (Set<string> | undefined)[] = []; // the keys of each open object; nothing for a list
  for (const { 0: token, index } of text.matchAll(STRING_OR_BRACKET)) {
    if (token === '{') open.push(new Set());
    else if (token === '[') open.push(undefined);
    else if (token === '}' || token === ']') open.pop();
    else {
      COLON.lastIndex = index + token.length;
      const key = COLON.test(text) ? unquoted(token) : undefined;
      if (key === undefined || !keys.some(({ name }) => name === key)) continue;
      const seen = open.at(-1);
      if (seen?.has(key) === true) return key;
      seen?.add(key);
    }
  }
  return undefined;
}

/** Whether a text may have a key twice. This decides for nearly all texts, and is fast. */
function occursTwice(text: string, { quoted, escaped }: WrittenKey): boolean {
  const first = text.indexOf(quoted);
  if (first !== -1 && text.includes(quoted, first + quoted.length)) return true;
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
