/** @file Reads the arrays of a JSON file, each of which may have columns of its own, or no pairs. */
import type { JsonObject } from '../../base/json-schema.js';
import { isNoPairs, type NoPairs, type OnOthers, type Verdict } from '../format.js';
import type { Row } from '../pair.js';
import { MAX_ELEMENT_BYTES } from '../readers/json-cutter.js';
import { elementsOf, type Elements, type ElementText } from '../readers/json-elements.js';
import { isBlank, parseObject, rowsOfText, type ObjectRows } from '../readers/json.js';
import type { JsonArrays } from '../readers/json-arrays.js';
import type { PairSource, Shape } from '../source.js';
import { EXAMINED_ROWS, probeObjects } from './json-objects.js';

/** How many elements to search for objects before an array is recognised. */
const MAX_EXAMINED = 1000;

/** Whether no more elements need to be examined than these: by their number, or by their length. */
export function areEnough(texts: readonly ElementText[]): boolean {
  if (texts.length >= MAX_EXAMINED) return true;
  return texts.reduce((sum, text) => sum + (text?.length ?? 0), 0) > MAX_ELEMENT_BYTES;
}

/**
 * Reads the rows of JSON arrays in UTF-8, bare or under keys. Arrays without pairs among their first objects are passed
 * over, and counted. Throws an `InputError` if the file is truncated or not such an array.
 */
export async function* readJsonArrays(
  pieces: AsyncIterable<Buffer>,
  source: PairSource,
  onOthers?: OnOthers,
): AsyncGenerator<Row[]> {
  const reader = new ArrayReader(source);
  for await (const elements of elementsOf(pieces, source.id, source.arrays?.areKeyed === true)) {
    const rows = reader.add(elements);
    if (rows.length > 0) yield rows;
  }
  yield reader.end();
  if (onOthers !== undefined) reader.tellOthers(onOthers);
}

const NOT_NESTED: JsonArrays = { names: {}, areKeyed: false, areNested: false };

class ArrayReader {
  /** What the arrays hold that have been recognised, by key. */
  private readonly tables = new Map<string | undefined, ObjectRows | NoPairs>();
  /** How many elements those without pairs have. */
  private readonly passedOver = new Map<string | undefined, number>();
  /** The current array, and its elements until it is recognised. */
  private key: string | undefined;
  private waiting: readonly ElementText[] = [];
  private row = 0;

  constructor(private readonly source: PairSource) {}

  /** Returns the rows that are complete. Rows are numbered by their elements, in the arrays that have pairs. */
  add({ key, texts }: Elements): Row[] {
    const before = key === this.key ? [] : this.end();
    this.key = key;
    if (this.tables.has(key)) return [...before, ...this.rowsOf(texts)];
    this.waiting = this.waiting.concat(texts);
    const table = this.recognise();
    if (!('reason' in table)) this.tables.set(key, table);
    return this.tables.has(key) || areEnough(this.waiting) ? [...before, ...this.end()] : before;
  }

  /** Ends the current array, and returns the rows that waited for it to be recognised. */
  end(): Row[] {
    const { waiting } = this;
    if (waiting.length === 0) return [];
    if (!this.tables.has(this.key)) this.tables.set(this.key, this.recognise());
    this.waiting = [];
    return this.rowsOf(waiting);
  }

  /** Tells of the arrays that were passed over. */
  tellOthers(onOthers: OnOthers): void {
    for (const [key, elements] of this.passedOver) {
      const table = this.tables.get(key)!;
      if ('reason' in table) onOthers({ key, elements, reason: table.reason });
    }
  }

  private recognise(): ObjectRows | NoPairs {
    const { id, arrays = NOT_NESTED } = this.source;
    const found = probeElements(this.waiting, id, arrays);
    return isNoPairs(found) ? found : found[0]!;
  }

  private rowsOf(texts: readonly ElementText[]): Row[] {
    const table = this.tables.get(this.key)!;
    if ('reason' in table) {
      this.passedOver.set(this.key, (this.passedOver.get(this.key) ?? 0) + texts.length);
      return [];
    }
    return texts.flatMap((text) => rowsOfText(text, table, { file: this.source.id, row: ++this.row }));
  }
}

/** Determines what elements hold, by the first objects among the first thousand of them. */
export function probeElements(
  texts: readonly ElementText[],
  name: string,
  { names, areNested }: JsonArrays,
  shape: Shape = 'json',
): Verdict {
  const objects: JsonObject[] = [];
  let broken: string | undefined;
  for (const text of texts.slice(0, MAX_EXAMINED)) {
    if (text !== undefined && isBlank(text)) continue;
    const object = parseObject(text);
    if (typeof object === 'string') broken ??= object;
    else if (objects.push(object) === EXAMINED_ROWS) break;
  }
  if (objects.length === 0 && broken !== undefined) return { reason: broken };
  return probeObjects(objects, shape, name, names, areNested);
}
