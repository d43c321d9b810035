import { SaxesParser } from 'saxes';
import { messageOf } from '../../base/errors.js';
import { UnreadableFileError } from '../unreadable-file.js';

/** The values of attributes, by name. */
export type Attributes = Readonly<Record<string, string | undefined>>;

/** Builds something from XML as it is parsed. Names of elements come without their namespace's prefix. */
export interface XmlReader<T> {
  readonly open: (tag: string, attributes: Attributes) => void;
  readonly close?: (tag: string) => void;
  readonly text?: (text: string) => void;
  /** Returns what has been built since the last call. */
  readonly take: () => T;
}

/**
 * The most bytes between two tags, which the parser buffers. Many times what a cell may have, so that one that is too
 * long does not end the reading of its sheet.
 */
const MAX_TEXT_BYTES = 1 << 25;

/** The deepest nesting of elements. Sheets have a dozen levels. */
const MAX_LEVELS = 100;

/** The document that an XML text is part of, for messages. */
export interface XmlKind {
  /** The kind of document, such as `a workbook`. */
  readonly document: string;
  /** What to do if it is damaged. */
  readonly remedy: string;
  /** What to do about faults, by the parser's words, that would be there again. */
  readonly remedies?: readonly (readonly [fault: RegExp, remedy: string])[];
}

const WORKBOOK: XmlKind = { document: 'the workbook', remedy: 'save it as .xlsx again' };

/**
 * Parses XML in UTF-8 or, with a byte order mark, UTF-16, without custom entities, and yields what the builder made of
 * each chunk. Throws an `InputError` for anything else.
 */
export async function* readXml<T>(
  pieces: AsyncIterable<Buffer>,
  name: string,
  { open, close, text, take }: XmlReader<T>,
  { document, remedy, remedies = [] }: XmlKind = WORKBOOK,
): AsyncGenerator<T> {
  const place = document === WORKBOOK.document ? ' of a part' : '';
  const parser = new SaxesParser();
  let decode: ((piece: Buffer) => string) | undefined;
  let [bytes, lastTag, depth] = [0, 0, 0];
  const tooMuch = (what: string): UnreadableFileError =>
    new UnreadableFileError(
      name,
      `expected XML of ${document.replace(/^the /, 'a ')}, got ${what} near byte ${bytes}${place}; ${remedy}`,
    );
  parser.on('error', (error) => {
    throw new UnreadableFileError(
      name,
      `expected XML in ${document}, got something else near byte ${bytes}${place} (${messageOf(error)}); ` +
        (remedies.find(([fault]) => fault.test(error.message))?.[1] ?? remedy),
    );
  });
  parser.on('opentag', (tag) => {
    lastTag = bytes;
    if (++depth > MAX_LEVELS) throw tooMuch(`more than ${MAX_LEVELS} elements inside each other`);
    open(localName(tag.name), tag.attributes);
  });
  parser.on('closetag', (tag) => {
    lastTag = bytes;
    depth--;
    close?.(localName(tag.name));
  });
  if (text !== undefined) {
    parser.on('text', text);
    parser.on('cdata', text);
  }
  for await (const piece of pieces) {
    decode ??= decoderFor(piece);
    parser.write(decode(piece));
    bytes += piece.length;
    if (bytes - lastTag > MAX_TEXT_BYTES) throw tooMuch(`more than ${MAX_TEXT_BYTES} bytes without a tag`);
    yield take();
  }
  parser.close();
}

/** Decodes the pieces of an XML text, in the encoding that its first bytes show (XML 1.0, section 4.3.3). */
function decoderFor(start: Buffer): (piece: Buffer) => string {
  const mark = start.subarray(0, 2).toString('hex');
  const decoder = new TextDecoder(mark === 'fffe' ? 'utf-16le' : mark === 'feff' ? 'utf-16be' : 'utf-8');
  return (piece) => decoder.decode(piece, { stream: true });
}

/** Returns the elements of a short XML text. Names of attributes come without their prefix, too. */
export async function elementsOfXml(
  pieces: AsyncIterable<Buffer>,
  name: string,
): Promise<{ readonly tag: string; readonly attributes: Attributes }[]> {
  const elements: { tag: string; attributes: Attributes }[] = [];
  const open = (tag: string, attributes: Attributes): void => {
    elements.push({
      tag,
      attributes: Object.fromEntries(Object.entries(attributes).map(([key, value]) => [localName(key), value])),
    });
  };
  for await (const count of readXml(pieces, name, { open, take: () => elements.length }))
    if (count > MAX_ELEMENTS) break;
  return elements;
}

/** The most elements; no list of sheets has as many. */
const MAX_ELEMENTS = 100_000;

function localName(name: string): string {
  const colon = name.indexOf(':');
  return colon === -1 ? name : name.slice(colon + 1);
}
