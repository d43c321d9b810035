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
  /** Names of the axes; none for an axis that its surroundings name. */
  readonly x: string;
  readonly y: string;
  /** Its height in pixels. */
  readonly height: number;
  /** First and last step that are shown. */
  readonly range: readonly [number, number];
  /** Whether the last value of lines with marks stands at their end. */
  readonly endLabels?: boolean;
  /** Pixels below the plot that are left for something else. */
  readonly below?: number;
  readonly font?: string;
}

const TICK_SIZE = 12;

/** Distance of a point to the ends of a value axis, as a share of its length. */
const MARGIN = 0.05;

/** Pixels around the plot; names of axes take the outer part of them. */
const PLOT = { left: 50, right: 12, labelled: 62, top: 14, named: 32, bottom: 26, nameBelow: 18 } as const;

/** The chart as options of ECharts; what shows on hovering is the page's. */
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
      splitLine: line,
    },
    series: chart.lines.flatMap((each, index) => lineSeries(each, index, chart, ends[index] ?? 0)),
  };
}

/** The lowest and highest value of an axis; logarithms where it is logarithmic. */
type Scale = readonly [min: number, max: number];

function valueScale({ lines, log, range }: CurveChart): Scale {
  const values = lines.flatMap(({ points, band, raw }) =>
    points.flatMap(([step, value], i) =>
      step < range[0] || step > range[1]
        ? []
        : [value, band?.low[i] ?? value, band?.high[i] ?? value, raw?.[i] ?? value],
    ),
  );
  const [low, high] = extent(values.filter((value) => Number.isFinite(value) && (!log || value > 0)));
  if (log) {
    const gap = Math.max(Math.log10(high / low), 0.01) * MARGIN;
    return [Math.log10(low) - gap, Math.log10(high) + gap];
  }
  const gap = Math.max(high - low, Math.abs(high) * 0.01, 1e-12) * MARGIN;
  return [low >= 0 ? Math.max(0, low - gap) : low - gap, high + gap];
}

/** The value axis. A logarithmic one is a linear one of logarithms: ECharts' own has lines at powers of ten alone. */
function valueAxis({ log }: CurveChart, [min, max]: Scale, label: object): object {
  if (!log)
    return {
      min,
      max,
      splitNumber: 5,
      axisTick: { show: false },
      axisLabel: { ...label, showMinLabel: min === 0, showMaxLabel: false, formatter: tickLabel },
    };
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

/** From one label to the next, in pixels. */
const LABEL_GAP = TICK_SIZE + 2;

/**
 * How far the label at each line's end is moved down so that none stands on another, in pixels.
 *
 * @param height of the plot, in pixels
 */
export function endOffsets(
  { lines, log }: Pick<CurveChart, 'lines' | 'log'>,
  [min, max]: Scale,
  height: number,
): number[] {
  const places = lines.flatMap(({ style, points }, index) => {
    const last = points.at(-1)?.[1] ?? NaN;
    const value = log ? Math.log10(last) : last;
    return style === 'marks' && Number.isFinite(value)
      ? [{ index, at: (height * (max - value)) / (max - min), to: 0 }]
      : [];
  });
  places.sort((a, b) => a.at - b.at);
  for (const [i, place] of places.entries())
    place.to = Math.max(place.at, (places[i - 1]?.to ?? -Infinity) + LABEL_GAP);
  for (let i = places.length - 1, limit = height; i >= 0; i--, limit -= LABEL_GAP)
    places[i]!.to = Math.min(places[i]!.to, limit); // none below the axis
  const offsets = lines.map(() => 0);
  for (const { index, at, to } of places) offsets[index] = to - at;
  return offsets;
}

function extent(values: readonly number[]): [number, number] {
  const low = values.reduce((a, b) => Math.min(a, b), Infinity);
  const high = values.reduce((a, b) => Math.max(a, b), -Infinity);
  return low === Infinity ? [0.1, 1] : [low, high];
}

function lineSeries(
  line: Line,
  index: number,
  { log, palette, endLabels, font = FONT }: CurveChart,
  endOffset: number,
): object[] {
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
            offset: [0, endOffset],
            formatter: () => (points.at(-1)?.[1] ?? NaN).toFixed(3),
          },
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
