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

/**
 * The series of a line: its band, its values before smoothing, and the line itself.
 *
 * @param index the line's index in its chart
 * @param endOffset how far to move the end label down, in pixels
 */
export function lineSeries(
  line: Line,
  index: number,
  { log, palette, endLabels, font = FONT }: SeriesStyle,
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
    connectNulls: style === 'dashes', // a gap is where a loss is not a number
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
  // a single point is no line
  const alone = style === 'curve' && points.filter(([, value]) => Number.isFinite(value)).length === 1;
  const dot = alone ? { symbol: 'circle', symbolSize: 5, showSymbol: true, itemStyle: { color: colour } } : {};
  const end =
    endLabels === true && style === 'marks' && Number.isFinite(points.at(-1)?.[1])
      ? {
          endLabel: {
            show: true,
            color: colour,
            fontSize: TICK_SIZE,
            fontWeight: 600,
            fontFamily: font,
            distance: 8,
            offset: [0, endOffset],
            formatter: () => points.at(-1)![1].toFixed(3),
          },
        }
      : {};
  layers.push({
    ...common,
    ...marks,
    ...dot,
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

/** A filled band, as one polygon over all points. */
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
