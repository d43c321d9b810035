/** @file The data section: rows used and dropped, and the lengths of texts. */
import type { EChartsCoreOption } from 'echarts/core';
import { droppedOf, type DropReason } from '../../data/prepare/drop-reasons.js';
import type { PrepareReport, RowCounts } from '../../data/prepare/report.js';
import type { IdColumn } from '../../data/store/id-columns.js';
import { FONT } from '../palette.js';
import { tickLabel } from '../ticks.js';
import { mountChart, tip, tooltipStyle, type MountedChart } from './chart.js';
import { details, h, table } from './dom.js';
import type { Look, Part } from './view.js';

/** The most tokens that the models read. */
const LIMIT = 77;

/**
 * The data section.
 *
 * @param isWhole whether to list the first dropped rows, and the files that had swapped pairs or were not read
 */
export function dataPart(view: Look, report: PrepareReport, isWhole = false): Part {
  const { words } = view;
  const columns = Object.keys(words.lengthColumns) as IdColumn[];
  const charts = columns.map((column) => histogram(view, column, report.lengths[column]));
  const element = h(
    'section',
    { id: 'data' },
    h('h2', {}, words.data),
    h('p', { class: 'quiet' }, words.dataNote),
    corporaTable(view, report),
    reasonsTable(view, report, isWhole),
    ...swappedNote(view, report, isWhole),
    ...(isWhole ? skippedFiles(view, report) : []),
    h('h3', {}, words.lengths),
    h(
      'div',
      { class: 'thirds' },
      charts.map(({ element: chart }, i) =>
        h(
          'figure',
          {},
          h(
            'figcaption',
            {},
            words.lengthColumns[columns[i]!],
            h('span', { class: 'quiet line' }, lengthNote(view, report.lengths[columns[i]!])),
          ),
          chart,
        ),
      ),
    ),
    details(words.lengthTable, () => lengthsTable(view, report, columns)),
  );
  return {
    element,
    dispose: () => {
      for (const chart of charts) chart.dispose();
    },
  };
}

function corporaTable({ words, format }: Look, { corpora, total }: PrepareReport): HTMLElement {
  const columns: readonly (readonly [title: string, count: (counts: RowCounts) => number])[] = [
    [words.rowsRead, ({ read }) => read],
    [words.dropped, droppedOf],
    ...(total.not_sampled === 0 ? [] : [[words.notSampled, (counts: RowCounts) => counts.not_sampled] as const]),
    [words.training, ({ training }) => training],
    [words.validation, ({ validation }) => validation],
  ];
  const row = (name: string, counts: RowCounts): string[] => [
    name,
    ...columns.map(([, count]) => format.count(count(counts))),
  ];
  const rows = corpora.map((counts) => row(words.corpora[counts.corpus] ?? counts.corpus, counts));
  return table(
    [words.corpus, ...columns.map(([title]) => title)],
    corpora.length > 1 ? [...rows, row(words.all, total)] : rows,
  );
}

function reasonsTable({ words, format }: Look, { total, examples }: PrepareReport, isWhole: boolean): HTMLElement {
  const reasons = (Object.keys(words.reasons) as DropReason[]).filter((reason) => (total.dropped[reason] ?? 0) > 0);
  if (reasons.length === 0) return h('p', {}, words.noneDropped);
  return table(
    [words.droppedFor, words.rows, ...(isWhole ? [words.firstRows] : [])],
    reasons.map((reason) => [
      words.reasons[reason],
      format.count(total.dropped[reason]!),
      ...(isWhole ? [h('span', { class: 'quiet' }, (examples[reason] ?? []).join(', '))] : []),
    ]),
  );
}

function swappedNote({ words, format }: Look, { swapped }: PrepareReport, isWhole: boolean): HTMLElement[] {
  if (swapped === undefined) return [];
  const files = swapped.files.map(({ file, pairs }) => [file, format.count(pairs)]);
  return [
    h('p', {}, words.swapped(format.count(swapped.pairs))),
    ...(isWhole ? [details(words.swappedFiles, () => table([words.file, words.pairs], files))] : []),
  ];
}

function skippedFiles({ words }: Look, { skipped }: PrepareReport): HTMLElement[] {
  if (skipped.length === 0) return [];
  const files = skipped.map(({ file, why }) => [file, why]);
  return [h('h3', {}, words.skippedFiles), table([words.file, words.why], files, { numbers: Infinity })];
}

function lengthNote({ words, format }: Look, counts: readonly number[]): string {
  const texts = counts.reduce((sum, count) => sum + count, 0);
  const over = counts.slice(LIMIT + 1).reduce((sum, count) => sum + count, 0);
  let sum = 0;
  const median = Math.max(
    counts.findIndex((count) => (sum += count) >= texts / 2),
    0,
  );
  return words.lengthNote(format.count(median), format.count(over));
}

/** A histogram of tokens per text; the last bar counts all longer texts. */
function histogram({ words, format, palette }: Look, column: IdColumn, counts: readonly number[]): MountedChart {
  const name = (tokens: number): string =>
    tokens === counts.length - 1 ? words.orMore(format.count(tokens)) : format.count(tokens);
  const label = { color: palette.soft, fontSize: 12, fontFamily: FONT };
  const longest = Math.max(counts.findLastIndex((count) => count > 0) + 3, 20);
  const option = (): EChartsCoreOption => ({
    animation: false,
    grid: { left: 46, right: 12, top: 28, bottom: 42, outerBoundsMode: 'none' },
    xAxis: {
      type: 'category',
      data: counts.slice(0, longest).map((_, tokens) => String(tokens)),
      name: words.tokens,
      nameLocation: 'middle',
      nameGap: 24,
      nameTextStyle: label,
      axisTick: { show: false },
      axisLine: { lineStyle: { color: palette.line } },
      axisLabel: { ...label, interval: (i: number) => i % (longest > 50 ? 20 : 10) === 0 },
    },
    yAxis: {
      type: 'value',
      splitNumber: 3,
      name: words.texts,
      nameGap: 10,
      nameTextStyle: { ...label, align: 'left', padding: [0, 0, 0, -38] },
      axisLabel: { ...label, formatter: tickLabel },
      splitLine: { lineStyle: { color: palette.line } },
    },
    tooltip: {
      ...tooltipStyle(palette),
      trigger: 'axis',
      axisPointer: { type: 'none' },
      formatter: (params: unknown) => {
        const tokens = (params as { dataIndex: number }[])[0]?.dataIndex ?? 0;
        return tip(`${name(tokens)} ${words.tokens}`, [
          { name: words.texts, value: format.count(counts[tokens] ?? 0) },
        ]);
      },
    },
    series: [
      {
        type: 'bar',
        barCategoryGap: '12%',
        itemStyle: { borderRadius: [2, 2, 0, 0] },
        data: counts.slice(0, longest).map((value, tokens) => ({
          value,
          itemStyle: { color: tokens > LIMIT ? palette.rest : column === 'student_ko' ? palette.ko : palette.en },
        })),
      },
    ],
  });
  return mountChart({ label: `${words.lengths}: ${words.lengthColumns[column]}`, className: 'low', option });
}

function lengthsTable({ words, format }: Look, { lengths }: PrepareReport, columns: readonly IdColumn[]): HTMLElement {
  const size = Math.max(...columns.map((column) => lengths[column].length));
  const rows = Array.from({ length: size }, (_, tokens) => tokens).filter((tokens) =>
    columns.some((column) => lengths[column][tokens]! > 0),
  );
  return table(
    [words.tokens, ...columns.map((column) => words.lengthColumns[column])],
    rows.map((tokens) => [
      tokens === size - 1 ? words.orMore(format.count(tokens)) : format.count(tokens),
      ...columns.map((column) => format.count(lengths[column][tokens] ?? 0)),
    ]),
  );
}
