import { InputError } from '../errors.js';

/** An element of a JSON array, not yet parsed, and the line it starts on. */
export interface JsonElement {
  readonly text: string;
  readonly line: number;
}

/** Where in a JSON text (RFC 8259) the reading stands. */
interface Position {
  line: number;
  /** Brackets and braces that are open. */
  depth: number;
  inString: boolean;
  /** After a backslash in a string. */
  escaped: boolean;
}

/**
 * Cuts a JSON array into its elements while it is being read, so that memory holds an element and not the file. Throws
 * an `InputError` where the text is no array; whether an element is JSON shows when the caller parses it.
 */
export async function* elementsOf(chunks: AsyncIterable<string>, file: string): AsyncGenerator<JsonElement> {
  const position: Position = { line: 1, depth: 0, inString: false, escaped: false };
  let element = { text: '', line: 1 };
  let [opened, closed, isFirst] = [false, false, true];
  for await (const chunk of chunks) {
    let start = 0; // of the chunk's part of the current element
    for (let i = 0; i < chunk.length; i++) {
      const character = chunk[i];
      const { depth, inString } = position;
      advance(position, character);
      if (depth === 0) {
        if (opened || character !== '[') requireSpace(character, opened, `${file} line ${position.line}`);
        else opened = true;
      } else if (depth === 1 && !inString && (character === ',' || character === ']')) {
        const text = element.text + chunk.slice(start, i);
        closed = character === ']';
        if (!isBlank(text)) yield { text, line: element.line + leadingLineBreaks(text) };
        else if (!(closed && isFirst)) throw missingElement(character, `${file} line ${position.line}`);
        isFirst = false;
      } else continue;
      element = { text: '', line: position.line };
      start = i + 1;
    }
    element.text += chunk.slice(start);
  }
  if (!closed) throw new InputError(`${file} line ${position.line}: expected a JSON array up to its ], got the end of the file`);
}

function advance(position: Position, character: string): void {
  if (character === '\n') position.line++;
  if (position.escaped) position.escaped = false;
  else if (position.inString) {
    position.escaped = character === '\\';
    position.inString = character !== '"';
  } else if (character === '"') position.inString = true;
  else if (character === '[' || character === '{') position.depth++;
  else if (character === ']' || character === '}') position.depth--;
}

function isBlank(text: string): boolean {
  return /^[ \t\r\n]*$/.test(text);
}

function leadingLineBreaks(text: string): number {
  return /^[ \t\r\n]*/.exec(text)![0].split('\n').length - 1;
}

function requireSpace(character: string, afterArray: boolean, where: string): void {
  if (isBlank(character)) return;
  const expected = afterArray ? 'nothing after the array' : 'a JSON array of objects, [{"ko": "…", "en": "…"}, …]';
  throw new InputError(`${where}: expected ${expected}, got ${character}`);
}

function missingElement(character: string, where: string): InputError {
  return new InputError(`${where}: expected an object before ${character}, got nothing; remove the comma`);
}
