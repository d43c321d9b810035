/** @file Prints how a run ended. */
import { relative } from 'node:path';
import { bestOf } from '../../distill/train-state.js';
import type { TrainResult } from '../../distill/train.js';
import { isReported } from '../../report/write-report.js';
import { formatCount, formatCounted, formatDuration } from '../../base/format.js';
import { validationRow } from '../../runs/loss-log.js';
import { warnOfIdleFlags } from '../../app/idle-flags.js';
import type { Output } from '../../app/output.js';
import { reportCommand } from '../../training/resume-command.js';
import type { TrainedRun } from '../../training/run.js';
import type { FinishedRun } from '../../training/training.js';

/** Prints how a run ended, where its report is, and how to resume it if it was stopped. */
export function printTrainedRun({ folder, result, seconds, report, resume }: TrainedRun, output: Output): void {
  const { state, stopped } = result;
  const best = bestOf(state);
  output.result(
    [
      summary(relative('.', folder) || '.', result, seconds),
      ...(report === undefined ? [] : [`report: ${report}`]),
      ...(resume === undefined ? [] : [`resume with: ${resume}`]),
    ].join('\n'),
    {
      event: 'done',
      run: folder,
      steps: state.step,
      stopped,
      skipped: state.skipped,
      best: best && validationRow(best),
      ...(report === undefined ? {} : { report }),
      ...(resume === undefined ? {} : { resume }),
    },
  );
}

/** Prints that a run has already finished, and how to write its report if its process died before doing so. */
export async function printFinishedRun(run: FinishedRun, output: Output): Promise<void> {
  const { folder, finishedAt, flagsToExtend, extend, notApplied } = run;
  warnOfIdleFlags(notApplied, 'because there is nothing left to do', output);
  const report = (await isReported(folder)) ? undefined : reportCommand(folder);
  output.result(
    [finishedLine(run), ...(report === undefined ? [] : [`its report was not written; write it with: ${report}`])].join(
      '\n',
    ),
    {
      event: 'finished',
      run: folder,
      steps: finishedAt,
      more: flagsToExtend,
      resume: extend,
      ...(report === undefined ? {} : { write_report: report }),
    },
  );
}

/** `checkpoints/first: finished at step 600; continue with: kd train --resume first --epochs 20` */
export function finishedLine({ folder, finishedAt, extend }: FinishedRun): string {
  return `${relative('.', folder) || '.'}: finished at step ${finishedAt}; continue with: ${extend}`;
}

/** `checkpoints/first: 300 steps in 0:00:41, validation loss 4.4321 → 0.6123 (best at step 300)` */
function summary(run: string, { state, stopped }: TrainResult, seconds: number): string {
  const { step, skipped, first } = state;
  const best = bestOf(state);
  if (step === 0) return `${run}: stopped before the first step`;
  const left = skipped === 0 ? '' : `, ${formatCount(skipped)} skipped`;
  const done = `${stopped ? 'stopped and saved after ' : ''}${formatCounted(step, 'step')}${left}`;
  const trained = `${run}: ${done} in ${formatDuration(seconds)}`;
  if (first === undefined) return trained; // no validation pairs
  if (best === undefined) return stopped ? trained : `${trained}; no validation loss was a finite number`;
  return `${trained}, validation loss ${first.loss.toFixed(4)} → ${best.loss.toFixed(4)} (best at step ${best.step})`;
}
