/** @file A training run on disk: its folder, logs and checkpoints around the loop. */
import { join, relative } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { Engine } from '../../distill/engine.js';
import { isCollapsed } from '../../distill/evaluation.js';
import { rangesOf } from '../../distill/steps.js';
import { START } from '../../distill/train-state.js';
import { train, type TrainCallbacks, type TrainPlan, type TrainResult } from '../../distill/train.js';
import { InputError } from '../../errors.js';
import { checkpointName } from '../../runs/checkpoint.js';
import { cutLogs, openLossLog, outputsRow, stepRow, validationRow, type LossLog } from '../../runs/loss-log.js';
import { beginRun, makeRunFolder, pointAt } from '../../runs/run-folder.js';
import { lockRun, type RunLock } from '../../runs/run-lock.js';
import type { Output } from '../console.js';
import { EXIT } from '../failure.js';
import { formatCount, formatCounted, formatDuration } from '../../format.js';
import { reportAfterTraining } from '../report/after-training.js';
import { startEngine } from './engine.js';
import { distillationOf } from './engine-parts.js';
import { rateOf } from './meter.js';
import type { PreparedRun } from './prepare.js';
import { checkSame, noteGoingOn, startFrom, takeCheckpoint, type ResumedRun } from './resume.js';
import { checkDiskSpace, checkpointPath, checkpointSaver, trainedShapes } from './saving.js';
import { onStopSignals } from './stop-signals.js';
import { prepareTeacherCache } from './teacher-cache.js';
import { openTrainingView, type TrainingView } from './view.js';

/** A run under way. */
interface Run {
  /** Absolute path of its folder. */
  readonly folder: string;
  readonly lock: RunLock;
  readonly prepared: PreparedRun;
  readonly engine: Engine;
  readonly log: LossLog;
  readonly view: TrainingView;
  readonly output: Output;
}

/**
 * Trains, logs and saves.
 *
 * @param run a new run's name, or a run that goes on
 * @returns the exit code
 */
export async function runTraining(run: string | ResumedRun, prepared: PreparedRun, output: Output): Promise<number> {
  const resumed = typeof run === 'string' ? undefined : run;
  if (resumed !== undefined) checkSame(resumed, prepared, output);
  const folder = typeof run === 'string' ? await makeRunFolder(run) : run.folder;
  const lock = await lockRun(folder, (text) => {
    output.message(text);
  });
  if (lock.takenFrom !== undefined)
    output.message(`the lock of process ${lock.takenFrom.pid}, which is no more, is taken over`);
  try {
    if (resumed === undefined) await beginRun(folder, prepared.description);
    return await underLock(folder, lock, resumed, prepared, output);
  } finally {
    lock.release();
  }
}

async function underLock(
  folder: string,
  lock: RunLock,
  resumed: ResumedRun | undefined,
  prepared: PreparedRun,
  output: Output,
): Promise<number> {
  const found = resumed && (await takeCheckpoint(resumed, output));
  await checkDiskSpace(folder, prepared, output);
  const state = found?.trainer.state ?? START;
  const cache = await prepareTeacherCache(prepared, output);
  const start =
    found && (await startFrom(found, trainedShapes(distillationOf(prepared)), prepared.teacher.model.parameters()));
  const engine = await startEngine(prepared, start, cache === undefined ? 'computed' : 'given');
  const data =
    cache === undefined
      ? prepared.data
      : { training: cache.batches('training'), validation: cache.batches('validation') };
  if (resumed !== undefined) {
    await cutLogs(folder, state);
    await noteGoingOn(resumed, found);
    if (state.best !== undefined) await pointAt(folder, 'best', checkpointName(state.best.step));
  }
  const log = openLossLog(folder, state.step);
  const view = openTrainingView(output, state.step);
  const stop = onStopSignals(() => {
    output.warn('stopping after this step; a second Ctrl-C stops at once, unsaved');
  });
  const saved = { last: found?.name };
  try {
    const options = { ...prepared.settings, signal: stop.signal };
    const result = await train(
      engine,
      data,
      options,
      recording({ folder, lock, prepared, engine, log, view, output }, saved),
      state,
    );
    view.stop();
    checkSaved(result, saved.last, folder);
    const { best, step } = result.state;
    const report = result.stopped ? undefined : await reportAfterTraining(folder, prepared.settings, output);
    output.result(
      [summary(relative(process.cwd(), folder), result, view), ...(report === undefined ? [] : [report])].join(
        '\nreport: ',
      ),
      {
        event: 'done',
        run: folder,
        steps: step,
        stopped: result.stopped,
        skipped: result.state.skipped,
        best: best && validationRow(best),
        ...(report === undefined ? {} : { report }),
      },
    );
    return result.stopped ? EXIT.stopped : EXIT.done;
  } catch (error) {
    if (!(error instanceof InputError) || !error.message.startsWith('step ')) throw error;
    const hint = 'go on with --resume and --on-nan skip, or begin with a lower --learning-rate or a --max-grad-norm';
    throw new InputError(`${error.message}; last good checkpoint: ${checkpointPath(folder, saved.last)}; ${hint}`);
  } finally {
    view.stop();
    stop.dispose();
    log.close();
    engine.dispose();
    await cache?.close();
  }
}

/** Throws an `InputError` where the run ended and its last state is on no disk. */
function checkSaved({ state: { step } }: TrainResult, last: string | undefined, folder: string): void {
  if (step === 0 || last === checkpointName(step)) return;
  throw new InputError(
    `${folder}: expected to save step ${step} at the end, but could not; last good checkpoint: ${checkpointPath(folder, last)}; make room and go on with --resume`,
  );
}

/** Writes and shows what the loop tells. */
function recording(
  { folder, lock, prepared, engine, log, view, output }: Run,
  saved: { last: string | undefined },
): TrainCallbacks {
  const { settings, data } = prepared;
  const save = checkpointSaver(folder, prepared, engine, output);
  let warmupSteps = 0;
  let isWarned = false;
  return {
    onPlan(plan) {
      warmupSteps = settings.warmupRatio * plan.totalSteps;
      view.plan(plan);
      output.event({
        event: 'plan',
        ...planRow(plan),
        training_pairs: data.training.pairs,
        validation_pairs: data.validation.pairs,
      });
    },
    onBaselines({ untrained, mean, pairs }) {
      output.message(
        `baselines over ${formatCounted(pairs, 'pair')}: untrained student ${untrained.toFixed(4)}, always the teacher's mean ${mean.toFixed(4)}`,
      );
      output.event({ event: 'baselines', untrained, mean, pairs });
    },
    async onStep(record) {
      view.step(record);
      if (record.step % settings.logEvery === 0 || record.step === 1) {
        lock.check();
        const logged = { ...record, pairsPerSecond: rateOf(view.meter.lap('logged')) };
        log.logStep(logged);
        output.event({ event: 'step', ...stepRow(logged) });
      }
      await setImmediate(); // a chance for signals: a step may run without ever waiting
    },
    async onSkipped({ step, loss, gradNorm }, rows) {
      output.warn(
        `step ${step} is left out: loss ${loss}, gradient norm ${gradNorm} (rows ${rangesOf(rows)} of the training pairs)`,
      );
      output.event({ event: 'skipped', step });
      await setImmediate();
    },
    onOutputs(record) {
      log.logOutputs(record);
      output.event({ event: 'outputs', ...outputsRow(record) });
      const { step, student, teacher } = record;
      const collapsed = isCollapsed(student, teacher) && step > warmupSteps;
      if (collapsed && !isWarned) {
        output.warn(
          `step ${step}: the student says nearly the same of every sentence: its outputs vary by ${student.variance.toPrecision(3)} over a batch, ` +
            `the teacher's by ${teacher.variance.toPrecision(3)}; mean similarity ${student.similarity.toFixed(4)}, the teacher's ${teacher.similarity.toFixed(4)}; try a lower --learning-rate`,
        );
      }
      isWarned = collapsed;
    },
    async onValidationBatch(pairs) {
      view.validating(pairs, data.validation.pairs);
      await setImmediate();
    },
    onValidation(record, trainLoss) {
      lock.check();
      view.validation(record, trainLoss);
      log.logValidation(record);
      output.event({ event: 'validation', ...validationRow(record) });
    },
    async onCheckpoint(state, isBest) {
      const { step } = state;
      lock.check();
      log.sync();
      const name = await save(state, isBest);
      if (name !== undefined) {
        saved.last = name;
        output.event({ event: 'checkpoint', step, path: join(folder, name), best: isBest });
      }
      view.meter.resume();
    },
  };
}

const planRow = ({ epochs, stepsPerEpoch, totalSteps }: TrainPlan) => ({
  epochs,
  steps_per_epoch: stepsPerEpoch,
  steps: totalSteps,
});

/** `checkpoints/first: 300 steps in 0:00:41, validation loss 4.4321 → 0.6123 (best at step 300)` */
function summary(
  run: string,
  { state: { step, skipped, first, best }, stopped }: TrainResult,
  view: TrainingView,
): string {
  if (step === 0) return `${run}: stopped before the first step`;
  const left = skipped === 0 ? '' : `, ${formatCount(skipped)} left out`;
  const trained = `${run}: ${stopped ? 'stopped and saved after ' : ''}${formatCounted(step, 'step')}${left} in ${formatDuration(view.meter.seconds())}`;
  if (first === undefined || best === undefined) return trained; // nothing validated after training
  return `${trained}, validation loss ${first.loss.toFixed(4)} → ${best.loss.toFixed(4)} (best at step ${best.step})`;
}
