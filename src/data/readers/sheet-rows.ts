import { UnreadableFileError } from '../unreadable-file.js';
import { readXml, type Attributes, type XmlReader } from './xml.js';

/** A cell with content (ECMA-376, part 1, section 18.3.1.4). */
export interface Cell {
  /** From 0. */
  readonly column: number;
  /**
   * `s`: `value` is the number of a shared string; `n`: a number; `b`: 0 or 1; `d`: a date by ISO 8601; `e`: an error,
   * such as `#NAME?`; `f`: a formula that was saved without its value; `long`: a text that is too long, without it;
   * else it is the text itself.
   */
  readonly type: string;
  readonly value: string;
  /** The index of the style, which formats numbers. */
  readonly style?: number;
}

/** A row of a sheet. */
export interface SheetRow {
  /** The row number that Excel shows, from 1. */
  readonly row: number;
  readonly cells: readonly Cell[];
}

/** Excel's own limit of columns (support.microsoft.com, "Excel specifications and limits"). */
export const MAX_COLUMNS = 16_384;

/** Excel's own limit is 32,767; other programs write longer texts. */
export const MAX_CHARACTERS = 1 << 20;

/** The rows of a sheet's XML, in chunks. Throws an `InputError` for a damaged sheet. */
export function sheetRows(pieces: AsyncIterable<Buffer>, name: string): AsyncGenerator<SheetRow[]> {
  return readXml(pieces, name, new SheetReader(name));
}

class SheetReader implements XmlReader<SheetRow[]> {
  private rows: SheetRow[] = [];
  private row = 0;
  private cells: Cell[] = [];
  private column = -1;
  private type = '';
  private style: number | undefined;
  /** Undefined where it is too long. */
  private value: string | undefined = '';
  private isFormula = false;
  /** Whether inside `<v>`, or a `<t>` that is not phonetic (`<rPh>`). */
  private isValue = false;
  private inPhonetic = false;

  constructor(private readonly name: string) {}

  /** Returns the rows completed since the last call. */
  readonly take = (): SheetRow[] => {
    const { rows } = this;
    this.rows = [];
    return rows;
  };

  readonly open = (tag: string, attributes: Attributes): void => {
    if (tag === 'row') {
      this.row = rowNumber(attributes.r) ?? this.row + 1;
      this.cells = [];
      this.column = -1;
    } else if (tag === 'c') {
      this.column = attributes.r === undefined ? this.column + 1 : columnOf(attributes.r);
      this.type = attributes.t ?? 'n';
      this.style = attributes.s === undefined ? undefined : Number(attributes.s);
      this.value = '';
      this.isFormula = false;
    } else if (tag === 'f') this.isFormula = true;
    else if (tag === 'rPh') this.inPhonetic = true;
    else if (tag === 'v' || tag === 't') this.isValue = !this.inPhonetic;
  };

  readonly close = (tag: string): void => {
    if (tag === 'row') this.rows.push({ row: this.row, cells: this.cells });
    else if (tag === 'c' && (this.value !== '' || this.isUnsaved())) this.endCell();
    else if (tag === 'rPh') this.inPhonetic = false;
    else if (tag === 'v' || tag === 't') this.isValue = false;
  };

  readonly text = (text: string): void => {
    if (this.isValue) this.value = joined(this.value, text);
  };

  /** Whether a cell is a formula without a value. If the value were an empty text, its type would be text. */
  private isUnsaved(): boolean {
    return this.isFormula && this.type !== 'str';
  }

  private endCell(): void {
    const style = this.style === undefined ? {} : { style: this.style };
    const type = this.value === undefined ? 'long' : this.value === '' ? 'f' : this.type;
    this.cells.push({ column: this.column, type, value: unescaped(this.value ?? ''), ...style });
    this.value = '';
    if (this.cells.length > MAX_COLUMNS || this.column >= MAX_COLUMNS)
      throw new UnreadableFileError(
        this.name,
        `expected at most ${MAX_COLUMNS} columns, got more in row ${this.row}; save it as .xlsx again`,
      );
  }
}

/** Joins two pieces of a text; undefined if it is too long for a cell. */
export function joined(text: string | undefined, piece: string): string | undefined {
  return text === undefined || text.length + piece.length > MAX_CHARACTERS ? undefined : text + piece;
}

/** The row number that a row states, if it is one. */
function rowNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}

/** Unescapes characters that XML cannot contain, such as `_x000D_` (ST_Xstring, section 22.9.2.19). */
export function unescaped(text: string): string {
  if (!text.includes('_x')) return text;
  return text.replace(/_x([0-9A-Fa-f]{4})_/g, (_, code: string) => String.fromCharCode(parseInt(code, 16)));
}

/** The column of a cell reference such as `AB12`, from 0. */
function columnOf(place: string): number {
  let column = 0;
  for (let i = 0; i < place.length; i++) {
    const letter = place.charCodeAt(i) & 0xdf; // upper case
    if (letter < 65 || letter > 90) break;
    column = 26 * column + letter - 64;
  }
  return column - 1;
}
