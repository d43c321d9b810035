/** @file Notes on a run's losses that the curves do not show. */
import { h } from '../dom.js';
import type { LogView } from './log-view.js';

/** Notes below the loss chart; warnings come last. */
export function lossNotes(view: LogView): HTMLElement[] {
  return [
    ...notesOf(view).map((note) => h('p', { class: 'quiet' }, note)),
    ...alarmsOf(view).map((alarm) => h('p', { class: 'alarm' }, alarm)),
  ];
}

function notesOf(view: LogView): string[] {
  const { words, series, format, points } = view;
  const isMerged = series.rows > points.step.length;
  return [
    ...(series.rows === 0 ? [words.noSteps] : []),
    ...(isMerged ? [words.bucketNote(format.count(series.rows), format.count(points.step.length))] : []),
    ...publishedNote(view),
    ...sampleNote(view),
    ...repeatedNote(view),
  ];
}

/** The original project's final losses, if the run is of one of its recipes. */
function publishedNote({ words, format, data: { sections } }: LogView): string[] {
  const { published } = sections;
  if (published === undefined) return [];
  const { recipe, loss, lossEn, lossKo, duration } = published;
  return [words.publishedNote(recipe, format.loss(loss), format.loss(lossEn), format.loss(lossKo), duration)];
}

/** Which pairs losses were measured on, if not all held-out pairs. */
function sampleNote({ words, format, data: { run } }: LogView): string[] {
  const { validationSample, baselineSample, validationPairs } = run;
  const notes = [
    ...(validationSample === null
      ? []
      : [words.sampleNote(format.count(validationSample), format.count(validationPairs))]),
    ...(baselineSample === null ? [] : [words.baselineNote(format.count(baselineSample))]),
  ];
  return notes.length === 0 ? [] : [notes.join(' ')];
}

/** From the second epoch on: that epochs repeat the same batches, and how small the last batch is. */
function repeatedNote({ words, format, data: { run } }: LogView): string[] {
  if (!run.isRepeated || run.epoch <= 1) return [];
  const last = run.lastBatch === null ? [] : [words.lastBatchNote(format.count(run.lastBatch))];
  return [[words.repeatedNote, ...last].join(' ')];
}

function alarmsOf({ words, format, series, data: { run, validation } }: LogView): string[] {
  const failed = validation.find(({ loss }) => loss === null);
  return [
    ...(series.nonFinite === undefined ? [] : [words.nonFinite(format.count(series.nonFinite))]),
    ...(failed === undefined ? [] : [words.nonFiniteValidation(format.count(failed.step))]),
    ...(run.skippedSteps === 0 ? [] : [words.skippedSteps(format.count(run.skippedSteps))]),
    ...(run.skippedLines === 0 ? [] : [words.skippedLines(format.count(run.skippedLines))]),
  ];
}
