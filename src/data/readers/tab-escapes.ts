/** @file Whether backslashes escape in a tab-separated file, as MySQL, Spark and pandas (`escapechar`) write them. */
import { linesOf } from './encoding.js';
import type { PiecesAgain } from './look-ahead.js';

/** A backslash that escapes something that a tab-separated file could not hold otherwise. */
const ESCAPE = /\\["\t\r\n]/;

/** What has not ended after so many characters is no row. */
const MOST_CHARACTERS = 1 << 16;

/**
 * Whether backslashes escape in the whole of a tab-separated text: some quotes, tabs or line breaks stand after one,
 * and that explains every quote that encloses no field and every row with too many or too few tabs.
 *
 * @param width fields of a row
 */
export async function areTabsEscaped(pieces: PiecesAgain, name: string, width: number): Promise<boolean> {
  if (!(await hasEscapes(pieces()))) return false;
  let isSeen = false;
  let row = '';
  for await (const lines of linesOf(pieces(), name)) {
    for (const line of lines) {
      row = row === '' ? line : `${row}\n${line}`;
      if (row.length > MOST_CHARACTERS) return false;
      const found = lookAt(row, width);
      if (found === 'other') return false;
      if (found === 'open') continue;
      if (found === 'escaped') isSeen = true;
      row = '';
    }
  }
  return isSeen && row === '';
}

async function hasEscapes(pieces: AsyncIterable<Buffer>): Promise<boolean> {
  let last = '';
  for await (const piece of pieces) {
    const text = last + piece.toString('latin1');
    if (ESCAPE.test(text)) return true;
    last = text.slice(-1);
  }
  return false;
}

/** What a row says: whether it goes on, has something escaped, tells nothing, or makes no sense with escapes. */
function lookAt(row: string, width: number): 'open' | 'escaped' | 'plain' | 'other' {
  const fields = fieldsOf(row);
  const last = fields.at(-1)!;
  if (isOpen(last) || (endsEscaping(last) && fields.length < width)) return 'open';
  if (!fields.every(isSound)) return 'other';
  const isPlain = row.split('\t').length === width && !row.includes('\n');
  if (fields.length !== width) return isPlain ? 'other' : 'plain';
  return !isPlain || row.includes('\\"') ? 'escaped' : 'plain';
}

/** A row cut at the tabs that no backslash escapes and no quotes enclose. */
function fieldsOf(row: string): string[] {
  return row.match(/(?:^|\t)(?:"(?:\\[^]|[^"\\])*"(?=\t|$)|(?:\\[^]|[^\t\\]|\\$)*)/g) ?? [''];
}

/** Whether a text ends with a backslash that escapes what comes after it. */
function endsEscaping(text: string): boolean {
  let backslashes = 0;
  while (text.at(-1 - backslashes) === '\\') backslashes++;
  return backslashes % 2 === 1;
}

function textOf(field: string): string {
  return field.startsWith('\t') ? field.slice(1) : field;
}

/** Whether a field begins with a quote and none is at its end. */
function isOpen(field: string): boolean {
  return /^"(?:\\[^]|[^"\\])*\\?$/.test(textOf(field));
}

/** Whether all quotes in a field are escaped, or enclose it. */
function isSound(field: string): boolean {
  return /^(?:"(?:\\[^]|[^"\\])*"|(?:\\[^]|[^"\\])*\\?)$/.test(textOf(field));
}
