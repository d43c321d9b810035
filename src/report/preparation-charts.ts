/**
 * @file Charts as HTML and inline SVG: colours are CSS variables of the page, so that they follow its light or dark
 *   look.
 */
import { escapeHtml } from '../base/html.js';

/** A bar of parts side by side. */
export interface StackedBar {
  readonly label: string;
  readonly parts: readonly { readonly series: string; readonly value: number; readonly title: string }[];
  /** What stands after the bar. */
  readonly note: string;
}

export interface Histogram {
  /** How many things have the value `i`; the last one stands for all above, too. */
  readonly counts: readonly number[];
  /** Values up to this one are within the limit. */
  readonly limit: number;
  readonly unit: string;
}

const WIDTH = 760;

/** Horizontal bars on one scale, each in its parts: as text that wraps, so that it can be read on a phone. */
export function barChart(bars: readonly StackedBar[], description: string): string {
  const longest = Math.max(...bars.map(({ parts }) => parts.reduce((sum, { value }) => sum + value, 0)), 1);
  const rows = bars.map(({ label, parts, note }) => {
    const bar = parts
      .filter(({ value }) => value > 0)
      .map(
        ({ series, value, title }) =>
          `<i class="${series}" style="--share:${(value / longest).toFixed(4)}" title="${escapeHtml(title)}"></i>`,
      );
    return `<div><span>${escapeHtml(label)}</span><span>${bar.join('')}<b>${escapeHtml(note)}</b></span></div>`;
  });
  return `<div class="bars" role="img" aria-label="${escapeHtml(description)}">${rows.join('')}</div>`;
}

const PLOT = { left: 62, right: 14, top: 26, height: 150, axis: 34 } as const;

/** A histogram with its limit drawn in: what is over the limit has a colour of its own. */
export function histogramChart({ counts, limit, unit }: Histogram, description: string): string {
  const highest = roundUp(Math.max(...counts, 2));
  const step = (WIDTH - PLOT.left - PLOT.right) / counts.length;
  const y = (count: number): number => PLOT.top + PLOT.height * (1 - count / highest);
  const bars = counts.map((count, value) => {
    if (count === 0) return '';
    const height = Math.max(PLOT.height * (count / highest), 1);
    const title =
      `${value === counts.length - 1 ? `${value} or more` : value} ${unit}: ` +
      `${count.toLocaleString('en-US')} texts`;
    const series = value > limit ? 'dropped' : 'training';
    return (
      `<rect class="${series}" x="${round(PLOT.left + value * step)}" ` +
      `y="${round(PLOT.top + PLOT.height - height)}" width="${round(Math.max(step - 1, 1))}" ` +
      `height="${round(height)}"><title>${title}</title></rect>`
    );
  });
  const bottom = PLOT.top + PLOT.height;
  const grid = [0, 0.5, 1].map((share) => {
    const level = round(y(highest * share));
    return (
      `<line class="grid" x1="${PLOT.left}" x2="${WIDTH - PLOT.right}" y1="${level}" y2="${level}"/><text ` +
      `class="tick" x="${PLOT.left - 8}" y="${level}" text-anchor="end">${shortCount(highest * share)}</text>`
    );
  });
  const ticks = Array.from({ length: Math.floor((counts.length - 1) / 20) + 1 }, (_, i) => 20 * i).map(
    (value) =>
      `<text class="tick" x="${round(PLOT.left + (value + 0.5) * step)}" y="${bottom + 14}" ` +
      `text-anchor="middle">${value === counts.length - 1 ? `${value}+` : value}</text>`,
  );
  const border = round(PLOT.left + (limit + 1) * step);
  const mark =
    `<line class="mark" x1="${border}" x2="${border}" y1="${PLOT.top - 8}" y2="${bottom}"/><text ` +
    `class="note" x="${border + 6}" y="${PLOT.top - 4}">${limit} ${unit}</text>`;
  return svg(bottom + PLOT.axis - 10, description, grid.join('') + bars.join('') + ticks.join('') + mark);
}

function svg(height: number, description: string, content: string): string {
  return `<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escapeHtml(description)}">${content}</svg>`;
}

/** The next of 1, 2, 4, 6, 8, 10, 20, … : its half is round, too. */
function roundUp(count: number): number {
  const power = 10 ** Math.floor(Math.log10(count));
  return power * [1, 2, 4, 6, 8, 10].find((step) => step * power >= count)!;
}

function shortCount(count: number): string {
  if (count >= 1e6) return `${round(count / 1e6)}M`;
  return count >= 1e4 ? `${round(count / 1e3)}k` : count.toLocaleString('en-US');
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
