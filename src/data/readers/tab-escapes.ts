/**
 * @file Determines whether backslashes escape in a tab-separated file, as from MySQL, Spark or pandas (`escapechar`).
 */
import { boundedLinesOf } from './text-lines.js';
import type { PiecesAgain } from './look-ahead.js';

/** A backslash before something that a tab-separated file could not contain otherwise. */
const ESCAPE = /\\["\t\r\n]/;

/** A row that has not ended after this many characters is not one. */
const MAX_CHARACTERS = 1 << 20;

/** How many characters to look at for one row, which is looked at anew with each of its lines. */
const MAX_LOOKED_AT = 1 << 28;

/**
 * Determines from a whole tab-separated text whether backslashes escape, and if so, what encloses fields: double quotes
 * or nothing. They do if some precede quotes, tabs or line breaks, and that explains every row with too many or too few
 * tabs and, unless quotes are ordinary characters throughout, every quote that does not enclose a field.
 *
 * @param width the number of fields in a row
 */
export async function tabEscapes(pieces: PiecesAgain, width: number): Promise<'"' | '' | undefined> {
  if (!(await hasEscapes(pieces()))) return undefined;
  for (const quote of ['"', ''] as const) if (await explainsAll(pieces(), { width, quote })) return quote;
  return undefined;
}

interface Reading {
  readonly width: number;
  readonly quote: '"' | '';
}

async function explainsAll(pieces: AsyncIterable<Buffer>, reading: Reading): Promise<boolean> {
  let [isSeen, mayGoOn, row, lookedAt] = [false, false, '', 0];
  for await (const lines of boundedLinesOf(pieces)) {
    for (const line of lines) {
      // A line that is too long is no evidence: it is an unreadable row.
      if (line === undefined) {
        [mayGoOn, row] = [false, ''];
        continue;
      }
      // A row with all its fields continues if the next line is not a row.
      if (mayGoOn && fieldsOf(line, reading).length >= reading.width) row = '';
      else if (mayGoOn) isSeen = true;
      lookedAt = row === '' ? line.length : lookedAt + row.length + line.length;
      row = row === '' ? line : `${row}\n${line}`;
      if (row.length > MAX_CHARACTERS || lookedAt > MAX_LOOKED_AT) return false;
      const found = lookAt(row, reading);
      mayGoOn = found === 'whole or open';
      if (found === 'other') return false;
      if (found === 'escaped') isSeen = true;
      if (found === 'escaped' || found === 'plain') row = '';
    }
  }
  return isSeen && (row === '' || mayGoOn);
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

/** The evidence of a row: it continues, has escapes, shows nothing, or makes no sense with escapes. */
type Finding = 'open' | 'whole or open' | 'escaped' | 'plain' | 'other';

function lookAt(row: string, reading: Reading): Finding {
  const { width, quote } = reading;
  const fields = fieldsOf(row, reading);
  const last = fields.at(-1)!;
  if (endsEscaping(last) && fields.length < width) return 'open';
  if (quote !== '' && isOpen(last)) return 'open';
  if (quote !== '' && !fields.every(isSound)) return 'other';
  if (endsEscaping(last) && fields.length === width) return 'whole or open';
  const isPlain = row.split('\t').length === width && !row.includes('\n');
  if (fields.length !== width) return isPlain ? 'other' : 'plain';
  return !isPlain || (quote !== '' && row.includes('\\"')) ? 'escaped' : 'plain';
}

function fieldsOf(row: string, { quote }: Reading): readonly string[] {
  return row.match(quote === '' ? FIELDS : QUOTED_FIELDS) ?? [''];
}

/** Fields between tabs that no backslash escapes. */
const FIELDS = /(?:^|\t)(?:\\[^]|[^\t\\]|\\$)*/g;

/** The same, for fields that may be quoted. */
const QUOTED_FIELDS = /(?:^|\t)(?:"(?:\\[^]|[^"\\])*"(?=\t|$)|(?:\\[^]|[^\t\\]|\\$)*)/g;

/** Whether a text ends with a backslash that escapes the next character. */
function endsEscaping(text: string): boolean {
  let backslashes = 0;
  while (text.at(-1 - backslashes) === '\\') backslashes++;
  return backslashes % 2 === 1;
}

function textOf(field: string): string {
  return field.startsWith('\t') ? field.slice(1) : field;
}

/** Whether a field begins with a quote and does not end with one. */
function isOpen(field: string): boolean {
  return /^"(?:\\[^]|[^"\\])*\\?$/.test(textOf(field));
}

/** Whether all quotes in a field are escaped, or enclose it. */
function isSound(field: string): boolean {
  return /^(?:"(?:\\[^]|[^"\\])*"|(?:\\[^]|[^"\\])*\\?)$/.test(textOf(field));
}
