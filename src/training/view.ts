/** @file The console view of a run: a progress bar per epoch, one per validation, and a line per epoch. */
import type { StepRecord, ValidationRecord } from '../distill/records.js';
import type { TrainPlan } from '../distill/train.js';
import type { Progress, Reporter } from '../app/reporter.js';
import { formatDuration, formatRate } from '../base/format.js';
import { rateOf, startMeter, type Meter } from './meter.js';
import { announceStart } from './start-announcements.js';
import { estimateTimeLeft } from './time-left.js';

/** Shows the progress of a run. */
export interface TrainingView {
  readonly meter: Meter;
  plan(plan: TrainPlan): void;
  step(record: StepRecord): void;
  validating(pairs: number, total: number): void;
  /** @param trainLoss the epoch's mean training loss; absent for the untrained student */
  validation(record: ValidationRecord, trainLoss: number | undefined): void;
  /** Removes what is being shown. */
  stop(): void;
}

/**
 * Shows the progress of a run.
 *
 * @param from the step at which it starts or resumes
 */
export function openTrainingView(reporter: Reporter, from = 0): TrainingView {
  const meter = startMeter();
  let plan: TrainPlan = { epochs: 0, stepsPerEpoch: 0, totalSteps: 0 };
  let bar: Progress | undefined;
  let validated = 0;
  let seconds = 0; // of training, up to the last step
  let validationBegan = 0;
  const start = announceStart(reporter);
  const left = estimateTimeLeft();

  return {
    meter,
    plan: (known) => {
      plan = known;
      validationBegan = performance.now();
      meter.resume();
      start.awaitFirstStep();
    },
    step,
    validating,
    validation,
    stop,
  };

  function step(record: StepRecord): void {
    start.stop();
    meter.step(record.pairs);
    left.step(meter.seconds() - seconds);
    seconds = meter.seconds();
    validationBegan = performance.now();
    if (record.step === from + 1) start.firstStepDone(seconds);
    const before = (record.epoch - 1) * plan.stepsPerEpoch;
    bar ??= reporter.progress(
      `epoch ${record.epoch}/${plan.epochs}`,
      Math.min(plan.stepsPerEpoch, plan.totalSteps - before),
      'steps',
    );
    const remaining = left.seconds(plan, record.step, record.epoch);
    bar.update(record.step - before, [
      `loss_en ${record.lossEn.toFixed(4)}`,
      `loss_ko ${record.lossKo.toFixed(4)}`,
      ...(Number.isFinite(remaining) ? [`${formatDuration(remaining)} left`] : []),
      `${formatRate(meter.recent())} pairs/s`,
    ]);
  }

  function validating(pairs: number, total: number): void {
    if (validated === 0) {
      stop();
      bar = reporter.progress('validation', total, 'pairs');
    }
    validated += pairs;
    bar?.update(validated);
    if (from === 0 && seconds === 0) start.untrainedBatchDone(validated, total);
  }

  function validation(record: ValidationRecord, trainLoss: number | undefined): void {
    stop();
    validated = 0;
    left.validation((performance.now() - validationBegan) / 1000);
    reporter.message(trainLoss === undefined ? untrainedLine(record) : epochLine(record, trainLoss));
    meter.resume();
    if (trainLoss === undefined) start.awaitFirstStep();
  }

  /** `epoch  2/10  loss 1.2345  validation 1.0219 (en 0.4900 + ko 0.5319)  101 pairs/s` */
  function epochLine(record: ValidationRecord, trainLoss: number): string {
    const pace = meter.lap('epoch');
    const epoch = `epoch ${String(record.epoch).padStart(String(plan.epochs).length)}/${plan.epochs}`;
    // A run resumed at the end of an epoch only has to validate it.
    const rate = pace.pairs > 0 ? `  ${formatRate(rateOf(pace))} pairs/s` : '';
    return `${epoch}  loss ${trainLoss.toFixed(4)}  ${validationPart(record)}${rate}`;
  }

  function untrainedLine(record: ValidationRecord): string {
    return `untrained  ${validationPart(record)}`;
  }

  function stop(): void {
    start.stop();
    bar?.stop();
    bar = undefined;
  }
}

function validationPart({ loss, lossEn, lossKo }: ValidationRecord): string {
  return `validation ${loss.toFixed(4)} (en ${lossEn.toFixed(4)} + ko ${lossKo.toFixed(4)})`;
}
