/**
 * @file The entry point of the process that draws previews, forked by `start-drawing.ts`: it gets one task and reports
 * progress.
 */
import { writeFileSync } from 'node:fs';
import { constants, getPriority, setPriority } from 'node:os';
import { messageOf } from '../../base/errors.js';
import { inputFailure } from '../../base/input-failure.js';
import { leaveSignalsToParent } from '../../base/stop-signals.js';
import { drawPreviews } from './draw-previews.js';
import type { PreviewEvent, PreviewOutcome, PreviewTask } from './task.js';

leaveSignalsToParent();
process.on('disconnect', () => {
  process.exit(); // the training process is gone
});
process.once('message', (task: PreviewTask) => {
  lowerPriority();
  void drawPreviews(task, tell)
    .then(
      (): PreviewOutcome => ({ kind: 'drawn' }),
      (error: unknown): PreviewOutcome => {
        const failure = inputFailure(error);
        return { kind: 'failed', message: failure?.message ?? messageOf(error), code: failure?.code };
      },
    )
    .then((outcome) =>
      process.send!(outcome, undefined, undefined, () => {
        process.exit();
      }),
    );
});

function tell(event: PreviewEvent): void {
  process.send!(event);
}

/**
 * How much nicer than training: on a busy CPU this gives about a third of its share, sched(7). Drawing needs the same
 * CPU time at any level; at the lowest it would never finish next to a training that uses the whole CPU.
 */
const NICENESS_INCREMENT = 5;

/**
 * Lowers the priority of this process and its children, so that training gets most of the CPU, and memory if it runs
 * out.
 */
function lowerPriority(): void {
  const niceness = Math.min(getPriority() + NICENESS_INCREMENT, constants.priority.PRIORITY_LOW);
  const adjustments = [
    () => {
      setPriority(niceness);
    },
    // Linux, proc(5) and sched(7): with autogrouping, the niceness of a session counts and that of its processes does
    // not. The OOM score makes this process the first to be killed when memory runs out.
    () => {
      writeFileSync('/proc/self/autogroup', String(niceness));
    },
    () => {
      writeFileSync('/proc/self/oom_score_adj', '1000');
    },
  ];
  for (const adjust of adjustments) {
    try {
      adjust();
    } catch {
      // not Linux, or not permitted
    }
  }
}
