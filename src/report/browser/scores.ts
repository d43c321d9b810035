/** @file Score tables: a bar in each cell, longer for better; the best score of a column is marked, with any ties. */
import { h } from './dom.js';
import type { Look } from './view.js';

/** A column of scores. */
export interface ScoreColumn<Row> {
  readonly title: string;
  readonly value: (row: Row) => number | null | undefined;
  readonly text: (value: number) => string;
  /** Whether high or low values are better; absent if neither is. */
  readonly better?: 'high' | 'low';
}

/**
 * A table with a row per model and a column per score. A longer bar is a better score: for a share, relative to 1; for
 * an error, by how far it is below the column's worst value.
 *
 * @param competes whether a row's score can be the best: a teacher's score on its own sentences means nothing
 */
export function scoreTable<Row>(
  { words }: Pick<Look, 'words'>,
  columns: readonly ScoreColumn<Row>[],
  rows: readonly Row[],
  {
    name,
    competes,
    caption,
  }: {
    readonly name: (row: Row) => Node;
    readonly competes: (row: Row) => boolean;
    readonly caption: string;
  },
): HTMLElement {
  const bests = columns.map((column) => bestText(column, rows.filter(competes)));
  const head = h(
    'tr',
    {},
    h('th', { scope: 'col' }, words.model),
    columns.map(({ title }) => h('th', { scope: 'col', class: 'number' }, title)),
  );
  const body = rows.map((row) =>
    h(
      'tr',
      {},
      h('th', { scope: 'row' }, name(row)),
      columns.map((column, i) => {
        const value = column.value(row);
        if (value === null || value === undefined || !Number.isFinite(value)) return h('td', { class: 'number' }, '–');
        const text = column.text(value);
        const isBest = competes(row) && text === bests[i];
        const share = column.better === undefined ? undefined : goodness(column, value, rows);
        return h(
          'td',
          {
            class: `number${share === undefined ? '' : ' bar-cell'}${isBest ? ' best' : ''}`,
            style: share === undefined ? undefined : `--share: ${share.toFixed(3)}`,
          },
          text,
          isBest && h('span', { class: 'unseen' }, ` ${words.best}`),
        );
      }),
    ),
  );
  return h(
    'div',
    { class: 'scroll scores', tabindex: 0, role: 'region', 'aria-label': caption },
    h('table', {}, h('thead', {}, head), h('tbody', {}, body)),
  );
}

/**
 * The best value of a column, as displayed; undefined if there is nothing to compare. Comparing displayed texts marks
 * all values that look equal, rather than one for digits that are not shown.
 */
function bestText<Row>({ better, value, text }: ScoreColumn<Row>, rows: readonly Row[]): string | undefined {
  const values = finite(rows.map(value));
  if (better === undefined || values.length < 2) return undefined;
  return text(better === 'high' ? Math.max(...values) : Math.min(...values));
}

/** From 0 for the worst to 1 for the best possible value. */
function goodness<Row>({ better, value: read }: ScoreColumn<Row>, value: number, rows: readonly Row[]): number {
  if (better === 'high') return Math.min(Math.max(value, 0), 1);
  const worst = Math.max(...finite(rows.map(read)));
  return worst > 0 ? 1 - Math.max(value, 0) / worst : 1;
}

function finite(values: readonly (number | null | undefined)[]): number[] {
  return values.filter((value): value is number => typeof value === 'number' && Number.isFinite(value));
}
