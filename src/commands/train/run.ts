/** @file A training run on disk: its folder, logs and checkpoints around the loop. */
import { join } from 'node:path';
import { train, type StepRecord, type TrainCallbacks, type TrainResult } from '../../distill/train.js';
import { exportedConfig } from '../../models/config.js';
import { pruneCheckpoints, writeCheckpoint } from '../../runs/checkpoint.js';
import { openLossLog, stepRow, validationRow } from '../../runs/loss-log.js';
import { createRunFolder, defaultRunName, RUNS_FOLDER } from '../../runs/run-folder.js';
import { formatCount, formatDuration, type Output } from '../console.js';
import { startEngine } from './engine.js';
import { rateOf } from './meter.js';
import type { PreparedRun } from './prepare.js';
import { onStopSignals } from './stop-signals.js';
import { openTrainingView } from './view.js';

/** Stopped by the user, after saving: as shells count a process that SIGINT ended. */
const STOPPED = 130;

/** Trains, logs and saves. Returns the exit code. */
export async function runTraining(prepared: PreparedRun, output: Output): Promise<number> {
  const { settings, student, data } = prepared;
  const name = settings.run ?? defaultRunName(new Date());
  const run = await createRunFolder(name, prepared.description);
  const engine = await startEngine(prepared, output);
  const log = openLossLog(run);
  const view = openTrainingView(output);
  const stop = onStopSignals(() => { output.warn('stopping after this step; a second Ctrl-C stops at once, unsaved'); });
  let lastStep: StepRecord | undefined;

  const callbacks: TrainCallbacks = {
    onPlan(plan) {
      view.plan(plan);
      output.event({ event: 'plan', ...plan, training_pairs: data.training.pairs, validation_pairs: data.validation.pairs });
    },
    onStep(record) {
      lastStep = record;
      view.step(record);
      if (record.step % settings.logEvery !== 0 && record.step !== 1) return;
      const logged = { ...record, pairsPerSecond: rateOf(view.meter.lap('logged')) };
      log.logStep(logged);
      output.event({ event: 'step', ...stepRow(logged) });
    },
    onValidationBatch: (pairs) => { view.validating(pairs, data.validation.pairs); },
    onValidation(record) {
      view.validation(record);
      log.logValidation(record);
      output.event({ event: 'validation', ...validationRow(record) });
    },
    async onCheckpoint({ step, epoch, isBest }) {
      const checkpoint = await writeCheckpoint(run, {
        step,
        parameters: engine.studentParameters(),
        shapes: student.model.encoder.shapes,
        config: exportedConfig(student.model.configJson),
        files: student.tokenizerFiles,
        trainer: { step, epoch, loss: lastStep?.loss, seed: settings.seed },
      }, isBest);
      await pruneCheckpoints(run, settings.keep);
      output.event({ event: 'checkpoint', step, path: join(run, checkpoint), best: isBest });
      view.meter.resume();
    },
  };

  try {
    const result = await train(engine, data, { ...settings, signal: stop.signal }, callbacks);
    view.stop();
    output.result(summary(join(RUNS_FOLDER, name), result, view.meter.seconds()), {
      event: 'done', run, steps: result.steps, stopped: result.stopped, best: result.best && validationRow(result.best),
    });
    return result.stopped ? STOPPED : 0;
  } finally {
    view.stop();
    stop.dispose();
    log.close();
    engine.dispose();
  }
}

/** `checkpoints/first: 300 steps in 0:00:41, validation loss 4.4321 → 0.6123 (best at step 300)` */
function summary(run: string, { steps, first, best }: TrainResult, seconds: number): string {
  const trained = `${run}: ${formatCount(steps)} steps in ${formatDuration(seconds)}`;
  if (first === undefined || best === undefined) return trained;
  return `${trained}, validation loss ${first.loss.toFixed(4)} → ${best.loss.toFixed(4)} (best at step ${best.step})`;
}
