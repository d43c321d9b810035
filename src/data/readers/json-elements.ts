/** @file Finds the arrays in a JSON file, and their elements, without parsing them. */
import { ElementCutter, type Elements } from './json-cutter.js';

export type { Elements, ElementText } from './json-cutter.js';

/**
 * Yields, as unparsed texts, the elements of an array, or of the array under the key `data` of an object, and if
 * `areKeyed` of all arrays of objects under other keys, also of objects inside it: `{"result": {"data": [{…}, …]}}`;
 * for an object without such an array, the object itself. Several such arrays and objects may follow one another, with
 * or without commas in between. The file, which must be UTF-8, is processed in chunks, so that memory holds a chunk and
 * not the file; in place of an element that is too long there is nothing. Throws an `UnreadableFileError` if there is
 * no such array or its end is missing. The caller finds out whether an element is JSON (RFC 8259) by parsing it.
 */
export async function* elementsOf(
  pieces: AsyncIterable<Buffer>,
  name: string,
  areKeyed: boolean,
): AsyncGenerator<Elements> {
  const cutter = new ElementCutter(name, areKeyed);
  for await (const piece of pieces) yield* cutter.cut(piece);
  cutter.end();
}

/** The same for a whole text in UTF-8, which is small. */
export function elementsOfBytes(bytes: Buffer, name: string): string[] {
  const cutter = new ElementCutter(name, false);
  const elements = cutter.cut(bytes);
  cutter.end();
  return elements.flatMap(({ texts }) => texts.filter((text) => text !== undefined));
}
