/** @file What the reader of a comparison has chosen to see. */
import type { LossCurve } from '../../loss-lines.js';
import type { ComparedRun } from '../../pages.js';
import { isSteep, lossesOf } from '../../validations.js';
import { firstSmoothing } from '../curves.js';
import type { CurveChoices } from '../view.js';

/** What the reader has chosen to see; outlives a change of language and theme. */
export interface Shown extends CurveChoices {
  curve: LossCurve;
  /** What the runs are laid over each other by: a step of another batch size sees other pairs. */
  over: 'steps' | 'epochs';
  /** Ids of lines that are switched off. */
  readonly hidden: Set<string>;
}

/** What is shown to begin with. */
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

/** Whether epochs have the same number of steps in all runs, or in some are not known. */
function haveSameEpochs(runs: readonly ComparedRun[]): boolean {
  return new Set(runs.map(({ run }) => run.stepsPerEpoch)).size === 1 || runs.some(({ run }) => !run.stepsPerEpoch);
}
