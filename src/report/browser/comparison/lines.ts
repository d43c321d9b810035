/** @file The overlaid loss curves of several runs. */
import type { Point } from '../../curve-series.js';
import { byMean } from '../../comparable.js';
import { meanLine } from '../../loss-lines.js';
import type { ComparedRun } from '../../pages.js';
import { smoothed, type Points } from '../../series.js';
import type { SwitchableLine } from '../line-legend.js';
import type { Look } from '../view.js';
import type { Shown } from './shown.js';

/** A run with the points of its training log. */
export interface PlottedRun extends ComparedRun {
  readonly points: Points;
}

/** A run's colour, by its index among the compared runs. */
export const colourOf = ({ palette }: Look, index: number): string => palette.runs[index % palette.runs.length]!;

/** The lines of all runs, including hidden ones: thin for training, with marks for validation. */
export function comparedLines(look: Look, runs: readonly PlottedRun[], shown: Shown): SwitchableLine[] {
  const lines = runs.flatMap((run, index) => linesOf(look, run, index, shown));
  return [...lines, ...meanLines(look, runs, lastOf(lines), shown)];
}

/** The last step of the longest line. */
export function lastOf(lines: readonly SwitchableLine[]): number {
  return Math.max(...lines.map(({ points }) => points.at(-1)?.[0] ?? 0), 1);
}

function linesOf(
  look: Look,
  { run, validation, points: { step, curves } }: PlottedRun,
  index: number,
  { curve, over, smoothing }: Shown,
): SwitchableLine[] {
  const colour = colourOf(look, index);
  const values = smoothed(curves[curve].mean, smoothing);
  const unit = over === 'epochs' ? (run.stepsPerEpoch ?? 1) : 1;
  return [
    {
      id: `training-${index}`,
      name: `${run.name}, ${look.words.training}`,
      colour,
      style: 'curve',
      points: step.map((each, i): Point => [each / unit, values[i]!]),
    },
    {
      id: `validation-${index}`,
      name: `${run.name}, ${look.words.validation}`,
      colour,
      style: 'marks',
      points: validation.map((point): Point => [point.step / unit, point[curve] ?? NaN]),
    },
  ];
}

/**
 * The loss of always predicting the teacher's mean: one line for all runs with the same value; none for runs in which
 * it was not measured.
 */
function meanLines(look: Look, runs: readonly ComparedRun[], end: number, { curve }: Shown): SwitchableLine[] {
  const { words, palette } = look;
  const groups = byMean(runs);
  return groups.map(({ baseline, names }) => ({
    id: groups.length === 1 ? 'mean' : `mean of ${names.join()}`,
    ...meanLine(baseline, curve, end, {
      name: groups.length === 1 ? words.predictingMean : `${words.predictingMean} (${names.join(', ')})`,
      colour:
        names.length === 1 && groups.length > 1
          ? colourOf(
              look,
              runs.findIndex(({ run }) => run.name === names[0]),
            )
          : palette.soft,
    }),
  }));
}
