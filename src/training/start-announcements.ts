/** @file Messages about slow work before the first step is done. */
import { formatCounted, formatDuration } from '../base/format.js';
import type { Reporter } from '../app/reporter.js';

/** Work that takes fewer seconds is not mentioned. */
const MIN_MENTIONED_S = 5;

/** After how many milliseconds without a first step it is announced. */
const FIRST_STEP_DELAY_MS = 2_000;

/** Announces slow work before the first step is done. */
export interface StartAnnouncements {
  /** The first step begins, unless the untrained student is validated before it. */
  awaitFirstStep(): void;
  /** @param seconds how long the first step took */
  firstStepDone(seconds: number): void;
  /**
   * A batch of the untrained student's validation is done.
   *
   * @param pairs the pairs done
   * @param total all pairs of that validation
   */
  untrainedBatchDone(pairs: number, total: number): void;
  /** Cancels announcements still to come. */
  stop(): void;
}

/** The announcements of a run that starts. */
export function announceStart(reporter: Reporter): StartAnnouncements {
  let timer: NodeJS.Timeout | undefined;
  let firstBatch: { readonly pairs: number; readonly at: number } | undefined;
  let isTimed = false;
  let isAnnounced = false;

  return {
    awaitFirstStep() {
      clearTimeout(timer);
      if (isAnnounced) return; // while the untrained student's first batch was awaited, which prepares a part of it
      timer = setTimeout(() => {
        isAnnounced = true;
        reporter.message('first step: preparing the graph and memory that the later ones use');
      }, FIRST_STEP_DELAY_MS);
      timer.unref();
    },
    firstStepDone(seconds) {
      if (seconds >= MIN_MENTIONED_S)
        reporter.message(`first step: ${Math.round(seconds)} s; it prepares what the later ones use`);
    },
    untrainedBatchDone(pairs, total) {
      const now = performance.now();
      if (firstBatch === undefined) {
        firstBatch = { pairs, at: now }; // includes preparing the graph: time the second batch
        return;
      }
      if (isTimed) return;
      isTimed = true;
      const left = ((now - firstBatch.at) / 1000 / (pairs - firstBatch.pairs)) * (total - pairs);
      if (left < MIN_MENTIONED_S) return;
      reporter.message(
        `before the first step: the untrained student on ${formatCounted(total, 'pair')}, ` +
          `about ${formatDuration(left)}`,
      );
    },
    stop() {
      clearTimeout(timer);
    },
  };
}
