/** @file A run's losses as collapsible tables. */
import type { ValidationPoint } from '../../report-data.js';
import type { Curve } from '../../series.js';
import { details, table } from '../dom.js';
import type { LogView } from './log-view.js';

/** The approximate number of rows in the table of training losses: evenly spaced points, and the last. */
const TRAINING_ROWS = 60;

/** The losses of every validation. */
export function validationTable({ words, format, data }: LogView): HTMLElement {
  const row = ({ step, epoch, loss, loss_en, loss_ko, pairs }: ValidationPoint): string[] => [
    step === 0 ? words.untrained : format.count(epoch),
    format.count(step),
    format.loss(loss_en),
    format.loss(loss_ko),
    format.loss(loss),
    pairs === null ? '' : format.count(pairs),
  ];
  return details(words.validationTable, () =>
    table([words.epoch, words.step, words.english, words.korean, words.total, words.pairs], data.validation.map(row)),
  );
}

/** A selection of points from the training log. */
export function trainingTable({ words, format, points }: LogView): HTMLElement {
  const stride = Math.max(1, Math.ceil(points.step.length / TRAINING_ROWS));
  const chosen = points.step.map((_, i) => i).filter((i) => i % stride === 0 || i === points.step.length - 1);
  const value = (curve: Curve, i: number): number => points.curves[curve].mean[i]!;
  return details(words.trainingTable, () =>
    table(
      [
        words.step,
        words.epoch,
        words.english,
        words.korean,
        words.total,
        words.learningRate,
        words.gradNorm,
        words.pairsPerSecond,
      ],
      chosen.map((i) => [
        format.count(points.step[i]!),
        format.count(points.epoch[i]!),
        ...(['loss_en', 'loss_ko', 'loss'] as const).map((curve) => format.loss(value(curve, i))),
        format.small(value('learning_rate', i)),
        format.small(value('grad_norm', i)),
        format.rate(value('pairs_per_second', i)),
      ]),
    ),
  );
}
