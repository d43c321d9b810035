import { escapeMarkdown } from '../base/markdown.js';
import { cellText, isNumeric, type Table } from './table.js';

/** Tables in GitHub's Markdown. */
export function markdownTables(tables: readonly Table[]): string {
  return `${tables.map(markdownTable).join('\n\n')}\n`;
}

function markdownTable(table: Table): string {
  const { title, columns, rows, notes } = table;
  const line = (cells: readonly string[]): string => `| ${cells.map(escapeMarkdown).join(' | ')} |`;
  return [
    `### ${escapeMarkdown(title)}`,
    '',
    line(columns.map((column) => (column.group === undefined ? column.title : `${column.title}, ${column.group}`))),
    `| ${columns.map((_, i) => (isNumeric(table, i) ? '---:' : '---')).join(' | ')} |`,
    ...rows.map((cells) => line(cells.map((cell, i) => cellText(cell, columns[i]!)))),
    ...notes.flatMap((note) => ['', escapeMarkdown(note)]),
  ].join('\n');
}
