/** @file The value axis of a chart: its range, ticks and the placement of labels beside it. */
import { TICK_SIZE } from './palette.js';
import type { Line } from './curve-series.js';
import { logTicks, tickLabel } from './ticks.js';

/** What an axis shows. */
export interface AxisData {
  readonly lines: readonly Line[];
  /** Whether the axis is logarithmic. */
  readonly log: boolean;
  /** The first and last step shown. */
  readonly range: readonly [number, number];
}

/** The margin at either end of a value axis, as a share of its length. */
const MARGIN = 0.05;

/** Values that differ by less than this share of their size are shown as constant: ticks would have many digits. */
const CONSTANT = 1e-3;

/** The lowest and highest value of an axis; logarithms if it is logarithmic. */
export type Scale = readonly [min: number, max: number];

/** The axis's range: all values of the lines between the first and the last step, with a margin. */
export function valueScale({ lines, log, range }: AxisData): Scale {
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
  const size = Math.max(Math.abs(low), Math.abs(high));
  if (size === 0) return [0, 1];
  const gap = high - low < CONSTANT * size ? size / 10 : (high - low) * MARGIN;
  return [low >= 0 ? Math.max(0, low - gap) : low - gap, high + gap];
}

/**
 * The value axis. A logarithmic one is a linear axis of logarithms, as ECharts' own only has ticks at powers of ten.
 */
export function valueAxis({ log }: Pick<AxisData, 'log'>, [min, max]: Scale, label: object): object {
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

/** The least distance between labels, in pixels. */
const LABEL_GAP = TICK_SIZE + 2;

/** Lines that end further apart, as a share of the steps shown, have labels beside each other. */
const SAME_END = 0.08;

/**
 * How far to move the label at each line's end down, in pixels, so that labels do not overlap.
 *
 * @param height the plot's height in pixels
 */
export function endOffsets({ lines, log, range }: AxisData, [min, max]: Scale, height: number): number[] {
  const places = lines.flatMap(({ style, points }, index) => {
    const [step, last] = points.at(-1) ?? [NaN, NaN];
    const value = log ? Math.log10(last) : last;
    return style === 'marks' && Number.isFinite(value)
      ? [{ index, step, at: (height * (max - value)) / (max - min), to: 0 }]
      : [];
  });
  const offsets = lines.map(() => 0);
  for (const group of groupedByEnd(places, SAME_END * (range[1] - range[0]))) {
    spread(group, height);
    for (const { index, at, to } of group) offsets[index] = to - at;
  }
  return offsets;
}

/** A label at the end of a line: the line's index and last step, its place by value, and where it is moved to. */
interface EndLabel {
  readonly index: number;
  readonly step: number;
  readonly at: number;
  to: number;
}

/** Labels whose lines end at about the same step. */
function groupedByEnd(labels: readonly EndLabel[], near: number): EndLabel[][] {
  const groups: EndLabel[][] = [];
  for (const label of [...labels].sort((a, b) => a.step - b.step)) {
    const last = groups.at(-1);
    if (last !== undefined && label.step - last.at(-1)!.step <= near) last.push(label);
    else groups.push([label]);
  }
  return groups;
}

/** Moves labels apart, within the plot. */
function spread(labels: EndLabel[], height: number): void {
  labels.sort((a, b) => a.at - b.at);
  for (const [i, label] of labels.entries())
    label.to = Math.max(label.at, (labels[i - 1]?.to ?? -Infinity) + LABEL_GAP);
  for (let i = labels.length - 1, limit = height; i >= 0; i--, limit -= LABEL_GAP)
    labels[i]!.to = Math.min(labels[i]!.to, limit); // keep labels above the axis
}

function extent(values: readonly number[]): [number, number] {
  const low = values.reduce((a, b) => Math.min(a, b), Infinity);
  const high = values.reduce((a, b) => Math.max(a, b), -Infinity);
  return low === Infinity ? [0.1, 1] : [low, high];
}
