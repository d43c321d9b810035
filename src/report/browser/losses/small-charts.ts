/** @file Small charts of the other columns in the training log: learning rate, gradient norm, throughput. */
import type { EChartsCoreOption } from 'echarts/core';
import { curveChartOption } from '../../curve-chart.js';
import { trainingLine } from '../../loss-lines.js';
import { curveTooltip, mountChart, tip, type MountedChart } from '../chart.js';
import { nearest } from '../curves.js';
import { h } from '../dom.js';
import { shownSteps, type LogView } from './log-view.js';

/** The charted columns, from left to right. */
const CURVES = ['learning_rate', 'grad_norm', 'pairs_per_second'] as const;
type SmallCurve = (typeof CURVES)[number];

/** A small chart below the losses. */
export interface SmallChart {
  readonly chart: MountedChart;
  /** The chart below its title. */
  readonly figure: HTMLElement;
}

/**
 * The small charts, each in a figure of its own.
 *
 * @param now returns the current report
 */
export function smallCharts(now: () => LogView): SmallChart[] {
  const { words } = now();
  const titles = { learning_rate: words.learningRate, grad_norm: words.gradNorm, pairs_per_second: words.throughput };
  return CURVES.map((curve) => smallChart(curve, titles[curve], now));
}

function smallChart(curve: SmallCurve, title: string, now: () => LogView): SmallChart {
  const chart = mountChart({
    label: title,
    className: 'low',
    option: ({ height }) => smallChartOption(now(), curve, title, height),
  });
  const unit = curve === 'pairs_per_second' && h('span', { class: 'quiet' }, ` ${now().words.throughputUnit}`);
  return { chart, figure: h('figure', {}, h('figcaption', {}, title, unit), chart.element) };
}

function smallChartOption(view: LogView, curve: SmallCurve, title: string, height: number): EChartsCoreOption {
  const { palette, words, format, points } = view;
  const line = trainingLine(points, curve, { name: title, colour: palette.ink });
  const formatted = curve === 'pairs_per_second' ? format.rate : format.small;
  return {
    ...curveChartOption({ lines: [line], palette, log: false, x: words.step, y: '', height, range: shownSteps(view) }),
    tooltip: curveTooltip(palette, (step) => {
      const i = nearest(points.step, step);
      return tip(`${words.step} ${format.count(points.step[i] ?? 0)}`, [
        { colour: palette.ink, name: title, value: formatted(points.curves[curve].mean[i] ?? NaN) },
      ]);
    }),
  };
}
