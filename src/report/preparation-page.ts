/** @file The report of a preparation as one HTML file that needs nothing else. */
import { DROP_REASONS, type DropReason } from '../data/prepare/cleaning.js';
import type { PrepareReport, RowCounts } from '../data/prepare/report.js';
import { ID_COLUMNS, type IdColumn } from '../data/store/schema.js';
import { escapeHtml, htmlPage } from '../base/html.js';
import { MAX_LENGTH } from '../text/tokenizer.js';
import { formatCount } from '../base/format.js';
import { barChart, histogramChart, type StackedBar } from './preparation-charts.js';
import { COLUMN_TITLES, droppedOf, reasonsOf } from '../app/preparation-text.js';

/** What rows came to, with the colours of charts. */
const SERIES = [
  ['training', 'training'],
  ['validation', 'validation'],
  ['not_sampled', 'not sampled'],
  ['dropped', 'dropped'],
] as const;

const STYLE = `
:root { color-scheme: light dark; --page: #fcfcfb; --text: #1f2328; --quiet: #667079; --line: #dfe3e6;
  --training: #2563a8; --validation: #3f9c8c; --rest: #b9c1c8; --dropped: #c8553d; }
@media (prefers-color-scheme: dark) { :root { --page: #16191d; --text: #e4e7ea; --quiet: #98a2ab;
  --line: #30363d; --training: #5b9be0; --validation: #55b8a6; --rest: #4d565f; --dropped: #e07a61; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 860px; padding: 40px 24px 64px; background: var(--page); color: var(--text);
  font: 16px/1.55 system-ui, "Noto Sans KR", "Noto Sans CJK KR", "Apple SD Gothic Neo", "Malgun Gothic", sans-serif;
  }
h1 { font-size: 26px; margin: 0 0 4px; } h2 { font-size: 19px; margin: 44px 0 12px; } h3 { font-size: 15px;
  margin: 26px 0 4px; font-weight: 600; }
p { margin: 0 0 12px; } .quiet { color: var(--quiet); }
.facts { display: flex; flex-wrap: wrap; gap: 12px 40px; margin: 24px 0 0; } .facts div { min-width: 110px; }
.facts b { display: block; font-size: 24px; font-weight: 600; font-variant-numeric: tabular-nums; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 20px; margin: 0 0 14px; color: var(--quiet); font-size: 14px; }
.legend i { display: inline-block; width: 11px; height: 11px; border-radius: 3px; margin-right: 7px;
  background: currentColor; }
svg { display: block; width: 100%; height: auto; overflow: visible; font-size: 13px; } svg text {
  dominant-baseline: central; }
svg .note, svg .tick { fill: var(--quiet); } svg .tick { font-size: 12px; font-variant-numeric: tabular-nums; }
.grid { stroke: var(--line); } .mark { stroke: var(--dropped); stroke-dasharray: 4 3; }
rect.training { fill: var(--training); } rect.dropped { fill: var(--dropped); }
.bars { display: grid; gap: 12px; font-size: 14px; } .bars div { display: grid;
  grid-template-columns: 210px 1fr; gap: 12px; align-items: center; }
.bars div > :first-child { text-align: right; } .bars div > :last-child { display: flex; align-items: center; }
.bars i { flex: none; width: calc((100% - 84px) * var(--share)); min-width: 3px; height: 22px;
  border: solid var(--page); border-width: 0 1px; border-radius: 4px; background: currentColor; }
.bars b { margin-left: 8px; font-weight: 400; color: var(--quiet); font-variant-numeric: tabular-nums; }
@media (max-width: 560px) {
  body { padding: 24px 16px 48px; } .facts { gap: 12px 28px; }
  .bars div { grid-template-columns: 1fr; gap: 3px; } .bars div > :first-child { text-align: left; }
  .bars i { height: 18px; }
  svg { font-size: 25px; } svg .tick { font-size: 23px; }
}
i.training { color: var(--training); } i.validation { color: var(--validation); } i.not_sampled {
  color: var(--rest); } i.dropped { color: var(--dropped); }
details { margin-top: 16px; } dt { margin-top: 14px; font-weight: 600; } dd { margin: 2px 0 0;
  color: var(--quiet); font-size: 14px; overflow-wrap: anywhere; }
`;

/** The page. Follows the reader's light or dark look; the numbers are in its charts' titles, too. */
export function reportPage(report: PrepareReport): string {
  const { total } = report;
  const facts: [string, number][] = [
    ['rows read', total.read],
    ['dropped', droppedOf(total)],
    ['for training', total.training],
    ['for validation', total.validation],
  ];
  if (total.not_sampled > 0) facts.splice(2, 0, ['not sampled', total.not_sampled]);
  const body = [
    '<h1>Prepared pairs</h1>',
    '<p class="quiet">Korean and English sentences, cleaned, split and tokenised.</p>',
    '<div class="facts">',
    ...facts.map(([name, value]) => `<div><b>${formatCount(value)}</b><span class="quiet">${name}</span></div>`),
    '</div>',
    '<h2>Pairs by corpus</h2>',
    legend(report),
    barChart(
      report.corpora.map((counts) => corpusBar(counts.corpus, counts)),
      'Rows of each corpus by what became of them',
    ),
    ...dropSection(report),
    ...turnedSection(report),
    '<h2>Tokens per text</h2>',
    `<p class="quiet">Special tokens included. Models read ${MAX_LENGTH}; pairs with a longer text are dropped ` +
      'or cut.</p>',
    ...ID_COLUMNS.map((column) => lengthSection(report, column)),
    ...skippedSection(report),
  ];
  return htmlPage('Prepared pairs', STYLE, body);
}

function legend({ total }: PrepareReport): string {
  const shown = SERIES.filter(([series]) => countOf(total, series) > 0);
  const entries = shown.map(([series, name]) => `<span><i class="${series}"></i>${name}</span>`);
  return `<div class="legend">${entries.join('')}</div>`;
}

function corpusBar(label: string, counts: RowCounts): StackedBar {
  const parts = SERIES.map(([series, name]) => {
    const value = countOf(counts, series);
    return { series, value, title: `${label}, ${name}: ${formatCount(value)}` };
  });
  return { label, parts, note: formatCount(counts.read) };
}

function countOf(counts: RowCounts, series: (typeof SERIES)[number][0]): number {
  return series === 'dropped' ? droppedOf(counts) : counts[series];
}

function dropSection(report: PrepareReport): string[] {
  const reasons = reasonsOf(report);
  if (reasons.length === 0) return ['<h2>Dropped rows</h2>', '<p>None.</p>'];
  const bar = (reason: DropReason): StackedBar => {
    const value = report.total.dropped[reason]!;
    const title = `${DROP_REASONS[reason]}: ${formatCount(value)}`;
    return { label: DROP_REASONS[reason], parts: [{ series: 'dropped', value, title }], note: formatCount(value) };
  };
  const first = (reason: DropReason): string => {
    const places = (report.examples[reason] ?? []).map((place) => `<dd>${escapeHtml(place)}</dd>`);
    return `<dt>${DROP_REASONS[reason]}</dt>${places.join('')}`;
  };
  return [
    '<h2>Dropped rows</h2>',
    barChart(reasons.map(bar), 'Rows dropped by reason'),
    '<details><summary class="quiet">The first rows of each ' +
      `kind</summary><dl>${reasons.map(first).join('')}</dl></details>`,
  ];
}

function turnedSection({ turned }: PrepareReport): string[] {
  if (turned === undefined) return [];
  const files = turned.files.map(({ file, pairs }) => `<dt>${escapeHtml(file)}</dt><dd>${formatCount(pairs)}</dd>`);
  return [
    '<h2>Pairs turned round</h2>',
    `<p>${formatCount(turned.pairs)} had the Korean text on the English side.</p>`,
    `<details><summary class="quiet">By file</summary><dl>${files.join('')}</dl></details>`,
  ];
}

function lengthSection({ lengths, cut }: PrepareReport, column: IdColumn): string {
  const counts = lengths[column];
  const texts = counts.reduce((sum, count) => sum + count, 0);
  const over = counts.slice(MAX_LENGTH + 1).reduce((sum, count) => sum + count, 0);
  const share = texts === 0 ? 0 : (100 * over) / texts;
  const became = cut[column] > 0 ? 'cut' : 'dropped';
  const tooLong = `${formatCount(over)} of ${formatCount(texts)} texts over ${MAX_LENGTH} (${share.toFixed(2)} %)`;
  const summary = `median ${median(counts)}; ${tooLong}${over > 0 ? `, ${became}` : ''}`;
  const title = COLUMN_TITLES[column];
  const chart = histogramChart({ counts, limit: MAX_LENGTH, unit: 'tokens' }, `Tokens per text: ${title}`);
  return `<h3>${title}</h3><p class="quiet">${summary}</p>${chart}`;
}

/** The number of tokens that half of the texts have at most. */
function median(counts: readonly number[]): number {
  const half = counts.reduce((sum, count) => sum + count, 0) / 2;
  let sum = 0;
  return Math.max(
    counts.findIndex((count) => (sum += count) >= half),
    0,
  );
}

function skippedSection({ skipped }: PrepareReport): string[] {
  if (skipped.length === 0) return [];
  const list = skipped.map(({ file, why }) => `<dt>${escapeHtml(file)}</dt><dd>${escapeHtml(why)}</dd>`).join('');
  return ['<h2>Files not read</h2>', `<dl>${list}</dl>`];
}
