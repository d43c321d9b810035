/** @file What is said before the first step is over, where that takes long. */
import { formatCounted, formatDuration } from '../base/format.js';
import type { Reporter } from '../app/reporter.js';

/** Seconds from which something is so slow that one asks why. */
const WORTH_SAYING = 5;

/** A first step that takes longer than this is announced, in milliseconds. */
const ANNOUNCED_AFTER = 2_000;

/** Says what takes long before the first step is over. */
export interface StartAnnouncements {
  /** The first step begins, unless the untrained student is validated before. */
  awaitFirstStep(): void;
  /** @param seconds that the first step took */
  firstStepDone(seconds: number): void;
  /**
   * A batch of the untrained student's validation is done.
   *
   * @param pairs of it that are done
   * @param total all of its pairs
   */
  untrainedBatchDone(pairs: number, total: number): void;
  /** Announces nothing that is still to come. */
  stop(): void;
}

/** Announcements for a run that begins. */
export function announceStart(output: Reporter): StartAnnouncements {
  let timer: NodeJS.Timeout | undefined;
  let firstBatch: { readonly pairs: number; readonly at: number } | undefined;
  let isTimed = false;

  return {
    awaitFirstStep() {
      clearTimeout(timer);
      timer = setTimeout(() => {
        output.message('first step: preparing the graph and memory that the later ones use');
      }, ANNOUNCED_AFTER);
      timer.unref();
    },
    firstStepDone(seconds) {
      if (seconds >= WORTH_SAYING)
        output.message(`first step: ${Math.round(seconds)} s; it prepares what the later ones use`);
    },
    untrainedBatchDone(pairs, total) {
      const now = performance.now();
      if (firstBatch === undefined) {
        firstBatch = { pairs, at: now }; // it also prepares the graph: the second one tells how long a batch takes
        return;
      }
      if (isTimed) return;
      isTimed = true;
      const left = ((now - firstBatch.at) / 1000 / (pairs - firstBatch.pairs)) * (total - pairs);
      if (left < WORTH_SAYING) return;
      output.message(
        `before the first step: the untrained student on ${formatCounted(total, 'pair')}, ` +
          `about ${formatDuration(left)}`,
      );
    },
    stop() {
      clearTimeout(timer);
    },
  };
}
