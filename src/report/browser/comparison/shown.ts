/** @file What the reader of a comparison has chosen to see. */
import type { LossCurve } from '../../loss-lines.js';
import type { ComparedRun } from '../../pages.js';
import { isSteep, lossesOf } from '../../validations.js';
import { firstSmoothing } from '../curves.js';
import type { CurveChoices } from '../view.js';

/** What the reader has chosen to see; kept when the language or theme changes. */
export interface Shown extends CurveChoices {
  curve: LossCurve;
  /** The common x axis. Steps of different batch sizes are different numbers of pairs. */
  over: 'steps' | 'epochs';
  /** Ids of hidden lines. */
  readonly hidden: Set<string>;
}

/** What is shown initially. */
export function firstShown(runs: readonly ComparedRun[]): Shown {
  const losses = runs.flatMap(({ validation }) => lossesOf(validation));
  return {
    curve: 'loss',
    over: haveSameEpochs(runs) ? 'steps' : 'epochs',
    log: isSteep(losses, Math.max(...losses)),
    smoothing: firstSmoothing(Math.max(...runs.map(({ training }) => training.step.length))),
    hidden: new Set(),
  };
}

/** Whether epochs have the same number of steps in all runs, or an unknown number in some. */
function haveSameEpochs(runs: readonly ComparedRun[]): boolean {
  return new Set(runs.map(({ run }) => run.stepsPerEpoch)).size === 1 || runs.some(({ run }) => !run.stepsPerEpoch);
}
