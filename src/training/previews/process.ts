/** @file The process that draws previews, started by `drawing.ts`: it receives one task and tells how it goes. */
import { writeFileSync } from 'node:fs';
import { constants, getPriority, setPriority } from 'node:os';
import { messageOf } from '../../base/errors.js';
import { inputFailure } from '../../base/input-failure.js';
import { drawPreviews } from './draw.js';
import type { PreviewNews, PreviewOutcome, PreviewTask } from './task.js';

process.on('disconnect', () => {
  process.exit(); // the training has ended, in whatever way
});
process.once('message', (task: PreviewTask) => {
  stepBack();
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

function tell(news: PreviewNews): void {
  process.send!(news);
}

/**
 * Levels of niceness below the training: on a busy processor about a third of its share, sched(7). What is drawn takes
 * as much of the processor at any level; at the lowest it would not come to an end beside a training that leaves none.
 */
const NICER_BY = 5;

/**
 * Leaves most of the processor, and memory where it runs out, to the training. Processes that this one starts do so,
 * too.
 */
function stepBack(): void {
  const niceness = Math.min(getPriority() + NICER_BY, constants.priority.PRIORITY_LOW);
  const wishes = [
    () => {
      setPriority(niceness);
    },
    // Linux, proc(5) and sched(7): a session may have a niceness of its own, beside which that of its processes counts
    // for nothing; and this process is the first to be killed where memory runs out
    () => {
      writeFileSync('/proc/self/autogroup', String(niceness));
    },
    () => {
      writeFileSync('/proc/self/oom_score_adj', '1000');
    },
  ];
  for (const wish of wishes) {
    try {
      wish();
    } catch {
      // another system, or one that does not allow it
    }
  }
}
