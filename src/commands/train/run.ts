/** @file A training run on disk: its folder, logs and checkpoints around the loop. */
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { Engine } from '../../distill/engine.js';
import { train, type StepRecord, type TrainCallbacks, type TrainPlan, type TrainResult } from '../../distill/train.js';
import { exportedConfig } from '../../models/exported-config.js';
import { pruneCheckpoints, writeCheckpoint } from '../../runs/checkpoint.js';
import { openLossLog, stepRow, validationRow, type LossLog } from '../../runs/loss-log.js';
import { createRunFolder, RUNS_FOLDER } from '../../runs/run-folder.js';
import type { Output } from '../console.js';
import { EXIT } from '../failure.js';
import { formatCount, formatDuration } from '../format.js';
import { reportAfterTraining } from '../report/after-training.js';
import { startEngine } from './engine.js';
import { rateOf } from './meter.js';
import type { PreparedRun } from './prepare.js';
import { onStopSignals } from './stop-signals.js';
import { openTrainingView, type TrainingView } from './view.js';

/** A run under way. */
interface Run {
  /** Absolute path of its folder. */
  readonly folder: string;
  readonly prepared: PreparedRun;
  readonly engine: Engine;
  readonly log: LossLog;
  readonly view: TrainingView;
  readonly output: Output;
}

/**
 * Trains, logs and saves.
 *
 * @param name the run's
 * @returns the exit code
 */
export async function runTraining(name: string, prepared: PreparedRun, output: Output): Promise<number> {
  const engine = await startEngine(prepared);
  const folder = await createRunFolder(name, prepared.description);
  const log = openLossLog(folder);
  const view = openTrainingView(output);
  const stop = onStopSignals(() => { output.warn('stopping after this step; a second Ctrl-C stops at once, unsaved'); });
  try {
    const options = { ...prepared.settings, signal: stop.signal };
    const result = await train(engine, prepared.data, options, recording({ folder, prepared, engine, log, view, output }));
    view.stop();
    const report = result.stopped ? undefined : await reportAfterTraining(folder, prepared.settings, output);
    output.result([summary(join(RUNS_FOLDER, name), result, view), ...(report === undefined ? [] : [report])].join('\nreport: '), {
      event: 'done', run: folder, steps: result.steps, stopped: result.stopped, best: result.best && validationRow(result.best), ...(report === undefined ? {} : { report }),
    });
    return result.stopped ? EXIT.stopped : EXIT.done;
  } finally {
    view.stop();
    stop.dispose();
    log.close();
    engine.dispose();
  }
}

/** Writes and shows what the loop tells. */
function recording({ folder, prepared: { settings, student, data }, engine, log, view, output }: Run): TrainCallbacks {
  let lastStep: StepRecord | undefined;
  return {
    onPlan(plan) {
      view.plan(plan);
      output.event({ event: 'plan', ...planRow(plan), training_pairs: data.training.pairs, validation_pairs: data.validation.pairs });
    },
    async onStep(record) {
      lastStep = record;
      view.step(record);
      if (record.step % settings.logEvery === 0 || record.step === 1) {
        const logged = { ...record, pairsPerSecond: rateOf(view.meter.lap('logged')) };
        log.logStep(logged);
        output.event({ event: 'step', ...stepRow(logged) });
      }
      await setImmediate(); // a chance for signals: a step may run without ever waiting
    },
    async onValidationBatch(pairs) {
      view.validating(pairs, data.validation.pairs);
      await setImmediate();
    },
    onValidation(record) {
      view.validation(record);
      log.logValidation(record);
      output.event({ event: 'validation', ...validationRow(record) });
    },
    async onCheckpoint({ step, epoch, isBest }) {
      const checkpoint = await writeCheckpoint(folder, {
        step,
        parameters: engine.studentParameters(),
        shapes: student.model.encoder.shapes,
        config: exportedConfig(student.model.configJson),
        files: student.tokenizerFiles,
        trainer: { step, epoch, loss: lastStep?.loss, seed: settings.seed },
      }, isBest);
      await pruneCheckpoints(folder, settings.keep);
      output.event({ event: 'checkpoint', step, path: join(folder, checkpoint), best: isBest });
      view.meter.resume();
    },
  };
}

const planRow = ({ epochs, stepsPerEpoch, totalSteps }: TrainPlan) => ({ epochs, steps_per_epoch: stepsPerEpoch, steps: totalSteps });

/** `checkpoints/first: 300 steps in 0:00:41, validation loss 4.4321 → 0.6123 (best at step 300)` */
function summary(run: string, { steps, stopped, first, best }: TrainResult, view: TrainingView): string {
  if (steps === 0) return `${run}: stopped before the first step`;
  const trained = `${run}: ${stopped ? 'stopped and saved after ' : ''}${formatCount(steps)} ${steps === 1 ? 'step' : 'steps'} in ${formatDuration(view.meter.seconds())}`;
  if (first === undefined || best === undefined || best === first) return trained; // nothing validated after training
  return `${trained}, validation loss ${first.loss.toFixed(4)} → ${best.loss.toFixed(4)} (best at step ${best.step})`;
}
