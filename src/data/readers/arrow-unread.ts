/**
 * @file Takes columns whose types the decoder does not know out of the messages of an Arrow stream, so that the others
 * can be read: run-end encoded columns, list views and numbers of 128 bits (format/Schema.fbs).
 */
import type { UnreadColumn } from '../column-faults.js';
import { HEADER } from './arrow-checks.js';
import type { Table } from './flat-buffer.js';

/** Types that the decoder does not know. */
const UNKNOWN_TYPES: Readonly<Record<number, string>> = {
  22: 'run-end encoded columns',
  25: 'list views',
  26: 'list views',
};

/** The bits of the integers that it knows. */
const KNOWN_BITS = [8, 16, 32, 64];

const [NULL, INTEGER, STRUCT, UNION, BINARY_VIEW, TEXT_VIEW] = [1, 2, 13, 14, 23, 24];

/**
 * Buffers of a column by its type, without those of its children (Columnar.html, "Buffer Listing for Each Layout"); 2
 * for all other types. Views have further buffers, counted in each batch.
 */
const BUFFERS: Readonly<Record<number, number>> = {
  [NULL]: 0,
  4: 3,
  5: 3,
  [STRUCT]: 1,
  16: 1,
  19: 3,
  20: 3,
  22: 0,
  25: 3,
  26: 3,
};

/** Dense unions have offsets besides their types. */
const DENSE = 1;

/** The version of metadata since which unions have no validity buffer. */
const VERSION_5 = 4;

/** Bytes of a node, of a buffer, and of a number of buffers. */
const [STRUCT_BYTES, COUNT_BYTES] = [16, 8];

/** A column or a part of one: it has one node in each batch. */
interface Part {
  readonly buffers: number;
  readonly isView: boolean;
  readonly isKept: boolean;
}

/** Takes columns out of messages, which it changes. */
export class UnreadColumns {
  /** The columns that were taken out. */
  readonly columns: UnreadColumn[] = [];
  /** In the order of the nodes in a batch. */
  private parts: Part[] = [];
  private readonly dictionaries = { kept: new Set<number>(), unread: new Set<number>() };
  private isBeforeVersion5 = false;

  /** Takes the columns out of a validated message. Returns false if it has nothing else, so that it must be skipped. */
  takeOut(message: Table): boolean {
    const header = message.table(2);
    const kind = message.byte(1);
    if (header === undefined) return true;
    if (kind === HEADER.schema) {
      this.isBeforeVersion5 = message.byte(0) < VERSION_5;
      this.takeOutFields(header, 1, '');
    } else if (this.columns.length === 0) return true;
    else if (kind === HEADER.batch) this.takeOutData(header);
    else if (kind === HEADER.dictionary) {
      const id = header.long(0);
      return !this.dictionaries.unread.has(id) || this.dictionaries.kept.has(id);
    }
    return true;
  }

  /** Takes fields out of a schema or a structure, and notes the parts of all. */
  private takeOutFields(parent: Table, at: number, path: string): void {
    const fields = parent.tables(at);
    const kept = fields.flatMap((field, i) => {
      const name = `${path}${field.text(0)}`;
      const isStruct = field.byte(2) === STRUCT && field.table(4) === undefined;
      const unknown = isStruct ? undefined : unknownTypeIn(field);
      if (unknown !== undefined) this.columns.push({ name, kind: unknown });
      if (!isStruct) this.noteParts(field, unknown === undefined);
      else {
        this.parts.push(this.partOf(field, true));
        this.takeOutFields(field, 5, `${name}.`);
      }
      return unknown === undefined ? [i] : [];
    });
    if (kept.length < fields.length) parent.keepTables(at, kept);
  }

  private noteParts(field: Table, isKept: boolean): void {
    this.parts.push(this.partOf(field, isKept));
    const dictionary = field.table(4);
    if (dictionary !== undefined) this.dictionaries[isKept ? 'kept' : 'unread'].add(dictionary.long(0));
    else for (const child of field.tables(5)) this.noteParts(child, isKept);
  }

  private partOf(field: Table, isKept: boolean): Part {
    const type = field.byte(2);
    if (field.table(4) !== undefined) return { buffers: 2, isView: false, isKept };
    const isView = type === BINARY_VIEW || type === TEXT_VIEW;
    if (type !== UNION) return { buffers: BUFFERS[type] ?? 2, isView, isKept };
    const isDense = field.table(3)?.byte(0) === DENSE;
    return { buffers: Number(this.isBeforeVersion5) + (isDense ? 2 : 1), isView, isKept };
  }

  private takeOutData(batch: Table): void {
    const counts = batch.vector(4, COUNT_BYTES).map((at) => batch.longAt(at));
    const kept = { nodes: [] as number[], buffers: [] as number[], counts: [] as number[] };
    let [buffer, view] = [0, 0];
    for (const [node, { buffers, isView, isKept }] of this.parts.entries()) {
      const all = buffers + (isView ? (counts[view] ?? 0) : 0);
      if (isKept) {
        kept.nodes.push(node);
        for (let i = 0; i < all; i++) kept.buffers.push(buffer + i);
        if (isView) kept.counts.push(view);
      }
      buffer += all;
      if (isView) view++;
    }
    if (buffer !== batch.vector(2, STRUCT_BYTES).length) throw new Error(`a batch without its ${buffer} buffers`);
    batch.keepElements(1, STRUCT_BYTES, kept.nodes);
    batch.keepElements(2, STRUCT_BYTES, kept.buffers);
    batch.keepElements(4, COUNT_BYTES, kept.counts);
  }
}

/** The type that the decoder does not know, of a column or of anything in it. */
function unknownTypeIn(field: Table): string | undefined {
  const type = field.byte(2);
  const bits = type === INTEGER ? (field.table(3)?.byte(0) ?? 0) : undefined;
  if (bits !== undefined && !KNOWN_BITS.includes(bits)) return `integers of ${bits} bits`;
  const own = UNKNOWN_TYPES[type];
  if (own !== undefined) return own;
  for (const child of field.tables(5)) {
    const inner = unknownTypeIn(child);
    if (inner !== undefined) return inner;
  }
  return undefined;
}
