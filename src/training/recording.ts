/** @file Logs and shows the events of the training loop. */
import { setImmediate } from 'node:timers/promises';
import { isCollapsed } from '../distill/evaluation.js';
import type { OutputsRecord } from '../distill/records.js';
import { rangesOf } from '../distill/steps.js';
import type { TrainCallbacks, TrainPlan } from '../distill/train.js';
import { formatCount, formatCounted } from '../base/format.js';
import { keepBaselines } from '../runs/baselines-file.js';
import { outputsRow, stepRow, validationRow } from '../runs/loss-log.js';
import type { Reporter } from '../app/reporter.js';
import { checkpointing } from './checkpointing.js';
import { rateOf } from './meter.js';
import type { Run, RunProgress } from './run-in-progress.js';

/** The callbacks of the training loop; they keep `progress` up to date. */
export function recording(run: Run, progress: RunProgress): TrainCallbacks {
  const { folder, lock, prepared, log, view, reporter } = run;
  const { settings, data } = prepared;
  const warnOfCollapse = collapseWarning(reporter);
  let warmupSteps = 0;
  return {
    onPlan(plan) {
      warmupSteps = settings.warmupRatio * plan.totalSteps;
      view.plan(plan);
      const [validated, all] = [data.validation.pairs, data.inStoreOrder.validation.pairs];
      if (validated < all) reporter.message(`validation: ${sampleText(validated, all)}, a uniform sample`);
      reporter.event({
        event: 'plan',
        ...planRow(plan),
        training_pairs: data.training.pairs,
        validation_pairs: data.validation.pairs,
      });
    },
    async onBaselines({ untrained, mean, pairs }) {
      const over = sampleText(pairs, data.inStoreOrder.validation.pairs);
      reporter.message(
        `baselines over ${over}: untrained student ${untrained.toFixed(4)}, ` +
          `predicting the teacher's mean ${mean.toFixed(4)}`,
      );
      reporter.event({ event: 'baselines', untrained, mean, pairs });
      await keepBaselines(folder, { untrained, mean, pairs });
    },
    async onStep(record) {
      progress.step = record.step;
      view.step(record);
      if (record.step % settings.logEvery === 0 || record.step === 1) {
        lock.check();
        const logged = { ...record, pairsPerSecond: rateOf(view.meter.lap('logged')) };
        log.logStep(logged);
        reporter.event({ event: 'step', ...stepRow(logged) });
      }
      await setImmediate(); // lets signals through: a step may never yield
    },
    async onSkipped(record, rows) {
      const { step, loss, gradNorm } = record;
      progress.step = step;
      lock.check();
      log.logSkipped(record, rows);
      reporter.warn(
        `step ${step} skipped: loss ${loss}, gradient norm ${gradNorm} (rows ${rangesOf(rows)} of the training pairs)`,
      );
      reporter.event({ event: 'skipped', step });
      await setImmediate();
    },
    onOutputs(record) {
      log.logOutputs(record);
      reporter.event({ event: 'outputs', ...outputsRow(record) });
      warnOfCollapse(record, record.step > warmupSteps);
    },
    async onValidationBatch(pairs, total) {
      view.validating(pairs, total);
      await setImmediate();
    },
    onValidation(record, trainLoss) {
      lock.check();
      view.validation(record, trainLoss);
      log.logValidation(record);
      reporter.event({ event: 'validation', ...validationRow(record) });
    },
    onCheckpoint: checkpointing(run, progress),
  };
}

/**
 * Warns of a student whose outputs have collapsed: once, and again only after a measurement at which they had not.
 *
 * @returns to be called with each measurement, and with whether it counts: during warm-up it does not
 */
export function collapseWarning(reporter: Reporter): (record: OutputsRecord, counts: boolean) => void {
  let isWarned = false;
  return ({ step, student, teacher }, counts) => {
    const collapsed = counts && isCollapsed(student, teacher);
    if (collapsed && !isWarned)
      reporter.warn(
        `step ${step}: the student gives nearly the same output for every sentence: its outputs vary by ` +
          `${student.variance.toPrecision(3)} over a batch, the teacher's by ${teacher.variance.toPrecision(3)}; ` +
          `mean similarity ${student.similarity.toFixed(4)}, the teacher's ${teacher.similarity.toFixed(4)}; ` +
          'try a lower --learning-rate',
      );
    isWarned = collapsed;
  };
}

/** `505 pairs`, or `2,000 of 34,000 pairs` */
function sampleText(pairs: number, available: number): string {
  const all = formatCounted(Math.max(pairs, available), 'pair');
  return pairs < available ? `${formatCount(pairs)} of ${all}` : all;
}

const planRow = ({ epochs, stepsPerEpoch, totalSteps }: TrainPlan) => ({
  epochs,
  steps_per_epoch: stepsPerEpoch,
  steps: totalSteps,
});
