/** @file The lines of the loss chart: training, validation, and references. */
import type { Point } from '../../curve-series.js';
import { lastStep, level, meanLine, trainingLine, validationLine, type LossCurve } from '../../loss-lines.js';
import type { SwitchableLine } from '../line-legend.js';
import type { LogView } from './log-view.js';

/** The lines of the loss chart, including hidden ones. */
export function lossLines(view: LogView): SwitchableLine[] {
  const { choices, palette, words } = view;
  return choices.lines === 'total'
    ? [...linesOf(view, 'loss', palette.total, ''), ...meanLines(view, 'loss'), ...publishedLines(view)]
    : [
        ...linesOf(view, 'loss_en', palette.en, `${words.english}, `),
        ...linesOf(view, 'loss_ko', palette.ko, `${words.korean}, `),
        ...meanLines(view, 'loss_en'), // the same for Korean
      ];
}

/** The training and validation lines of a loss. */
function linesOf(view: LogView, curve: LossCurve, colour: string, prefix: string): SwitchableLine[] {
  const { points, data, words, choices } = view;
  const training = { name: `${prefix}${words.training}`, colour };
  const validation = { name: `${prefix}${words.validation}`, colour };
  return [
    { id: `training-${curve}`, ...trainingLine(points, curve, training, choices.smoothing) },
    { id: `validation-${curve}`, ...validationLine(data.validation, curve, validation) },
  ];
}

/** The loss of always predicting the teacher's mean; none if it was not measured. */
function meanLines({ data: { run, validation }, points, words, palette }: LogView, curve: LossCurve): SwitchableLine[] {
  if (run.meanBaseline === null) return [];
  const drawn = { name: words.predictingMean, colour: palette.soft };
  return [{ id: 'mean', ...meanLine(run.meanBaseline, curve, lastStep(points, validation), drawn) }];
}

/**
 * The original project's validation losses, by epoch or only the last; none unless the run is of one of its recipes.
 */
function publishedLines({ data: { sections, run }, words, palette }: LogView): SwitchableLine[] {
  const { published } = sections;
  if (published === undefined || run.stepsPerEpoch === null) return [];
  const perEpoch = run.stepsPerEpoch;
  const points =
    published.lossByEpoch?.map((loss, i): Point => [(i + 1) * perEpoch, loss]) ??
    level(published.loss, perEpoch * (run.epochs ?? 1));
  return [{ id: 'published', name: words.published, colour: palette.published, style: 'dashes', points }];
}
