import stringWidth from 'string-width';
import { narrowestWidth, padText, wrapText } from '../base/wrap.js';
import { cellText, columnSpans, isNumeric, type Table } from './table.js';

const GAP = '  ';

/** The least width of text columns that must be narrowed, unless they need less. */
const MIN_TEXT = 14;

/**
 * Formats a table for a terminal. Columns are aligned by display width, with a Hangul syllable as wide as two letters.
 * If the table is too wide, texts are wrapped; if that is not enough, the columns are split into several parts below
 * each other, each with the key columns. Ends without a line break.
 *
 * @param room the terminal's columns
 */
export function textTable(table: Table, room = Infinity): string {
  const { title, notes } = table;
  const parts = partsOf(table, room).map((part) => linesOf(part, room).join('\n'));
  const head = title === '' ? [] : wrapText(title, room);
  return [...head, parts.join('\n\n'), ...notes.flatMap((note) => wrapText(`(${note})`, room))].join('\n');
}

/** The widths of a table's columns. */
type Widths = readonly number[];

/** Splits a table into parts that fit the room; one part if it fits. */
function partsOf(table: Table, room: number): Table[] {
  if (widthsIn(table, room) !== undefined) return [table];
  const keys = [...Array(Math.min(table.keys ?? 1, table.columns.length - 1)).keys()];
  const left = room - totalWidth(readableWidths(part(table, keys))) - GAP.length;
  const parts: number[][] = [];
  for (const { from, to } of columnSpans(table).filter((span) => span.to > keys.length)) {
    const span = Array.from({ length: to - from }, (_, i) => from + i);
    const last = parts.at(-1);
    if (last !== undefined && totalWidth(readableWidths(part(table, [...last, ...span]))) <= left) last.push(...span);
    else parts.push(span);
  }
  return parts.map((columns) => part(table, [...keys, ...columns]));
}

/** Selects some of a table's columns. */
function part(table: Table, columns: readonly number[]): Table {
  return {
    ...table,
    columns: columns.map((i) => table.columns[i]!),
    rows: table.rows.map((cells) => columns.map((i) => cells[i]!)),
  };
}

function linesOf(table: Table, room: number): string[] {
  const widths = widthsIn(table, room) ?? leastWidths(table);
  const groups = table.columns.some(({ group }) => group !== undefined) ? [groupLine(table, widths)] : [];
  const titles = table.columns.map(({ title }) => title);
  return [
    ...groups,
    ...rowLines(table, titles, widths, 'bottom'),
    ...bodyOf(table).flatMap((cells) => rowLines(table, cells, widths, 'top')),
  ];
}

/** A row as lines, as many as its longest cell needs. */
function rowLines(table: Table, cells: readonly string[], widths: Widths, at: 'top' | 'bottom'): string[] {
  const wrapped = cells.map((text, i) => wrapText(text, widths[i]!));
  const height = Math.max(...wrapped.map((lines) => lines.length));
  return Array.from({ length: height }, (_, row) =>
    wrapped
      .map((lines, i) => {
        const text = lines[at === 'top' ? row : row - height + lines.length] ?? '';
        return isNumeric(table, i) ? padStart(text, widths[i]!) : padText(text, widths[i]!);
      })
      .join(GAP)
      .trimEnd(),
  );
}

/**
 * Widths that fit the room: wide titles are narrowed first, at the cost of one more line, then texts to
 * widths that are still easy to read, then the widest texts. Undefined if that is not enough.
 */
function widthsIn(table: Table, room: number): Widths | undefined {
  const widths = naturalWidths(table);
  const least = leastWidths(table);
  const body = bodyOf(table);
  const underTitles = least.map((width, i) => Math.max(width, ...body.map((cells) => stringWidth(cells[i]!))));
  for (const limits of [underTitles, readableWidths(table), least]) {
    while (totalWidth(widths) > room) {
      const widest = Math.max(...widths.filter((width, i) => width > limits[i]!));
      if (widest === -Infinity) break;
      widths[widths.findIndex((width, i) => width === widest && width > limits[i]!)]!--;
    }
  }
  return totalWidth(widths) > room ? undefined : widths;
}

/** Widths at which nothing is wrapped. */
function naturalWidths(table: Table): number[] {
  const widths = table.columns.map(({ title }, i) =>
    Math.max(stringWidth(title), ...bodyOf(table).map((cells) => stringWidth(cells[i]!))),
  );
  for (const { group = '', from, to } of columnSpans(table))
    widths[to - 1]! += Math.max(0, stringWidth(group) - spanWidth(widths, from, to));
  return widths;
}

/** The narrowest widths: numbers, and columns under a group heading, are not wrapped; other long words are broken. */
function leastWidths(table: Table): number[] {
  return readableWidths(table, 0).map((width, i) => (isFixed(table, i) ? width : Math.min(width, MIN_TEXT)));
}

/** The narrowest widths at which words stay whole and texts have at least `text` columns, if they are that long. */
function readableWidths(table: Table, text = MIN_TEXT): number[] {
  const natural = naturalWidths(table);
  const body = bodyOf(table);
  return table.columns.map(({ title, group }, i) => {
    if (group !== undefined) return natural[i]!;
    const cells = body.map((row) => (isNumeric(table, i) ? stringWidth(row[i]!) : narrowestWidth(row[i]!)));
    const words = Math.max(...title.split(' ').map((word) => stringWidth(word)), ...cells);
    return isNumeric(table, i) ? words : Math.max(words, Math.min(natural[i]!, text));
  });
}

/** Whether a column is not wrapped at all. */
function isFixed(table: Table, column: number): boolean {
  return table.columns[column]!.group !== undefined || isNumeric(table, column);
}

function bodyOf({ rows, columns }: Table): string[][] {
  return rows.map((cells) => cells.map((cell, i) => cellText(cell, columns[i]!)));
}

function groupLine(table: Table, widths: Widths): string {
  return columnSpans(table)
    .map(({ group = '', from, to }) => padStart(group, spanWidth(widths, from, to)))
    .join(GAP)
    .trimEnd();
}

const totalWidth = (widths: Widths): number => spanWidth(widths, 0, widths.length);

function spanWidth(widths: Widths, from: number, to: number): number {
  return widths.slice(from, to).reduce((sum, width) => sum + width, GAP.length * (to - from - 1));
}

function padStart(text: string, width: number): string {
  return ' '.repeat(Math.max(0, width - stringWidth(text))) + text;
}
