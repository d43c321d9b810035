import stringWidth from 'string-width';
import { cellText, columnSpans, isNumeric, type Table } from './table.js';

const GAP = '  ';

/**
 * A table for a terminal: columns aligned by how wide characters are drawn, a Hangul syllable as wide as two letters.
 * Ends without a line break.
 */
export function textTable(table: Table): string {
  const { title, columns, rows, notes } = table;
  const body = rows.map((cells) => cells.map((cell, i) => cellText(cell, columns[i]!)));
  const titles = columns.map((column) => column.title);
  const widths = columns.map((_, i) => Math.max(...[titles, ...body].map((cells) => stringWidth(cells[i]!))));
  widenForGroups(table, widths);
  const line = (cells: readonly string[]): string =>
    cells
      .map((text, i) => (isNumeric(table, i) ? padStart(text, widths[i]!) : padEnd(text, widths[i]!)))
      .join(GAP)
      .trimEnd();
  const groups = columns.some(({ group }) => group !== undefined) ? [groupLine(table, widths)] : [];
  return [title, ...groups, line(titles), ...body.map(line), ...notes.map((note) => `(${note})`)].join('\n');
}

/** Makes the last column of a group wider where its heading needs it. */
function widenForGroups(table: Table, widths: number[]): void {
  for (const { group = '', from, to } of columnSpans(table))
    widths[to - 1]! += Math.max(0, stringWidth(group) - spanWidth(widths, from, to));
}

function groupLine(table: Table, widths: readonly number[]): string {
  return columnSpans(table)
    .map(({ group = '', from, to }) => padStart(group, spanWidth(widths, from, to)))
    .join(GAP)
    .trimEnd();
}

function spanWidth(widths: readonly number[], from: number, to: number): number {
  return widths.slice(from, to).reduce((sum, width) => sum + width, GAP.length * (to - from - 1));
}

function padStart(text: string, width: number): string {
  return ' '.repeat(Math.max(0, width - stringWidth(text))) + text;
}

function padEnd(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - stringWidth(text)));
}
