/** @file Tables of scores: a bar in each cell, longer for better; the best of a column marked, all that are equal. */
import { h } from './dom.js';
import type { Look } from './view.js';

/** A column of scores. */
export interface ScoreColumn<Row> {
  readonly title: string;
  readonly value: (row: Row) => number | null | undefined;
  readonly text: (value: number) => string;
  /** Whether high values or low ones are good; absent for what is neither. */
  readonly better?: 'high' | 'low';
}

/**
 * A row a model, a column a score. A bar is as long as the score is good: of 1 for a share, or as far below the worst
 * value of the column for an error.
 *
 * @param competes whether a row's scores can be the best: a teacher's on its own sentences say nothing
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
 * The best value of a column as it is shown; undefined where there is nothing to choose from. Every value that is shown
 * so is the best: of two that look equal, none is to be marked for digits that nobody sees.
 */
export function bestText<Row>({ better, value, text }: ScoreColumn<Row>, rows: readonly Row[]): string | undefined {
  const values = finite(rows.map(value));
  if (better === undefined || values.length < 2) return undefined;
  return text(better === 'high' ? Math.max(...values) : Math.min(...values));
}

/** From 0 for the worst to 1 for the best that there can be. */
function goodness<Row>({ better, value: read }: ScoreColumn<Row>, value: number, rows: readonly Row[]): number {
  if (better === 'high') return Math.min(Math.max(value, 0), 1);
  const worst = Math.max(...finite(rows.map(read)));
  return worst > 0 ? 1 - Math.max(value, 0) / worst : 1;
}

function finite(values: readonly (number | null | undefined)[]): number[] {
  return values.filter((value): value is number => typeof value === 'number' && Number.isFinite(value));
}
