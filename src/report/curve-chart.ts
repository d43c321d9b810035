/** @file Charts of values over a run's steps, as options of ECharts: for the page, and for the picture beside it. */
import type { EChartsCoreOption } from 'echarts/core';
import { FONT, type Palette } from './palette.js';
import { logTicks, tickLabel } from './ticks.js';

/** A point: step and value; NaN for a gap. */
export type Point = readonly [step: number, value: number];

/** One line of a chart. */
export interface Line {
  readonly name: string;
  readonly colour: string;
  readonly points: readonly Point[];
  /** `curve`: many points; `marks`: a few, each drawn; `dashes`: somebody else's. */
  readonly style: 'curve' | 'marks' | 'dashes';
  /** The lowest and highest values around the points, drawn as a band. */
  readonly band?: { readonly low: readonly number[]; readonly high: readonly number[] } | undefined;
  /** Values before they were smoothed, drawn behind. */
  readonly raw?: readonly number[] | undefined;
}

export interface CurveChart {
  readonly lines: readonly Line[];
  readonly palette: Palette;
  /** Whether equal distances are equal ratios. */
  readonly log: boolean;
  readonly step: string;
  /** First and last step that are shown. */
  readonly range: readonly [number, number];
  /** Whether the last value of lines with marks stands at their end. */
  readonly endLabels?: boolean;
  readonly font?: string;
}

const TICK_SIZE = 12;

/** Distance of a point to the ends of a value axis, as a share of its length. */
const MARGIN = 0.05;

/** The chart as options of ECharts; what shows on hovering is the page's. */
export function curveChartOption(chart: CurveChart): EChartsCoreOption {
  const { palette, font = FONT, range, step } = chart;
  const label = { color: palette.soft, fontSize: TICK_SIZE, fontFamily: font };
  const line = { lineStyle: { color: palette.line, width: 1 } };
  return {
    animation: false,
    textStyle: { fontFamily: font },
    grid: { left: 46, right: chart.endLabels === true ? 58 : 12, top: 12, bottom: 26, outerBoundsMode: 'none' },
    xAxis: {
      type: 'value',
      name: step,
      nameLocation: 'end',
      nameGap: 0,
      nameTextStyle: { ...label, align: 'right', verticalAlign: 'top', padding: [9, 0, 0, 0] },
      min: range[0],
      max: range[1],
      axisLine: { ...line, onZero: false },
      axisTick: { show: false },
      splitLine: { show: false },
      axisLabel: { ...label, hideOverlap: true, showMaxLabel: false, formatter: tickLabel },
    },
    yAxis: { type: 'value', axisLine: { show: false }, ...valueAxis(chart, label), splitLine: line },
    series: chart.lines.flatMap((each, index) => lineSeries(each, index, chart)),
  };
}

/** The value axis. A logarithmic one is a linear one of logarithms: ECharts' own has lines at powers of ten alone. */
function valueAxis({ lines, log, range }: CurveChart, label: object): object {
  const values = lines.flatMap(({ points, band, raw }) =>
    points.flatMap(([step, value], i) =>
      step < range[0] || step > range[1]
        ? []
        : [value, band?.low[i] ?? value, band?.high[i] ?? value, raw?.[i] ?? value],
    ),
  );
  const [low, high] = extent(values.filter((value) => Number.isFinite(value) && (!log || value > 0)));
  if (!log)
    return {
      scale: true,
      min: low >= 0 ? Math.max(0, low - (high - low) * MARGIN) : undefined,
      splitNumber: 5,
      axisTick: { show: false },
      axisLabel: { ...label, showMinLabel: low === 0, formatter: tickLabel },
    };
  const gap = Math.max(Math.log10(high / low), 0.01) * MARGIN;
  const [min, max] = [Math.log10(low) - gap, Math.log10(high) + gap];
  const ticks = logTicks(10 ** min, 10 ** max).map(Math.log10);
  return {
    min,
    max,
    axisTick: { show: false, customValues: ticks },
    axisLabel: {
      ...label,
      customValues: ticks,
      formatter: (value: number) => tickLabel(Number((10 ** value).toPrecision(3))),
    },
  };
}

function extent(values: readonly number[]): [number, number] {
  const low = values.reduce((a, b) => Math.min(a, b), Infinity);
  const high = values.reduce((a, b) => Math.max(a, b), -Infinity);
  return low === Infinity ? [0.1, 1] : [low, high];
}

function lineSeries(line: Line, index: number, { log, palette, endLabels, font = FONT }: CurveChart): object[] {
  const y = (value: number): number | null => {
    const shown = log ? Math.log10(value) : value;
    return Number.isFinite(shown) ? shown : null;
  };
  const { points, band, raw, style, colour, name } = line;
  const common = {
    type: 'line',
    symbol: 'none',
    silent: true,
    connectNulls: style !== 'curve',
    triggerLineEvent: false,
    emphasis: { disabled: true },
  };
  const layers: object[] = [];
  if (band !== undefined) layers.push(bandSeries(points, band, y, colour));
  if (raw !== undefined) {
    layers.push({
      ...common,
      id: `${index}-raw`,
      data: points.map(([step], i) => [step, y(raw[i]!)]),
      lineStyle: { color: colour, width: 1, opacity: 0.28 },
      z: 2,
    });
  }
  const marks =
    style === 'marks'
      ? {
          symbol: 'circle',
          symbolSize: points.length > 40 ? 4 : 7,
          itemStyle: { color: palette.paper, borderColor: colour, borderWidth: 2 },
        }
      : {};
  const end =
    endLabels === true && style === 'marks'
      ? {
          endLabel: {
            show: true,
            color: colour,
            fontSize: TICK_SIZE,
            fontWeight: 600,
            fontFamily: font,
            distance: 8,
            formatter: () => (points.at(-1)?.[1] ?? NaN).toFixed(3),
          },
          labelLayout: { moveOverlap: 'shiftY' },
        }
      : {};
  layers.push({
    ...common,
    ...marks,
    ...end,
    id: `${index}`,
    name,
    z: style === 'curve' ? 3 : 4,
    data: points.map(([step, value]) => [step, y(value)]),
    lineStyle: {
      color: colour,
      width: style === 'curve' ? 1.5 : 2,
      type: style === 'dashes' ? [5, 4] : 'solid',
      opacity: style === 'curve' ? 0.8 : 1,
    },
  });
  return layers;
}

/** A filled band, as one shape over all points. */
function bandSeries(
  points: readonly Point[],
  { low, high }: NonNullable<Line['band']>,
  y: (value: number) => number | null,
  colour: string,
): object {
  const steps = points.map(([step]) => step);
  const sides = [high.map(y), low.map(y)];
  const whole = steps.map((_, i) => i).filter((i) => sides.every((side) => side[i] !== null));
  return {
    type: 'custom',
    silent: true,
    clip: true,
    z: 1,
    data: whole.length === 0 ? [] : [[steps[whole[0]!], sides[0]![whole[0]!]]],
    renderItem: (_: unknown, api: { coord(point: [number, number]): number[] }) => ({
      type: 'polygon',
      shape: {
        points: [
          ...whole.map((i) => api.coord([steps[i]!, sides[0]![i]!])),
          ...[...whole].reverse().map((i) => api.coord([steps[i]!, sides[1]![i]!])),
        ],
      },
      style: { fill: colour, opacity: 0.13 },
    }),
  };
}
