/** @file Scans one row of a delimited text: where it ends, and whether it is valid. */
import { isLineBreak } from './utf8.js';

/** A row that has not ended after this many bytes has an unclosed quote, or the file has no line breaks. */
export const MAX_BYTES = 1 << 20;

const [LINE_FEED, RETURN, SPACE, BACKSLASH] = [0x0a, 0x0d, 0x20, 0x5c];

/** A value that no byte has. */
export const NONE = -1;

/** The separator and the quote, as bytes. */
export interface ByteMarks {
  readonly delimiter: number;
  readonly quote: number;
  readonly isSpaced: boolean;
}

/** A row, or an invalid line. */
export interface Found {
  /** The offset after its last byte. */
  readonly end: number;
  /** The number of line breaks before the one that ends it. */
  readonly breaks: number;
  readonly fields: number;
  /** Whether text follows a closing quote. */
  readonly isMalformed: boolean;
  /** Whether there are quotes within fields and all of them follow backslashes. */
  readonly hasEscapedQuote?: boolean;
  readonly fault?: string;
}

/** Whether a row is well formed and has the right number of fields. */
export function isSound({ isMalformed, fault, fields }: Found, width: number | undefined): boolean {
  return !isMalformed && fault === undefined && (width === undefined || fields === width);
}

/** Whether a backslash precedes a quote, a separator or a line break. */
export function hasEscapes(bytes: Buffer, { delimiter, quote }: ByteMarks): boolean {
  for (let at = bytes.indexOf(BACKSLASH); at !== -1; at = bytes.indexOf(BACKSLASH, at + 1)) {
    const next = bytes[at + 1]!;
    if (next === quote || next === delimiter || isLineBreak(next)) return true;
  }
  return false;
}

/** Reads one row. */
export class RowScan {
  private fields = 1;
  /** The number of line breaks so far, all of them inside quotes. */
  private breaks = 0;
  /** Whether there was a quote where RFC 4180 allows none. */
  private hasStrayQuote = false;
  /** Whether there was one without, and one with, a backslash before it. */
  private hasBareQuote = false;
  private hasEscapedQuote = false;
  private width: number | undefined;
  /** Whether the row ends here depends on bytes that have not arrived. */
  private needsMore = false;
  private isMalformed = false;
  /** The first line on which a multi-line quoted field begins. */
  private opening: { readonly end: number; readonly breaks: number } | undefined;

  constructor(
    private readonly bytes: Buffer,
    private at: number,
    private readonly marks: ByteMarks,
    private readonly isEnd: boolean,
    private readonly isEscaped: boolean,
  ) {}

  /** Scans the row, given the number of fields of others; `undefined` if more bytes are needed to decide. */
  run(width: number | undefined): Found | undefined {
    const start = this.at;
    this.width = width;
    const { delimiter, quote, isSpaced } = this.marks;
    for (;;) {
      if (isSpaced) this.passBlanksBeforeQuote();
      const quoted = this.bytes[this.at] === quote ? this.passQuoted() : 'passed';
      if (quoted === 'open') return this.isEnd || this.bytes.length - start > MAX_BYTES ? this.unclosed() : undefined;
      if (quoted === 'broken') return this.unclosed();
      this.passText();
      if (this.bytes[this.at] !== delimiter) break;
      this.at++;
      this.fields++;
    }
    const end = this.passLineBreak();
    if (end === undefined || (this.needsMore && this.bytes.length - start <= MAX_BYTES)) return undefined;
    const isSwallowed =
      this.hasStrayQuote && this.opening !== undefined && width !== undefined && this.fields !== width;
    if (isSwallowed) return this.unclosed(this.opening);
    const { breaks, fields, isMalformed } = this;
    return { end, breaks, fields, isMalformed, hasEscapedQuote: this.hasEscapedQuote && !this.hasBareQuote };
  }

  private passBlanksBeforeQuote(): void {
    let { at } = this;
    while (this.bytes[at] === SPACE) at++;
    if (this.bytes[at] === this.marks.quote) this.at = at;
  }

  /** Skips a quoted field. Returns whether it is closed, and by a quote that can end a field. */
  private passQuoted(): 'passed' | 'open' | 'broken' {
    const { bytes, isEscaped } = this;
    const { quote } = this.marks;
    const breaksBefore = this.breaks;
    let lineEnd: number | undefined;
    for (let i = this.at + 1; i < bytes.length; i++) {
      const byte = bytes[i]!;
      if (byte === quote) {
        if (bytes[i + 1] === quote) {
          i++;
          continue;
        }
        if (i + 1 === bytes.length && !this.isEnd) return 'open';
        this.at = i + 1;
        if (this.isFieldEnd()) return 'passed';
        this.isMalformed = true;
        if (lineEnd === undefined) return 'passed';
        this.opening = { end: lineEnd, breaks: breaksBefore };
        return 'broken';
      }
      if (byte === BACKSLASH && isEscaped && !isLineBreak(bytes[i + 1])) {
        i++;
        continue;
      }
      if (!isLineBreak(byte)) continue;
      if (byte === RETURN && bytes[i + 1] === LINE_FEED) i++;
      this.breaks++;
      lineEnd ??= i + 1;
      this.opening ??= { end: lineEnd, breaks: breaksBefore };
    }
    this.opening = lineEnd === undefined ? undefined : { end: lineEnd, breaks: breaksBefore };
    return 'open';
  }

  /** Skips unquoted text, if any. */
  private passText(): void {
    const { bytes, isEscaped } = this;
    const { delimiter, quote } = this.marks;
    for (; this.at < bytes.length; this.at++) {
      const byte = bytes[this.at]!;
      if (byte === delimiter || isLineBreak(byte)) return;
      if (byte === quote) this.noteQuote();
      else if (byte === BACKSLASH && isEscaped && this.escapesNext()) this.at++;
    }
  }

  /** Records a quote in unquoted text. */
  private noteQuote(): void {
    this.hasStrayQuote = true;
    let backslashes = 0;
    while (this.bytes[this.at - 1 - backslashes] === BACKSLASH) backslashes++;
    if (backslashes % 2 === 1) this.hasEscapedQuote = true;
    else this.hasBareQuote = true;
  }

  /** Whether a backslash escapes the next character: a line break only if the row continues after it (MySQL). */
  private escapesNext(): boolean {
    const { bytes, at } = this;
    if (!isLineBreak(bytes[at + 1])) return true;
    const isPair = bytes[at + 1] === RETURN && bytes[at + 2] === LINE_FEED;
    if (!this.goesOn(at + (isPair ? 3 : 2))) return false;
    this.breaks++;
    if (isPair) this.at++;
    return true;
  }

  /** Whether the line at an offset is the rest of this row, because it has too few fields or is not a row. */
  private goesOn(next: number): boolean {
    const { bytes, width, isEnd } = this;
    if (width === undefined) return false;
    if (this.fields < width) return true;
    let fields = 1;
    let at = next;
    for (; at < bytes.length && !isLineBreak(bytes[at]) && fields < width; at++) {
      if (bytes[at] === BACKSLASH && !isLineBreak(bytes[at + 1])) at++;
      else if (bytes[at] === this.marks.delimiter) fields++;
    }
    if (at >= bytes.length && !isEnd) this.needsMore = true;
    return fields < width && next < bytes.length;
  }

  /** The offset after the line break, or the end of the text. */
  private passLineBreak(): number | undefined {
    const { bytes, isEnd } = this;
    const at = Math.min(this.at, bytes.length); // after a backslash at the end of a chunk
    if (at === bytes.length) return isEnd ? at : undefined;
    if (bytes[at] !== RETURN) return at + 1;
    if (at + 1 === bytes.length && !isEnd) return undefined; // a line feed may follow
    return bytes[at + 1] === LINE_FEED ? at + 2 : at + 1;
  }

  private isFieldEnd(): boolean {
    const byte = this.bytes[this.at]!;
    return this.at === this.bytes.length || byte === this.marks.delimiter || isLineBreak(byte);
  }

  /** Returns the lines up to the one with the unclosed quote; `undefined` if that has not ended yet. */
  private unclosed(opening = this.opening): Found | undefined {
    const { bytes, fields, isEnd, isMalformed } = this;
    if (opening === undefined && !isEnd) return undefined;
    const { end, breaks } = opening ?? { end: bytes.length, breaks: this.breaks };
    const found = isEnd && end === bytes.length ? 'the end of the file' : 'the next line';
    const fault = `expected a closing quote, got ${found}; close the quotes of the field`;
    return { end, breaks, fields, isMalformed, fault };
  }
}
