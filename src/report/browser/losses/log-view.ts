/** @file A run's report with the points of its training log. */
import { lastStep } from '../../loss-lines.js';
import type { Points } from '../../series.js';
import type { View } from '../view.js';

/** A report with the points of its training log. */
export interface LogView extends View {
  /** The training log as drawn. */
  readonly points: Points;
}

export const logViewOf = (view: View): LogView => ({ ...view, points: view.series.points() });

/** The first and last step that the reader has chosen to see. */
export function shownSteps(view: LogView): [number, number] {
  const [from, to] = view.choices.range;
  const end = lastStep(view.points, view.data.validation);
  return [from * end, to * end];
}
