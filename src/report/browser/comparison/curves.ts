/** @file The losses section of a comparison: overlaid curves, and controls for what is shown. */
import type { EChartsCoreOption } from 'echarts/core';
import { curveChartOption } from '../../curve-chart.js';
import type { ComparedRun } from '../../pages.js';
import { Series } from '../../series.js';
import { curveTooltip, mountChart, tip, type TipRow } from '../chart.js';
import { choiceOf, controlRow, curveControls } from '../controls.js';
import { pointAt } from '../curves.js';
import { h } from '../dom.js';
import { lineLegend } from '../line-legend.js';
import type { Look, Part } from '../view.js';
import { comparedLines, lastOf, type PlottedRun } from './lines.js';
import type { Shown } from './shown.js';

/** The losses section. */
export function curvesPart(look: Look, compared: readonly ComparedRun[], shown: Shown): Part {
  const { words } = look;
  const runs = compared.map((run): PlottedRun => ({ ...run, points: Series.from(run.training).points() }));
  const legend = lineLegend(
    () => comparedLines(look, runs, shown),
    shown.hidden,
    () => {
      chart.update();
    },
  );
  const chart = mountChart({
    label: words.comparisonChart,
    className: 'tall',
    option: ({ height }) => chartOption(look, runs, shown, height),
  });
  const redraw = (): void => {
    legend.update();
    chart.update();
  };
  legend.update();
  return {
    element: h(
      'section',
      { id: 'losses' },
      h('h2', {}, words.losses),
      h('p', { class: 'quiet' }, words.lossNote),
      controls(look, shown, redraw),
      legend.element,
      chart.element,
    ),
    dispose: () => {
      chart.dispose();
    },
  };
}

function controls(look: Look, shown: Shown, redraw: () => void): HTMLElement {
  const { words } = look;
  return controlRow(
    choiceOf(
      shown,
      'curve',
      words.shown,
      [
        ['loss', words.total],
        ['loss_ko', words.korean],
        ['loss_en', words.english],
      ],
      redraw,
    ),
    choiceOf(
      shown,
      'over',
      words.over,
      [
        ['steps', words.steps],
        ['epochs', words.epochs],
      ],
      redraw,
    ),
    curveControls(look, shown, redraw),
  );
}

function chartOption(look: Look, runs: readonly PlottedRun[], shown: Shown, height: number): EChartsCoreOption {
  const { palette, words, format } = look;
  const all = comparedLines(look, runs, shown);
  const lines = all.filter(({ id }) => !shown.hidden.has(id));
  const x = shown.over === 'steps' ? words.step : words.epoch;
  const content = (at: number): HTMLElement => {
    const rows = lines.map(({ colour, name, points }): TipRow => ({
      colour,
      name,
      value: format.loss(pointAt(points, at)?.[1]),
    }));
    return tip(`${x} ${shown.over === 'steps' ? format.count(Math.round(at)) : at.toFixed(2)}`, rows);
  };
  return {
    ...curveChartOption({
      lines,
      palette,
      log: shown.log,
      x,
      y: words.lossAxis,
      height,
      range: [0, lastOf(all)],
      endLabels: true,
    }),
    tooltip: curveTooltip(palette, content, { snap: false }),
  };
}
