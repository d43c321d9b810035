/** @file ECharts series of a chart's lines: curves, marks, bands and end labels. */
import { FONT, TICK_SIZE, type Palette } from './palette.js';

/** A point: step and value; NaN for a gap. */
export type Point = readonly [step: number, value: number];

/** One line of a chart. */
export interface Line {
  readonly name: string;
  readonly colour: string;
  readonly points: readonly Point[];
  /** `curve`: many points; `marks`: a few, each drawn; `dashes`: published by others. */
  readonly style: 'curve' | 'marks' | 'dashes';
  /** The lowest and highest values around the points, drawn as a band. */
  readonly band?: { readonly low: readonly number[]; readonly high: readonly number[] } | undefined;
  /** Values before smoothing, drawn behind the line. */
  readonly raw?: readonly number[] | undefined;
}

/** How the lines of a chart are drawn. */
export interface SeriesStyle {
  readonly palette: Palette;
  /** Whether the values drawn are logarithms. */
  readonly log: boolean;
  /** Whether lines with marks have their last value as a label at their end. */
  readonly endLabels?: boolean;
  readonly font?: string;
}

/** A value where it is drawn on the axis; null leaves a gap. */
type Height = (value: number) => number | null;

/**
 * The series of a line: its band, its values before smoothing, and the line itself.
 *
 * @param index the line's index in its chart
 * @param endOffset how far to move the end label down, in pixels
 */
export function lineSeries(line: Line, index: number, style: SeriesStyle, endOffset: number): object[] {
  const height: Height = (value) => {
    const shown = style.log ? Math.log10(value) : value;
    return Number.isFinite(shown) ? shown : null;
  };
  const { band, raw } = line;
  return [
    ...(band === undefined ? [] : [bandSeries(line, band, height)]),
    ...(raw === undefined ? [] : [rawSeries(line, raw, `${index}-raw`, height)]),
    { ...mainSeries(line, `${index}`, style.palette, height), ...endLabel(line, style, endOffset) },
  ];
}

/** What all lines have in common. */
function seriesOf({ style }: Line): object {
  return {
    type: 'line',
    symbol: 'none',
    silent: true,
    connectNulls: style === 'dashes', // a gap is where a loss is not a number
    triggerLineEvent: false,
    emphasis: { disabled: true },
  };
}

/** The values before smoothing, behind the line. */
function rawSeries(line: Line, raw: readonly number[], id: string, height: Height): object {
  return {
    ...seriesOf(line),
    id,
    data: line.points.map(([step], i) => [step, height(raw[i]!)]),
    lineStyle: { color: line.colour, width: 1, opacity: 0.28 },
    z: 2,
  };
}

function mainSeries(line: Line, id: string, palette: Palette, height: Height): object {
  const { name, points, style, colour } = line;
  return {
    ...seriesOf(line),
    ...symbols(line, palette),
    id,
    name,
    z: style === 'curve' ? 3 : 4,
    data: points.map(([step, value]) => [step, height(value)]),
    lineStyle: {
      color: colour,
      width: style === 'curve' ? 1.5 : 2,
      type: style === 'dashes' ? [5, 4] : 'solid',
      opacity: style === 'curve' ? 0.8 : 1,
    },
  };
}

/** Circles at the points of marks, and at the only point of a curve, which would be no line. */
function symbols({ style, points, colour }: Line, palette: Palette): object {
  if (style === 'marks')
    return {
      symbol: 'circle',
      symbolSize: points.length > 40 ? 4 : 7,
      itemStyle: { color: palette.paper, borderColor: colour, borderWidth: 2 },
    };
  const isAlone = style === 'curve' && points.filter(([, value]) => Number.isFinite(value)).length === 1;
  return isAlone ? { symbol: 'circle', symbolSize: 5, showSymbol: true, itemStyle: { color: colour } } : {};
}

/** The last value of marks, beside their last point; it covers lines that go on behind it. */
function endLabel(
  { style, points, colour }: Line,
  { endLabels, palette, font = FONT }: SeriesStyle,
  offset: number,
): object {
  const last = points.at(-1)?.[1];
  if (endLabels !== true || style !== 'marks' || last === undefined || !Number.isFinite(last)) return {};
  return {
    endLabel: {
      show: true,
      color: colour,
      fontSize: TICK_SIZE,
      fontWeight: 600,
      fontFamily: font,
      backgroundColor: palette.paper,
      padding: [0, 2],
      distance: 6,
      offset: [0, offset],
      formatter: () => last.toFixed(3),
    },
  };
}

/** A filled band, as one polygon over all points. */
function bandSeries({ points, colour }: Line, { low, high }: NonNullable<Line['band']>, height: Height): object {
  const steps = points.map(([step]) => step);
  const sides = [high.map(height), low.map(height)];
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
