/**
 * @file Splits a delimited text into rows (RFC 4180), and finds lines that are not rows because of an unclosed quote.
 */
import { UnreadableFileError } from '../unreadable-file.js';
import { tooLongReason } from './text-lines.js';
import { hasEscapes, isSound, MAX_BYTES, NONE, RowScan, type ByteMarks, type Found } from './row-scan.js';
import { countLineBreaks, isLineBreak } from './utf8.js';

/** Bytes that belong together: a row with its line break, or invalid lines. */
export interface Cut {
  readonly bytes: Buffer;
  /** From 1. */
  readonly line: number;
  readonly lastLine: number;
  /** Whether backslashes escape quotes and separators in it. */
  readonly isEscaped: boolean;
  /** Whether its quotes match and it has as many fields as others. */
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
  /** Whether backslashes are known to escape. */
  readonly isEscaped?: boolean | undefined;
  /** Whether spaces may precede a quote. */
  readonly isSpaced?: boolean | undefined;
}

const [LINE_FEED, RETURN] = [0x0a, 0x0d];

/**
 * How many invalid rows to read again with backslashes as escapes. The limit keeps a file full of them from taking
 * longer.
 */
const MAX_ATTEMPTS = 16;

/**
 * Splits a text in UTF-8 into rows, chunk by chunk. If a quoted field spans several lines and is not closed, or its
 * closing quote is followed by text, the line on which it began lacks its closing quote. That line is not a row, and
 * the next row is searched for on the line after it, so that a bad line does not cost a good one.
 *
 * Backslashes escape from the first row on that is invalid by RFC 4180 but valid if they escape quotes and separators,
 * as Spark, MySQL and pandas (`escapechar`) write them, or in which the only quotes within fields follow backslashes.
 * To apply this to earlier rows as well, look ahead (`look-ahead.ts`).
 */
export class RecordCutter {
  private rest: Buffer = Buffer.alloc(0);
  private line = 1;
  private width: number | undefined;
  private isEscaped: boolean;
  private attempts = 0;
  /** Whether the end of a row that is too long has not been reached. */
  private isPassing = false;
  private readonly marks: ByteMarks;

  /**
   * @param name what messages call the file
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

  /**
   * Returns the rows that end in a chunk, without blank lines, and the faults of rows over 1 MiB. Throws an
   * `UnreadableFileError` if the first row is one, as the file hardly has rows.
   */
  cut(piece: Buffer): Cut[] {
    return this.cutAll(this.rest.length === 0 ? piece : Buffer.concat([this.rest, piece]), false);
  }

  /** Returns the rest at the end of the text. */
  end(): Cut[] {
    return this.cutAll(this.rest, true);
  }

  private cutAll(bytes: Buffer, isEnd: boolean): Cut[] {
    const cuts: Cut[] = [];
    let at = this.isPassing ? this.passTooLong(bytes, isEnd) : 0;
    while (!this.isPassing) {
      at = this.passBlankLines(bytes, at, isEnd);
      if (at === bytes.length) break;
      const found = this.findRow(bytes, at, isEnd);
      if (found === undefined) break;
      const { end, breaks, fields } = found;
      const fault = found.fault ?? (end - at > MAX_BYTES ? this.tooLong() : undefined);
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
    if (!this.isPassing && this.rest.length > MAX_BYTES) cuts.push(this.dropTooLong());
    return cuts;
  }

  /** Drops what has arrived of a row that is too long, so that the rest of its line is passed over. */
  private dropTooLong(): Cut {
    const { line, isEscaped } = this;
    const fault = this.tooLong();
    this.line += countLineBreaks(this.rest);
    this.rest = Buffer.alloc(0);
    this.isPassing = true;
    return { bytes: this.rest, line, lastLine: this.line, isEscaped, isSound: false, fault };
  }

  /** The fault of a row that is too long. Throws an `UnreadableFileError` if it is the first one. */
  private tooLong(): string {
    if (this.width !== undefined) return tooLongReason('row', MAX_BYTES);
    const reason = tooLongReason('row', MAX_BYTES, 'end rows with a line break');
    throw new UnreadableFileError(this.name, reason, `line ${this.line}`);
  }

  /** Passes over the rest of a line that is too long. Returns where the next row begins, if that has arrived. */
  private passTooLong(bytes: Buffer, isEnd: boolean): number {
    const at = bytes.findIndex(isLineBreak);
    if (at === -1) return bytes.length;
    if (bytes[at] === RETURN && at + 1 === bytes.length && !isEnd) return at; // a line feed may follow
    this.isPassing = false;
    this.line++;
    return bytes[at] === RETURN && bytes[at + 1] === LINE_FEED ? at + 2 : at + 1;
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

  /** Finds the row at an offset; `undefined` if more bytes are needed to decide. */
  private findRow(bytes: Buffer, at: number, isEnd: boolean): Found | undefined {
    const { marks, width, isEscaped } = this;
    const found = new RowScan(bytes, at, marks, isEnd, isEscaped).run(width);
    if (isEscaped || marks.quote === NONE || found === undefined) return found;
    if (isSound(found, width) && !found.hasEscapedQuote) return found;
    if (this.attempts === MAX_ATTEMPTS || !hasEscapes(bytes.subarray(at, found.end), marks)) return found;
    const other = new RowScan(bytes, at, marks, isEnd, true).run(width);
    if (other === undefined && bytes.length - at <= MAX_BYTES) return undefined;
    this.isEscaped = other !== undefined && isSound(other, width);
    if (this.isEscaped) return other;
    this.attempts++;
    return found;
  }
}
