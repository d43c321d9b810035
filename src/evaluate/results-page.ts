/** @file Evaluations as one HTML file that needs nothing else. */
import { escapeHtml, htmlPage } from '../base/html.js';
import { cellText, columnSpans, isNumeric, type Cell, type Column, type Table } from './table.js';

/** Colours as in the project's other pages, light and dark. */
const STYLE = `
:root { color-scheme: light dark; --page: #fcfcfb; --text: #1f2328; --quiet: #667079; --line: #dfe3e6;
  --bar: #2563a82e; }
@media (prefers-color-scheme: dark) { :root { --page: #16191d; --text: #e4e7ea; --quiet: #98a2ab;
  --line: #30363d; --bar: #5b9be052; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1040px; padding: 40px 24px 64px; background: var(--page); color: var(--text);
  font: 16px/1.55 system-ui, "Noto Sans KR", "Noto Sans CJK KR", "Apple SD Gothic Neo", "Malgun Gothic", sans-serif;
  }
h1 { font-size: 26px; margin: 0 0 4px; } h2 { font-size: 19px; margin: 44px 0 12px; }
p { margin: 0 0 6px; } .quiet { color: var(--quiet); font-size: 14px; }
.scroll { overflow-x: auto; margin: 0 -24px; padding: 0 24px; }
table { border-collapse: collapse; width: 100%; font-size: 14px; font-variant-numeric: tabular-nums; }
th { font-weight: 600; color: var(--quiet); text-align: left; padding: 4px 10px; white-space: nowrap;
  vertical-align: bottom; }
th[colspan] { text-align: center; border-bottom: 1px solid var(--line); }
td { padding: 5px 10px; white-space: nowrap; border-top: 1px solid var(--line); } thead td { border: 0; }
  .scroll + p { margin-top: 8px; }
tr.again td:first-child { color: transparent; } tr.again td { border-top-color: transparent; }
.number { text-align: right; }
.bar { background: linear-gradient(var(--bar), var(--bar)) no-repeat right / calc(var(--share) * (100% - 12px)) 100%; }
`;

/**
 * The page. Follows the reader's light or dark look, and scrolls wide tables on a narrow screen.
 *
 * @param facts what was compared, and on what
 */
export function resultsPage(title: string, facts: readonly string[], tables: readonly Table[]): string {
  const body = [
    `<h1>${escapeHtml(title)}</h1>`,
    ...facts.map((fact) => `<p class="quiet">${escapeHtml(fact)}</p>`),
    ...tables.map(section),
  ];
  return htmlPage(title, STYLE, body);
}

function section(table: Table): string {
  const rows = table.rows.map((cells, i) => row(table, cells, table.rows[i - 1]?.[0] === cells[0]));
  const notes = table.notes.map((note) => `<p class="quiet">${escapeHtml(note)}</p>`);
  return [
    `<h2>${escapeHtml(table.title)}</h2>`,
    '<div class="scroll"><table>',
    `<thead>${head(table)}</thead>`,
    '<tbody>',
    ...rows,
    '</tbody>',
    '</table></div>',
    notes.join('\n'),
  ].join('\n');
}

function head(table: Table): string {
  const cells = table.columns.map(
    ({ title }, i) => `<th scope="col"${isNumeric(table, i) ? ' class="number"' : ''}>${escapeHtml(title)}</th>`,
  );
  const titles = `<tr>${cells.join('')}</tr>`;
  if (table.columns.every(({ group }) => group === undefined)) return titles;
  const groups = columnSpans(table).map(({ group, from, to }) =>
    group === undefined ? '<td></td>' : `<th colspan="${to - from}" scope="colgroup">${escapeHtml(group)}</th>`,
  );
  return `<tr>${groups.join('')}</tr>${titles}`;
}

/**
 * @param isAgain whether the model is that of the row before: it is there for search and screen readers, and not shown
 *   twice
 */
function row(table: Table, cells: readonly Cell[], isAgain: boolean): string {
  const shown = cells.map((cell, i) => {
    const share = shareOf(table, table.columns[i]!, cell, i);
    const classes = [...(isNumeric(table, i) ? ['number'] : []), ...(share === undefined ? [] : ['bar'])];
    const attributes = [
      ...(classes.length > 0 ? [` class="${classes.join(' ')}"`] : []),
      ...(share === undefined ? [] : [` style="--share:${share.toFixed(3)}"`]),
    ];
    return `<td${attributes.join('')}>${escapeHtml(cellText(cell, table.columns[i]!))}</td>`;
  });
  return `<tr${isAgain ? ' class="again"' : ''}>${shown.join('')}</tr>`;
}

/** How much of its cell a bar fills. */
function shareOf({ rows }: Table, { bar }: Column, cell: Cell, column: number): number | undefined {
  if (bar === undefined || typeof cell !== 'number') return undefined;
  const whole = bar === 'share' ? 1 : Math.max(...rows.map((cells) => Number(cells[column])));
  return whole > 0 ? Math.min(Math.max(cell / whole, 0), 1) : 0;
}
