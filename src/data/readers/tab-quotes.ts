/**
 * @file Determines whether quotes enclose fields in a tab-separated file. In most such files a quote is an ordinary
 * character and a line is a row, but Excel, pandas and others quote fields by the rules of CSV.
 */
import { isLineBreak } from './utf8.js';

const [TAB, LINE_FEED, RETURN, COMMA, QUOTE] = [0x09, 0x0a, 0x0d, 0x2c, 0x22];

/** A quoted field that has not ended after this many bytes is not one. */
const MAX_BYTES = 1 << 20;

/**
 * Determines from a whole tab-separated text in UTF-8 whether quotes enclose fields. They do if every field that begins
 * with a quote is closed by one at its end, has its inner quotes doubled, and
 * - is on one line and needs its quotes, as it contains a comma or a quote (Excel quotes both); if inner quotes are
 *   doubled anywhere in the file, other fields may be quoted as well; or
 * - is on several lines, one of which has too few or too many tabs to be a row.
 *
 * @param width the number of fields in a row
 */
export async function areFieldsQuoted(pieces: AsyncIterable<Buffer>, width: number): Promise<boolean> {
  const scan = new QuoteScan(width);
  for await (const piece of pieces) if (!scan.pass(piece, false)) return false;
  return scan.pass(Buffer.alloc(0), true) && scan.areQuoted;
}

class QuoteScan {
  /** The unfinished input, from the beginning of a line; its first bytes have been examined. */
  private rest: Buffer = Buffer.alloc(0);
  private seen = 0;
  /** Counts of fields that need their quotes and of fields that do not, and whether inner quotes are doubled. */
  private needed = 0;
  private needless = 0;
  private hasDoubled = false;

  constructor(private readonly width: number) {}

  get areQuoted(): boolean {
    return this.needed > 0 && (this.needless === 0 || this.hasDoubled);
  }

  /** Examines the next bytes. Returns false at a quote that does not enclose a field. */
  pass(piece: Buffer, isEnd: boolean): boolean {
    const bytes = this.rest.length === 0 ? piece : Buffer.concat([this.rest, piece]);
    let at = this.seen;
    this.seen = 0;
    for (let quote = bytes.indexOf(QUOTE, at); quote !== -1; quote = bytes.indexOf(QUOTE, at)) {
      at = quote + 1;
      if (quote > 0 && bytes[quote - 1] !== TAB && !isLineBreak(bytes[quote - 1])) continue;
      const close = closingQuote(bytes, quote);
      const lineEnd = close === undefined ? undefined : endOfLine(bytes, close, isEnd);
      if (close === undefined || lineEnd === undefined) {
        const start = startOfLine(bytes, quote);
        this.rest = bytes.subarray(start);
        return !isEnd && this.rest.length <= MAX_BYTES;
      }
      const after = bytes[close + 1]!;
      if (close + 1 < bytes.length && after !== TAB && !isLineBreak(after)) return false;
      if (!this.count(bytes.subarray(quote + 1, close), bytes.subarray(startOfLine(bytes, quote), lineEnd)))
        return false;
      at = close + 1;
    }
    const start = startOfLine(bytes, bytes.length);
    this.rest = bytes.subarray(start);
    this.seen = Math.max(0, at - start);
    return this.rest.length <= MAX_BYTES;
  }

  private count(field: Buffer, lines: Buffer): boolean {
    if (field.includes(LINE_FEED) || field.includes(RETURN)) {
      const isRow = (line: string): boolean => line.split('\t').length === this.width;
      if (
        lines
          .toString('latin1')
          .split(/\r\n|\n|\r/)
          .every(isRow)
      )
        return false;
      this.needed++;
      return true;
    }
    const isDoubled = field.includes(QUOTE);
    if (isDoubled) this.hasDoubled = true;
    if (isDoubled || field.includes(COMMA) || field.includes(TAB)) this.needed++;
    else this.needless++;
    return true;
  }
}

/** The offset of the quote that closes a field; quotes in it are doubled. */
function closingQuote(bytes: Buffer, open: number): number | undefined {
  for (let at = bytes.indexOf(QUOTE, open + 1); at !== -1; at = bytes.indexOf(QUOTE, at + 2)) {
    if (bytes[at + 1] !== QUOTE) return at;
  }
  return undefined;
}

/** The end of the line at an offset; `undefined` if it has not arrived. */
function endOfLine(bytes: Buffer, from: number, isEnd: boolean): number | undefined {
  for (let at = from; at < bytes.length; at++) if (isLineBreak(bytes[at])) return at;
  return isEnd ? bytes.length : undefined;
}

function startOfLine(bytes: Buffer, from: number): number {
  for (let at = from; at > 0; at--) if (isLineBreak(bytes[at - 1])) return at;
  return 0;
}
