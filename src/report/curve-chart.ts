/** @file ECharts options of charts over a run's steps: for the page, and for the picture beside it. */
import type { EChartsCoreOption } from 'echarts/core';
import { lineSeries, type SeriesStyle } from './curve-series.js';
import { FONT, TICK_SIZE } from './palette.js';
import { tickLabel } from './ticks.js';
import { endOffsets, valueAxis, valueScale, type AxisData } from './value-axis.js';

/** A chart of lines over a run's steps. */
export interface CurveChart extends SeriesStyle, AxisData {
  /** Axis titles; empty if the surroundings name the axis. */
  readonly x: string;
  readonly y: string;
  /** The height in pixels. */
  readonly height: number;
  /** Pixels to leave free below the plot. */
  readonly below?: number;
}

/** Margins of the plot in pixels; axis titles take the outer part. */
const PLOT = { left: 50, right: 18, labelled: 62, top: 14, named: 32, bottom: 26, nameBelow: 18 } as const;

/** The chart as ECharts options, without tooltips, which the page adds. */
export function curveChartOption(chart: CurveChart): EChartsCoreOption {
  const { palette, font = FONT, range, x, y, below = 0, height } = chart;
  const label = { color: palette.soft, fontSize: TICK_SIZE, fontFamily: font };
  const line = { lineStyle: { color: palette.line, width: 1 } };
  const top = y === '' ? PLOT.top : PLOT.named;
  const bottom = PLOT.bottom + (x === '' ? 0 : PLOT.nameBelow) + below;
  const scale = valueScale(chart);
  const ends = chart.endLabels === true ? endOffsets(chart, scale, height - top - bottom) : [];
  return {
    animation: false,
    textStyle: { fontFamily: font },
    grid: {
      left: PLOT.left,
      right: chart.endLabels === true ? PLOT.labelled : PLOT.right,
      top,
      bottom,
      outerBoundsMode: 'none',
    },
    xAxis: {
      type: 'value',
      name: x,
      nameLocation: 'middle',
      nameGap: PLOT.bottom,
      nameTextStyle: label,
      min: range[0],
      max: range[1],
      minInterval: 1, // there is no half step
      axisLine: { ...line, onZero: false },
      axisTick: { show: false },
      splitLine: { show: false },
      axisLabel: {
        ...label,
        hideOverlap: true,
        showMaxLabel: Number.isInteger(range[1]) ? undefined : false,
        formatter: tickLabel,
      },
    },
    yAxis: {
      type: 'value',
      name: y,
      nameLocation: 'end',
      nameGap: 10,
      nameTextStyle: { ...label, align: 'left', padding: [0, 0, 0, 8 - PLOT.left] },
      axisLine: { show: false },
      ...valueAxis(chart, scale, label),
      splitLine: { ...line, showMaxLine: chart.log }, // its upper end has no label
    },
    series: chart.lines.flatMap((each, index) => lineSeries(each, index, chart, ends[index] ?? 0)),
  };
}
