import { UnreadableFile } from '../unreadable-file.js';
import { hexadecimal } from './utf8.js';

/** The largest element in bytes, so that an unclosed bracket or quote is noticed soon. */
const MAX_ELEMENT_BYTES = 1 << 20;

const [TAB, LINE_FEED, RETURN, SPACE] = [0x09, 0x0a, 0x0d, 0x20];
const [QUOTE, COMMA, BACKSLASH] = [0x22, 0x2c, 0x5c];
const [OPEN_BRACKET, CLOSE_BRACKET, OPEN_BRACE, CLOSE_BRACE] = [0x5b, 0x5d, 0x7b, 0x7d];

/** Matches the text before the array of pairs: it ends with the key `data` of the outermost object. */
const DATA_KEY = /(?:^|[{,])\s*"data"\s*:\s*$/;

/** Matches the text before the first object of an array under any key. */
const ARRAY_UNDER_KEY = /(?:^|[{,])\s*"([^"\\]*)"\s*:\s*\[\s*$/;

/** How many bytes before a bracket to search for that key. */
const KEY_BYTES = 160;

const EXPECTED = 'a JSON array of objects, [{"ko": "…", "en": "…"}, …], or one under "data"';

/**
 * Yields, as unparsed texts, the elements of an array, or of the array under the key `data` of an object, or, if keys
 * are excepted, of the arrays of objects under all other keys; for an object without such an array, the object itself.
 * Several such arrays and objects may follow one another, with or without commas in between. The file, which must be
 * UTF-8, is processed in chunks, so that memory holds a chunk and not the file. Throws an `UnreadableFile` if there is
 * no such array or its end is missing. The caller finds out whether an element is JSON (RFC 8259) by parsing it.
 */
export async function* elementsOf(
  pieces: AsyncIterable<Buffer>,
  name: string,
  except?: readonly string[],
): AsyncGenerator<string[]> {
  const cutter = new ElementCutter(name, except);
  for await (const piece of pieces) {
    const elements = cutter.cut(piece);
    if (elements.length > 0) yield elements;
  }
  cutter.end();
}

/** The same for a whole text in UTF-8. */
export function elementsOfBytes(bytes: Buffer, name: string): string[] {
  const cutter = new ElementCutter(name);
  const elements = cutter.cut(bytes);
  cutter.end();
  return elements;
}

class ElementCutter {
  /** The number of open brackets and braces. */
  private depth = 0;
  private inString = false;
  /** Whether the last chunk ended after a backslash in a string. */
  private escaped = false;
  /** The depth inside the array of elements, once it is found. */
  private arrayDepth: number | undefined;
  private state: 'before' | 'inside' | 'after array' | 'after' = 'before';
  /** The part of the current element from earlier chunks. */
  private earlier: Buffer[] = [];
  private earlierBytes = 0;
  private elements: string[] = [];
  private count = 0;
  /** Whether the current array has had no element yet. */
  private isFirst = true;
  private bytes = 0;

  constructor(
    private readonly name: string,
    private readonly except?: readonly string[],
  ) {}

  /** Returns the elements that end in a chunk. */
  cut(piece: Buffer): string[] {
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
      } else if (this.depth === 0 && !isSpace(byte) && !(byte === COMMA && this.state === 'after'))
        throw this.stray(byte);
    }
    this.escaped = i > piece.length; // the chunk ends in a backslash
    this.keep(piece.subarray(start));
    this.bytes += piece.length;
    return this.elements;
  }

  /** Throws if the array or object is not closed. */
  end(): void {
    if (this.state === 'after') return;
    const found =
      this.state === 'before'
        ? 'an empty file'
        : `the end of the file after ${this.bytes} bytes, in element ${this.count + 1}`;
    const expected = this.state === 'before' ? EXPECTED : 'JSON up to its last bracket';
    const state = this.state === 'before' ? 'empty' : 'cut short';
    throw new UnreadableFile(this.name, `expected ${expected}, got ${found}; the file is ${state}`);
  }

  private open(byte: number, piece: Buffer, start: number, i: number): number {
    this.depth++;
    if (this.depth === 1) {
      this.state = 'inside';
      this.arrayDepth = byte === OPEN_BRACE ? undefined : 1;
      this.isFirst = true;
      return byte === OPEN_BRACE ? i : i + 1;
    }
    if (!this.beginsArray(byte, piece.subarray(start, i))) return start;
    this.arrayDepth = 2;
    this.state = 'inside';
    this.isFirst = true;
    this.forget();
    return byte === OPEN_BRACKET ? i + 1 : i;
  }

  private close(byte: number, piece: Buffer, start: number, i: number): number {
    if (this.depth === 0) throw this.stray(byte);
    this.depth--;
    if (this.state === 'inside' && this.arrayDepth !== undefined && this.depth < this.arrayDepth) {
      if (byte !== CLOSE_BRACKET) throw this.faulty('expected ] at the end of the array, got }');
      this.emit(piece.subarray(start, i), ']');
      this.state = 'after array';
      if (this.depth > 0) return i + 1;
    }
    if (this.depth > 0) return start;
    if (this.arrayDepth === undefined) this.emit(piece.subarray(start, i + 1), '}');
    this.forget();
    this.state = 'after';
    return i + 1;
  }

  private emit(last: Buffer, before: string): void {
    const text = (this.earlier.length === 0 ? last : Buffer.concat([...this.earlier, last])).toString('utf8').trim();
    this.forget();
    if (text === '') {
      if (before === ']' && this.isFirst) return; // an empty array
      throw this.faulty(`expected an object before ${before}, got nothing; remove the comma`);
    }
    this.isFirst = false;
    this.elements.push(text);
    this.count++;
  }

  private keep(rest: Buffer): void {
    if (this.state === 'after array') {
      this.earlier = [Buffer.from(Buffer.concat([...this.earlier, rest]).subarray(-KEY_BYTES))]; // may be part of a key
      return;
    }
    if (this.state !== 'inside' || rest.length === 0) return;
    this.earlier.push(rest);
    this.earlierBytes += rest.length;
    if (this.earlierBytes <= MAX_ELEMENT_BYTES) return;
    const expected = this.arrayDepth === undefined ? EXPECTED : 'an object of at most 1 MiB';
    throw this.faulty(`expected ${expected}, got a longer one; close its quotes and brackets`);
  }

  private forget(): void {
    this.earlier = [];
    this.earlierBytes = 0;
  }

  /** Whether a bracket begins an array of elements, or a brace one of objects, after the preceding text. */
  private beginsArray(byte: number, last: Buffer): boolean {
    const isWanted = this.except === undefined ? byte === OPEN_BRACKET && this.depth === 2 : this.depth === 3;
    if (!isWanted || (this.arrayDepth !== undefined && this.state !== 'after array')) return false;
    const bytes = last.length < KEY_BYTES ? Buffer.concat([...this.earlier, last]) : last;
    const before = bytes.subarray(-KEY_BYTES).toString('utf8');
    if (this.except === undefined) return DATA_KEY.test(before);
    const key = byte === OPEN_BRACE ? ARRAY_UNDER_KEY.exec(before)?.[1] : undefined;
    return key !== undefined && !this.except.includes(key);
  }

  private faulty(reason: string): UnreadableFile {
    return new UnreadableFile(this.name, reason, `element ${this.count + 1}`);
  }

  private stray(byte: number): UnreadableFile {
    const expected = this.state === 'before' ? EXPECTED : 'nothing after the last bracket';
    const found = byte > SPACE && byte < 0x7f ? String.fromCharCode(byte) : `the byte ${hexadecimal(byte)}`;
    return new UnreadableFile(this.name, `expected ${expected}, got ${found}`);
  }
}

function isSpace(byte: number): boolean {
  return byte === SPACE || byte === LINE_FEED || byte === RETURN || byte === TAB;
}
