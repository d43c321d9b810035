/** @file Cuts JSON into the elements of its arrays, without parsing them. */
import { UnreadableFileError } from '../unreadable-file.js';
import { EarlierBytes } from './earlier-bytes.js';
import { dataKeyBefore, keyOfArrayBefore, keyOfObjectBefore } from './json-keys.js';
import { hexadecimal } from './utf8.js';

/**
 * The largest element of an array, or object outside arrays, in bytes, so that an unclosed bracket or quote does not
 * fill memory. An element may be a document with a list of its sentences.
 */
export const MAX_ELEMENT_BYTES = 1 << 24;

/** Where only the array under `data` is sought, it begins within as many bytes. */
const MAX_BYTES_BEFORE_DATA = 1 << 20;

/** Why an element cannot be read that is longer. */
export const TOO_LONG =
  `expected an object of at most ${MAX_ELEMENT_BYTES >> 20} MiB, got a longer one; close its quotes and brackets, ` +
  'or shorten it';

/** White space, and what else may stand between values (see `parseLeniently`): a byte order mark, U+001E, U+001A. */
const BETWEEN: ReadonlySet<number> = new Set([0x09, 0x0a, 0x0d, 0x20, 0xef, 0xbb, 0xbf, 0x1e, 0x1a]);

/** What stands where a value or nothing was expected, as far as it is shown. */
const WORD = /^[!-~]+/;
const MAX_SHOWN = 20;
const COMMENT = /^(?:\/[/*]|#)/;
const [QUOTE, COMMA, BACKSLASH] = [0x22, 0x2c, 0x5c];
const [OPEN_BRACKET, CLOSE_BRACKET, OPEN_BRACE, CLOSE_BRACE] = [0x5b, 0x5d, 0x7b, 0x7d];

const EXPECTED = 'a JSON array of objects, [{"ko": "…", "en": "…"}, …], or one under "data"';

/** Consecutive elements of an array, or objects that are in none. */
export interface Elements {
  /** The keys that lead to the array, joined by dots; absent for an array, or objects, at the top. */
  readonly key: string | undefined;
  readonly texts: ElementText[];
}

/** An unparsed element, or nothing where it has more than `MAX_ELEMENT_BYTES`; its text is not kept. */
export type ElementText = string | undefined;

/** Cuts a text in UTF-8 into elements, chunk by chunk. */
export class ElementCutter {
  /** The number of open brackets and braces. */
  private depth = 0;
  private inString = false;
  /** Whether the last chunk ended after a backslash in a string. */
  private escaped = false;
  /** The depth inside the array of elements, once it is found. */
  private arrayDepth: number | undefined;
  /** How many of the open brackets, from the first, are braces, and the keys of those after the first. */
  private objects = 0;
  private readonly path: string[] = [];
  /** Whether the current element has too many bytes. Arrays are still searched for in an object outside arrays. */
  private isOversized = false;
  private state: 'before' | 'inside' | 'after array' | 'after' = 'before';
  /** The part of the current element from earlier chunks. */
  private readonly earlier = new EarlierBytes();
  /** Those that ended in the current chunk. */
  private elements: Elements[] = [];
  /** The key of the current array. */
  private key: string | undefined;
  private count = 0;
  /** Whether the current array has had no element yet. */
  private isFirst = true;
  private bytes = 0;

  constructor(
    private readonly name: string,
    private readonly areKeyed: boolean,
  ) {}

  /** Returns the elements that end in a chunk. */
  cut(piece: Buffer): readonly Elements[] {
    this.elements = [];
    let start = 0; // of the current element's part in this chunk
    let i = 0;
    if (this.escaped) i = 1;
    this.escaped = false;
    for (; i < piece.length; i++) {
      const byte = piece[i]!;
      if (this.inString) {
        if (byte === BACKSLASH) i++;
        else if (byte === QUOTE) this.inString = false;
      } else if (byte === QUOTE && this.depth > 0) this.inString = true;
      else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) start = this.open(byte, piece, start, i);
      else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) start = this.close(byte, piece, start, i);
      else if (byte === COMMA && this.depth === this.arrayDepth && this.state === 'inside') {
        this.emit(piece.subarray(start, i), ',');
        start = i + 1;
      } else if (this.depth === 0 && !BETWEEN.has(byte) && !(byte === COMMA && this.state === 'after'))
        throw this.stray(piece, i);
    }
    this.escaped = i > piece.length; // the chunk ends in a backslash
    this.keep(piece.subarray(start));
    this.bytes += piece.length;
    return this.elements;
  }

  /** Throws if the array or object is not closed. */
  end(): void {
    if (this.state === 'after') return;
    if (this.isOversized && this.state === 'inside') throw this.faulty(TOO_LONG);
    const again = 'download or write it again';
    if (this.state === 'before') {
      const found = this.bytes === 0 ? 'an empty file' : 'nothing but blanks';
      throw new UnreadableFileError(this.name, `expected ${EXPECTED}, got ${found}; ${again}`);
    }
    const found = `the end of the file after ${this.bytes} bytes, in element ${this.count + 1}`;
    throw new UnreadableFileError(this.name, `expected JSON up to its last bracket, got ${found}; ${again}`);
  }

  private open(byte: number, piece: Buffer, start: number, i: number): number {
    this.depth++;
    if (this.depth === 1) {
      this.state = 'inside';
      this.arrayDepth = byte === OPEN_BRACE ? undefined : 1;
      this.isFirst = true;
      this.key = undefined;
      this.objects = byte === OPEN_BRACE ? 1 : 0;
      this.isOversized = false;
      return byte === OPEN_BRACE ? i : i + 1;
    }
    const key = this.keyOfArray(byte, piece.subarray(start, i));
    if (key === undefined) return start;
    this.key = key;
    this.isOversized = false;
    this.arrayDepth = byte === OPEN_BRACKET ? this.depth : this.depth - 1;
    this.state = 'inside';
    this.isFirst = true;
    this.earlier.clear();
    return byte === OPEN_BRACKET ? i + 1 : i;
  }

  private close(byte: number, piece: Buffer, start: number, i: number): number {
    if (this.depth === 0) throw this.stray(piece, i);
    this.depth--;
    this.objects = Math.min(this.objects, this.depth);
    if (this.state === 'inside' && this.arrayDepth !== undefined && this.depth < this.arrayDepth) {
      if (byte !== CLOSE_BRACKET)
        throw this.faulty('expected ] at the end of the array, got }; close its brackets in their order');
      this.emit(piece.subarray(start, i), ']');
      this.state = 'after array';
      if (this.depth > 0) return i + 1;
    }
    if (this.depth > 0) return start;
    if (this.arrayDepth === undefined) this.emit(piece.subarray(start, i + 1), '}');
    this.earlier.clear();
    this.state = 'after';
    return i + 1;
  }

  private emit(last: Buffer, before: string): void {
    const text = this.isOversized ? undefined : this.earlier.with(last).toString('utf8').trim();
    this.earlier.clear();
    this.isOversized = false;
    if (text === '') {
      if (before === ']' && this.isFirst) return; // an empty array
      throw this.faulty(`expected an object before ${before}, got nothing; remove the comma`);
    }
    this.isFirst = false;
    const group = this.elements.at(-1);
    if (group !== undefined && group.key === this.key) group.texts.push(text);
    else this.elements.push({ key: this.key, texts: [text] });
    this.count++;
  }

  private keep(rest: Buffer): void {
    if (this.state === 'after array' || this.isOversized) {
      this.earlier.keepEnd(rest); // may be part of a key
      return;
    }
    if (this.state !== 'inside' || rest.length === 0) return;
    this.earlier.add(rest);
    const isFirst = this.arrayDepth === undefined && this.count === 0;
    if (isFirst && !this.areKeyed && this.earlier.bytes > MAX_BYTES_BEFORE_DATA)
      throw this.faulty(`expected ${EXPECTED}, got a longer one; close its quotes and brackets`);
    if (this.earlier.bytes <= MAX_ELEMENT_BYTES) return;
    this.isOversized = true;
    this.earlier.keepEnd(Buffer.alloc(0));
  }

  /**
   * The keys of the array that a bracket begins or, with its first object, a brace, by the preceding text. Notes the
   * keys of the objects that lead to it.
   */
  private keyOfArray(byte: number, last: Buffer): string | undefined {
    if (this.arrayDepth !== undefined && this.state !== 'after array') return undefined;
    const isWithin = this.objects === this.depth - 1; // only braces are open
    if (byte === OPEN_BRACKET)
      return isWithin && this.depth === 2 ? dataKeyBefore(this.earlier.endWith(last)) : undefined;
    if (!this.areKeyed) return undefined;
    if (isWithin) {
      this.path[this.depth - 2] = keyOfObjectBefore(this.earlier.endWith(last)) ?? '';
      this.objects = this.depth;
      return undefined;
    }
    if (this.objects !== this.depth - 2) return undefined;
    const key = keyOfArrayBefore(this.earlier.endWith(last));
    return key === undefined ? undefined : [...this.path.slice(0, this.objects - 1), key].join('.');
  }

  private faulty(reason: string): UnreadableFileError {
    return new UnreadableFileError(this.name, reason, `element ${this.count + 1}`);
  }

  private stray(piece: Buffer, at: number): UnreadableFileError {
    const isStart = this.state === 'before';
    const expected = isStart ? EXPECTED : 'nothing after the last bracket';
    const word = WORD.exec(piece.toString('latin1', at, at + MAX_SHOWN))?.[0];
    const remedy =
      word !== undefined && COMMENT.test(word)
        ? 'remove the comments'
        : isStart
          ? 'write an object for each pair'
          : 'remove what follows it';
    const found = word ?? `the byte ${hexadecimal(piece[at]!)}`;
    return new UnreadableFileError(this.name, `expected ${expected}, got ${found}; ${remedy}`);
  }
}
