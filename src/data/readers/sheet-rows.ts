import { readXml, type Attributes, type XmlReader } from './xml.js';

/** A cell with something in it (ECMA-376, part 1, section 18.3.1.4). */
export interface Cell {
  /** From 0. */
  readonly column: number;
  /** `s`: `value` is the number of a shared string; `e`: it is an error, such as `#NAME?`; else it is the text itself. */
  readonly type: string;
  readonly value: string;
}

export interface SheetRow {
  /** As it is numbered at the sheet's side, from 1. */
  readonly row: number;
  readonly cells: readonly Cell[];
}

/** The rows of a sheet's XML, piece by piece. Throws an `InputError` for a damaged sheet. */
export function sheetRows(pieces: AsyncIterable<Buffer>, name: string): AsyncGenerator<SheetRow[]> {
  return readXml(pieces, name, new SheetReader());
}

class SheetReader implements XmlReader<SheetRow[]> {
  private rows: SheetRow[] = [];
  private row = 0;
  private cells: Cell[] = [];
  private column = -1;
  private type = '';
  private value = '';
  /** Inside `<v>`, or inside a `<t>` that is no reading aid (`<rPh>`). */
  private isValue = false;
  private inPhonetic = false;

  /** The rows that have been closed since the last call. */
  readonly take = (): SheetRow[] => {
    const { rows } = this;
    this.rows = [];
    return rows;
  };

  readonly open = (tag: string, attributes: Attributes): void => {
    if (tag === 'row') {
      this.row = attributes.r === undefined ? this.row + 1 : Number(attributes.r);
      this.cells = [];
      this.column = -1;
    } else if (tag === 'c') {
      this.column = attributes.r === undefined ? this.column + 1 : columnOf(attributes.r);
      this.type = attributes.t ?? 'n';
      this.value = '';
    } else if (tag === 'rPh') this.inPhonetic = true;
    else if (tag === 'v' || tag === 't') this.isValue = !this.inPhonetic;
  };

  readonly close = (tag: string): void => {
    if (tag === 'row') this.rows.push({ row: this.row, cells: this.cells });
    else if (tag === 'c' && this.value !== '') this.cells.push({ column: this.column, type: this.type, value: unescaped(this.value) });
    else if (tag === 'rPh') this.inPhonetic = false;
    else if (tag === 'v' || tag === 't') this.isValue = false;
  };

  readonly text = (text: string): void => {
    if (this.isValue) this.value += text;
  };
}

/** Characters that XML cannot hold are written `_x000D_` (ST_Xstring, section 22.9.2.19). */
export function unescaped(text: string): string {
  if (!text.includes('_x')) return text;
  return text.replace(/_x([0-9A-Fa-f]{4})_/g, (_, code: string) => String.fromCharCode(parseInt(code, 16)));
}

/** The column of a place such as `AB12`, from 0. */
function columnOf(place: string): number {
  let column = 0;
  for (let i = 0; i < place.length; i++) {
    const letter = place.charCodeAt(i) & 0xdf; // capital
    if (letter < 65 || letter > 90) break;
    column = 26 * column + letter - 64;
  }
  return column - 1;
}
