/** @file Logs and shows the events of the training loop. */
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { Engine } from '../distill/engine.js';
import { isCollapsed } from '../distill/evaluation.js';
import { rangesOf } from '../distill/steps.js';
import type { Ending, TrainCallbacks, TrainPlan } from '../distill/train.js';
import type { TrainState } from '../distill/train-state.js';
import { formatCount, formatCounted } from '../base/format.js';
import { checkpointName, checkpointNames } from '../runs/checkpoint-names.js';
import { keepBaselines } from '../runs/baselines-file.js';
import { outputsRow, stepRow, validationRow, type LossLog } from '../runs/loss-log.js';
import type { RunLock } from '../runs/run-lock.js';
import type { Reporter } from '../app/reporter.js';
import { rateOf } from './meter.js';
import type { PreparedRun } from './prepared-run.js';
import type { Previews } from './previews/previews.js';
import { checkpointSaver, type SaveResult } from './saving.js';
import { ONCE_WRITABLE, recoveryAdvice } from './ending.js';
import { saveLast, type LastSaveResult } from './last-save.js';
import type { TrainingStop } from './stopping.js';
import type { TrainingView } from './view.js';

/** A run in progress. */
export interface Run {
  /** Absolute path of its folder. */
  readonly folder: string;
  readonly lock: RunLock;
  readonly prepared: PreparedRun;
  readonly engine: Engine;
  readonly log: LossLog;
  readonly view: TrainingView;
  readonly reporter: Reporter;
  readonly stop: TrainingStop;
  /** Absent if no previews are drawn. */
  readonly previews: Previews | undefined;
}

/** The progress of a run. */
export interface RunProgress {
  /** Steps taken. */
  step: number;
  /** The name of the newest checkpoint; undefined if there is none. */
  last: string | undefined;
  /** Why the last state that was to be saved could not be; undefined if it was. */
  refusal?: string | undefined;
  /** The path of a copy of that state outside the run's folder, if there is one. */
  copy?: string | undefined;
}

/** The callbacks of the training loop; they keep `progress` up to date. */
export function recording(
  { folder, lock, prepared, engine, log, view, reporter, stop, previews }: Run,
  progress: RunProgress,
): TrainCallbacks {
  const { settings, data } = prepared;
  const { save, saveElsewhere } = checkpointSaver({
    folder,
    prepared,
    engine,
    reporter,
    loggedRows: () => log.rows(),
    heldCheckpoint: () => previews?.held(),
  });
  let warmupSteps = 0;
  let isWarned = false;
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
      const { step, student, teacher } = record;
      const collapsed = isCollapsed(student, teacher) && step > warmupSteps;
      if (collapsed && !isWarned) {
        reporter.warn(
          `step ${step}: the student gives nearly the same output for every sentence: its outputs vary by ` +
            `${student.variance.toPrecision(3)} over a batch, the teacher's by ${teacher.variance.toPrecision(3)}; ` +
            `mean similarity ${student.similarity.toFixed(4)}, the teacher's ${teacher.similarity.toFixed(4)}; ` +
            'try a lower --learning-rate',
        );
      }
      isWarned = collapsed;
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
    async onCheckpoint(state, isBest, ending) {
      const { step } = state;
      const attempt = async (): Promise<SaveResult> => {
        lock.check();
        const unflushed = log.sync();
        const result = await save(state, isBest, ending !== undefined);
        if (unflushed !== undefined && result.name !== undefined)
          reporter.warn(
            `step ${step} is saved, but its logs are not all on disk: ${unflushed}; they will be written later`,
          );
        return result;
      };
      const saved: LastSaveResult = await (ending === undefined ? attempt() : atLast(state, ending, attempt));
      const { name, refusal, copy } = saved;
      if (refusal !== undefined && ending === undefined)
        reporter.warn(`step ${step} not saved: ${refusal}; earlier checkpoints are unchanged`, 'loss');
      progress.refusal = refusal;
      progress.copy = copy;
      if (name !== undefined) {
        progress.last = name;
        reporter.event({ event: 'checkpoint', step, path: join(folder, name), best: isBest });
        previews?.saved(step);
      }
      view.meter.resume();
      return name !== undefined;
    },
  };

  async function atLast(
    state: TrainState,
    ending: Ending,
    attempt: () => Promise<SaveResult>,
  ): Promise<LastSaveResult> {
    const { last } = progress;
    const names = await checkpointNames(folder).catch(() => undefined);
    return saveLast(state, ending, {
      attempt,
      saveElsewhere,
      reporter,
      stop,
      left: (copy) => recoveryAdvice({ folder, last, copy }, names, { first: ONCE_WRITABLE }),
      isValidationOnly: last === checkpointName(state.step),
    });
  }
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
