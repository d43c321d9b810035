/**
 * @file Messages about previews while they are drawn; warnings that would repeat at every checkpoint are printed once.
 */
import { relative } from 'node:path';
import { formatCounted, formatDuration } from '../../base/format.js';
import type { Progress, Reporter } from '../../app/reporter.js';
import { inFlagsOfTraining } from './plan.js';
import type { DrawnPreview, PreviewEvent, PreviewOutcome, PreviewState } from './task.js';

/** What was drawn, and how long it took. */
interface Drawn {
  readonly pictures: number;
  readonly seconds: number;
}

/** Reports the progress of a run's previews. */
export interface PreviewReporting {
  /** Reports an event of the drawing process. */
  tell(states: readonly PreviewState[], event: PreviewEvent): void;
  /** Reports that a checkpoint is skipped, as a newer one was saved before its turn came. */
  checkpointSkipped(step: number): void;
  /**
   * Reports that the run has ended and waits for the previews; from here on, their progress is shown.
   *
   * @param next the step of the checkpoint to draw after these states
   */
  waitFor(states: readonly PreviewState[], next: number | undefined): void;
  /** Reports the end of a drawing; the outcome is undefined if it was stopped. */
  ended(states: readonly PreviewState[], outcome: PreviewOutcome | undefined, drawn: Drawn): void;
}

/**
 * Reports the drawing of a run's previews.
 *
 * @param folder the folder of the pictures
 */
export function reportPreviews(folder: string, reporter: Reporter): PreviewReporting {
  const said = new Set<string>();
  let isAwaited = false;
  let bar: Progress | undefined;
  return {
    tell(states, event) {
      if (event.kind === 'warning' && isNew(event.text)) reporter.warn(`preview: ${inFlagsOfTraining(event.text)}`);
      if (event.kind === 'picture') tellOf(event.picture);
      if (event.kind !== 'progress' || !isAwaited) return;
      bar ??= reporter.progress(nameOf(states), event.total, 'steps');
      bar.update(event.done);
    },
    checkpointSkipped(step) {
      if (!isNew('slow')) return;
      reporter.message(
        `previews take longer than the time between checkpoints: step ${step} is skipped; from now on ` +
          'the newest one is drawn next',
      );
    },
    waitFor(states, next) {
      const what = next === undefined ? nameOf(states) : `the preview of step ${next}`;
      reporter.message(`waiting for ${what}; Ctrl-C skips it`);
      isAwaited = true;
    },
    ended(states, outcome, drawn) {
      bar?.stop();
      bar = undefined;
      if (outcome !== undefined) reportOutcome(nameOf(states), outcome, drawn);
    },
  };

  function tellOf({ of, step, prompt, path, trouble }: DrawnPreview): void {
    if (trouble !== undefined) reporter.warn(`${relative('.', path)}: ${trouble}`);
    const { ko, en } = prompt;
    reporter.event({ event: 'preview', of, step, ko, en, output: path, ...(trouble === undefined ? {} : { trouble }) });
  }

  function reportOutcome(name: string, outcome: PreviewOutcome, { pictures, seconds }: Drawn): void {
    if (outcome.kind === 'drawn') {
      const where = relative('.', folder);
      reporter.message(`${name}: ${formatCounted(pictures, 'picture')} in ${formatDuration(seconds)} (${where})`);
    } else if (outcome.code === 'CHECKPOINT_REMOVED') {
      reporter.message(`${name} is skipped: its checkpoint was removed before it was read`);
    } else {
      const why = inFlagsOfTraining(outcome.message);
      if (isNew(why)) reporter.warn(`no ${name}: ${why}; training continues`);
    }
  }

  /** Whether a text has not been reported yet. */
  function isNew(text: string): boolean {
    const isSaid = said.has(text);
    said.add(text);
    return !isSaid;
  }
}

/** `preview of step 300`, `preview of the teacher and the untrained student` */
function nameOf(states: readonly PreviewState[]): string {
  const names = { teacher: 'the teacher', untrained: 'the untrained student', student: undefined };
  return `preview of ${states.map(({ of, step }) => names[of] ?? `step ${step}`).join(' and ')}`;
}
