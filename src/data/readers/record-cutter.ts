/** @file Where the rows of a delimited text end (RFC 4180), and which of its lines are none because a quote is not closed. */
import { InputError } from '../../errors.js';

/** Bytes that belong together: a row, with the line break that ends it, or lines that are none. */
export interface Cut {
  readonly bytes: Buffer;
  /** From 1. */
  readonly line: number;
  readonly lastLine: number;
  /** Why it is no row. */
  readonly fault?: string;
}

/** What has not ended after so many bytes is a quote that is not closed, or a file without line breaks. */
const MOST_BYTES = 1 << 20;

const [QUOTE, LINE_FEED, RETURN] = [0x22, 0x0a, 0x0d];

/**
 * Cuts a text in UTF-8, piece by piece. A quoted field over several lines that is not closed, or whose closing quote has
 * text after it, began on a line that forgot to close its quote: that line is none of the rows, and the next row is looked
 * for on the line after it. So a bad line costs no sound one.
 */
export class RecordCutter {
  private rest: Buffer = Buffer.alloc(0);
  private line = 1;
  /** Fields of the first row. */
  private width: number | undefined;

  /** @param name of the file, for messages */
  constructor(
    private readonly delimiter: number,
    private readonly name: string,
  ) {}

  /** What ends in a piece, but for blank lines. Throws an `InputError` for a line of over 1 MiB. */
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
    while (at < bytes.length) {
      const found = new RowScan(bytes, at, this.delimiter, isEnd).run(this.width);
      if (found === undefined) break;
      const isBlank = isLineBreak(bytes[at]);
      if (found.fault === undefined && !isBlank) this.width ??= found.fields;
      const cut = { bytes: bytes.subarray(at, found.end), line: this.line, lastLine: this.line + found.breaks };
      if (found.fault !== undefined) cuts.push({ ...cut, fault: found.fault });
      else if (!isBlank) cuts.push(cut);
      this.line += found.breaks + 1;
      at = found.end;
    }
    this.rest = bytes.subarray(at);
    if (this.rest.length > MOST_BYTES) {
      throw new InputError(`${this.name} line ${this.line}: expected a row of at most 1 MiB, got a longer one; end rows with a line break`);
    }
    return cuts;
  }
}

/** A row or a line that is none. */
interface Found {
  /** After its last byte. */
  readonly end: number;
  /** Line breaks before the one that ends it. */
  readonly breaks: number;
  readonly fields: number;
  readonly fault?: string;
}

/** Reads one row. */
class RowScan {
  private fields = 1;
  /** Line breaks passed, all of them inside quotes. */
  private breaks = 0;
  /** A quote where RFC 4180 allows none. */
  private hasStrayQuote = false;
  /** The first line on which a quoted field begins that goes on over others. */
  private opening: { readonly end: number; readonly breaks: number } | undefined;

  constructor(
    private readonly bytes: Buffer,
    private at: number,
    private readonly delimiter: number,
    private readonly isEnd: boolean,
  ) {}

  /** The row from here on, given the number of fields of others; `undefined` where more bytes are needed to tell. */
  run(width: number | undefined): Found | undefined {
    const start = this.at;
    for (;;) {
      const quoted = this.bytes[this.at] === QUOTE ? this.passQuoted() : 'passed';
      if (quoted === 'open') return this.isEnd || this.bytes.length - start > MOST_BYTES ? this.unclosed() : undefined;
      if (quoted === 'broken') return this.unclosed();
      this.passText();
      if (this.bytes[this.at] !== this.delimiter) break;
      this.at++;
      this.fields++;
    }
    const end = this.passLineBreak();
    if (end === undefined) return undefined;
    const isSwallowed = this.hasStrayQuote && this.opening !== undefined && width !== undefined && this.fields !== width;
    return isSwallowed ? this.unclosed(this.opening) : { end, breaks: this.breaks, fields: this.fields };
  }

  /** Passes a quoted field; says whether it is closed, and by a quote that can be the last one. */
  private passQuoted(): 'passed' | 'open' | 'broken' {
    const { bytes } = this;
    const breaksBefore = this.breaks;
    let lineEnd: number | undefined;
    for (let i = this.at + 1; i < bytes.length; i++) {
      if (bytes[i] === QUOTE) {
        if (bytes[i + 1] === QUOTE) { i++; continue; }
        if (i + 1 === bytes.length && !this.isEnd) return 'open';
        this.at = i + 1;
        if (lineEnd === undefined || this.isFieldEnd()) return 'passed';
        this.opening = { end: lineEnd, breaks: breaksBefore };
        return 'broken';
      }
      if (!isLineBreak(bytes[i])) continue;
      if (bytes[i] === RETURN && bytes[i + 1] === LINE_FEED) i++;
      this.breaks++;
      lineEnd ??= i + 1;
      this.opening ??= { end: lineEnd, breaks: breaksBefore };
    }
    this.opening = lineEnd === undefined ? undefined : { end: lineEnd, breaks: breaksBefore };
    return 'open';
  }

  /** Passes what is not quoted, if anything. */
  private passText(): void {
    const { bytes, delimiter } = this;
    for (; this.at < bytes.length; this.at++) {
      const byte = bytes[this.at];
      if (byte === delimiter || isLineBreak(byte)) return;
      if (byte === QUOTE) this.hasStrayQuote = true;
    }
  }

  /** The place after the line break, or the end of the text. */
  private passLineBreak(): number | undefined {
    const { bytes, at, isEnd } = this;
    if (at === bytes.length) return isEnd ? at : undefined;
    if (bytes[at] !== RETURN) return at + 1;
    if (at + 1 === bytes.length && !isEnd) return undefined; // a line feed may follow
    return bytes[at + 1] === LINE_FEED ? at + 2 : at + 1;
  }

  private isFieldEnd(): boolean {
    const byte = this.bytes[this.at];
    return this.at === this.bytes.length || byte === this.delimiter || isLineBreak(byte);
  }

  /** The lines up to the one whose quote is not closed; `undefined` where that has no end yet. */
  private unclosed(opening = this.opening): Found | undefined {
    const { bytes, fields, isEnd } = this;
    if (opening === undefined && !isEnd) return undefined;
    const { end, breaks } = opening ?? { end: bytes.length, breaks: this.breaks };
    const found = isEnd && end === bytes.length ? 'the end of the file' : 'the next line';
    return { end, breaks, fields, fault: `expected a closing quote, got ${found}; close the quotes of the field` };
  }
}

function isLineBreak(byte: number): boolean {
  return byte === LINE_FEED || byte === RETURN;
}
