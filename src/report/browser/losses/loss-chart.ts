/** @file The chart of a run's losses, with a slider below it that selects a range of steps. */
import type { ECharts, EChartsCoreOption } from 'echarts/core';
import { curveChartOption } from '../../curve-chart.js';
import { lastStep } from '../../loss-lines.js';
import type { Palette } from '../../palette.js';
import { curveTooltip, mountChart, tip, type MountedChart, type TipRow } from '../chart.js';
import { nearest, pointAt } from '../curves.js';
import type { SwitchableLine } from '../line-legend.js';
import { lossLines } from './lines.js';
import { shownSteps, type LogView } from './log-view.js';

/** The slider's height below the chart, in pixels. */
const SLIDER = 38;

/**
 * The loss chart, in an element of its own.
 *
 * @param now returns the current report
 * @param onSlide called when the slider has changed `choices.range`
 */
export function mountLossChart(now: () => LogView, onSlide: () => void): MountedChart {
  return mountChart({
    label: now().words.lossChart,
    className: 'tall',
    option: ({ height }) => lossChartOption(now(), height),
    onReady: (chart) => {
      followSlider(chart, now, onSlide);
    },
  });
}

function lossChartOption(view: LogView, height: number): EChartsCoreOption {
  const { palette, choices, words } = view;
  const lines = lossLines(view).filter(({ id }) => !choices.hidden.has(id));
  const shown = shownSteps(view);
  const option = curveChartOption({
    lines,
    palette,
    log: choices.log,
    x: words.step,
    y: words.lossAxis,
    height,
    below: SLIDER,
    range: shown,
    endLabels: choices.range[1] === 1,
  });
  return {
    ...option,
    // all steps, of which the slider selects a part
    xAxis: { ...(option.xAxis as object), min: 0, max: lastStep(view.points, view.data.validation) },
    tooltip: curveTooltip(palette, (step) => lossTip(view, lines, step), { snap: false }),
    dataZoom: [slider(palette, shown)],
  };
}

function slider(palette: Palette, [startValue, endValue]: readonly [number, number]): object {
  return {
    type: 'slider',
    filterMode: 'none',
    startValue,
    endValue,
    height: 26,
    bottom: 6,
    left: 50,
    right: 62,
    brushSelect: false,
    showDetail: false,
    showDataShadow: false,
    moveHandleSize: 0,
    borderColor: 'transparent',
    backgroundColor: `${palette.line}88`,
    fillerColor: `${palette.en}22`,
    borderRadius: 6,
    handleSize: '90%',
    handleStyle: { color: palette.paper, borderColor: palette.soft },
    emphasis: { handleStyle: { borderColor: palette.en, color: palette.paper } },
  };
}

/** While the slider moves, ECharts moves the curves; the loss axis and the other charts are updated once per frame. */
function followSlider(chart: ECharts, now: () => LogView, onSlide: () => void): void {
  let waiting = false;
  chart.on('datazoom', () => {
    const zoom = (chart.getOption().dataZoom as { start: number; end: number }[])[0]!; // in per cent
    now().choices.range = [zoom.start / 100, zoom.end / 100];
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      const { yAxis } = lossChartOption(now(), chart.getHeight());
      chart.setOption({ yAxis });
      onSlide();
    });
  });
}

/** The lines' values at a step. For lines with few points, the nearest point and its step. */
function lossTip({ words, format, points }: LogView, lines: readonly SwitchableLine[], step: number): HTMLElement {
  const rows = lines.map(({ id, name, colour, style, points: ofLine }): TipRow => {
    const [at, value] = pointAt(ofLine, step) ?? [0, NaN];
    const isEverywhere = style === 'curve' || id === 'mean';
    return {
      colour,
      name: isEverywhere ? name : `${name} (${words.step} ${format.count(at)})`,
      value: format.loss(value),
    };
  });
  const i = nearest(points.step, step);
  const title = [
    words.step,
    format.count(points.step[i] ?? step),
    '·',
    words.epoch,
    format.count(points.epoch[i] ?? 0),
  ];
  return tip(title.join(' '), rows);
}
