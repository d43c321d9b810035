/**
 * @file Splits a delimited text into rows (RFC 4180), and finds lines that are not rows because a quote is not closed.
 */
import { UnreadableFile } from '../unreadable-file.js';
import { hasEscapes, isSound, MOST_BYTES, NONE, RowScan, type ByteMarks, type Found } from './row-scan.js';

/** Bytes that belong together: a row with its line break, or invalid lines. */
export interface Cut {
  readonly bytes: Buffer;
  /** From 1. */
  readonly line: number;
  readonly lastLine: number;
  /** Backslashes escape quotes and separators in it. */
  readonly isEscaped: boolean;
  /** Its quotes match, and it has as many fields as others. */
  readonly isSound: boolean;
  /** Why it is not a row. */
  readonly fault?: string;
}

/** How fields are written. */
export interface CutterOptions {
  /** The quote around fields; empty if quotes are ordinary characters. */
  readonly quote?: string;
  /** The fields of a row; default: those of the first one. */
  readonly width?: number | undefined;
  /** Backslashes are known to escape. */
  readonly isEscaped?: boolean | undefined;
  /** Blanks may precede a quote. */
  readonly isSpaced?: boolean | undefined;
}

const [LINE_FEED, RETURN] = [0x0a, 0x0d];

/**
 * The most unsound rows that are read again with backslashes as escapes, so that a file full of them takes no longer.
 */
const MOST_ATTEMPTS = 16;

/**
 * Cuts a text in UTF-8, piece by piece. A quoted field over several lines that is not closed, or whose closing quote
 * has text after it, began on a line that forgot to close its quote: that line is none of the rows, and the next row is
 * looked for on the line after it. So a bad line costs no sound one.
 *
 * The first row that is unsound by RFC 4180 and sound where backslashes escape quotes and separators, as Spark, MySQL
 * and pandas (`escapechar`) write them, tells that they do in the rest of the file. So does one in which the only
 * quotes within fields stand after backslashes. Whoever wants it for the rows before, too, looks ahead
 * (`look-ahead.ts`).
 */
export class RecordCutter {
  private rest: Buffer = Buffer.alloc(0);
  private line = 1;
  private width: number | undefined;
  private isEscaped: boolean;
  private attempts = 0;
  private readonly marks: ByteMarks;

  /**
   * @param name of the file, for messages
   */
  constructor(
    delimiter: number,
    private readonly name: string,
    { quote = '"', width, isEscaped = false, isSpaced = false }: CutterOptions = {},
  ) {
    this.marks = { delimiter, quote: quote === '' ? NONE : quote.charCodeAt(0), isSpaced };
    this.isEscaped = isEscaped;
    this.width = width;
  }

  /** The rows that end in a chunk, without blank lines. Throws an `UnreadableFile` for a line of over 1 MiB. */
  cut(piece: Buffer): Cut[] {
    return this.cutAll(this.rest.length === 0 ? piece : Buffer.concat([this.rest, piece]), false);
  }

  /** What is left at the end of the text. */
  end(): Cut[] {
    return this.cutAll(this.rest, true);
  }

  private cutAll(bytes: Buffer, isEnd: boolean): Cut[] {
    const cuts: Cut[] = [];
    let at = 0;
    for (;;) {
      at = this.passBlankLines(bytes, at, isEnd);
      if (at === bytes.length) break;
      const found = this.findRow(bytes, at, isEnd);
      if (found === undefined) break;
      const { end, breaks, fields, fault } = found;
      const { line, isEscaped } = this;
      const cut = {
        bytes: bytes.subarray(at, end),
        line,
        lastLine: line + breaks,
        isEscaped,
        isSound: isSound(found, this.width),
      };
      if (fault === undefined) this.width ??= fields;
      cuts.push(fault === undefined ? cut : { ...cut, fault });
      this.line += breaks + 1;
      at = end;
    }
    this.rest = bytes.subarray(at);
    if (this.rest.length > MOST_BYTES) {
      const reason = 'expected a row of at most 1 MiB, got a longer one; end rows with a line break';
      throw new UnreadableFile(this.name, reason, `line ${this.line}`);
    }
    return cuts;
  }

  private passBlankLines(bytes: Buffer, from: number, isEnd: boolean): number {
    let at = from;
    for (; at < bytes.length; at++) {
      if (bytes[at] === RETURN) {
        if (at + 1 === bytes.length && !isEnd) break; // a line feed may follow
        if (bytes[at + 1] === LINE_FEED) at++;
      } else if (bytes[at] !== LINE_FEED) break;
      this.line++;
    }
    return at;
  }

  /** The row at an offset; `undefined` if more bytes are needed to decide. */
  private findRow(bytes: Buffer, at: number, isEnd: boolean): Found | undefined {
    const { marks, width, isEscaped } = this;
    const found = new RowScan(bytes, at, marks, isEnd, isEscaped).run(width);
    if (isEscaped || marks.quote === NONE || found === undefined) return found;
    if (isSound(found, width) && !found.hasEscapedQuote) return found;
    if (this.attempts === MOST_ATTEMPTS || !hasEscapes(bytes.subarray(at, found.end), marks)) return found;
    const other = new RowScan(bytes, at, marks, isEnd, true).run(width);
    if (other === undefined && bytes.length - at <= MOST_BYTES) return undefined;
    this.isEscaped = other !== undefined && isSound(other, width);
    if (this.isEscaped) return other;
    this.attempts++;
    return found;
  }
}
