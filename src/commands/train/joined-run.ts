/** @file What a process other than rank 0 prints at the end. */
import type { Output } from '../../app/output.js';
import type { JoinedRun } from '../../training/joined-run.js';

/** Prints what a process other than the first did. */
export function printJoinedRun({ rank, ranks, step, stopped }: JoinedRun, output: Output): void {
  output.result(`rank ${rank} of ${ranks}: ${stopped ? 'stopped after' : 'done at'} step ${step}`, {
    event: 'part',
    rank,
    ranks,
    steps: step,
    stopped,
  });
}
