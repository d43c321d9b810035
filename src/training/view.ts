/** @file The console view of a run: a progress bar per epoch, one per validation, and a line per epoch. */
import type { StepRecord, ValidationRecord } from '../distill/records.js';
import type { TrainPlan } from '../distill/train.js';
import type { Progress, Reporter } from '../app/reporter.js';
import { formatCounted, formatDuration, formatRate } from '../base/format.js';
import { rateOf, startMeter, type Meter } from './meter.js';
import { estimateTimeLeft } from './time-left.js';

export interface TrainingView {
  readonly meter: Meter;
  plan(plan: TrainPlan): void;
  step(record: StepRecord): void;
  validating(pairs: number, total: number): void;
  /** @param trainLoss the epoch's mean training loss; absent for the untrained student */
  validation(record: ValidationRecord, trainLoss: number | undefined): void;
  /** Clears what is being shown. */
  stop(): void;
}

/** Seconds from which a first step is so slow that one asks why. */
const WORTH_SAYING = 5;

/** What takes longer than this before the first step is over is announced, in milliseconds. */
const ANNOUNCED_AFTER = 2_000;

/**
 * Shows the progress of a run.
 *
 * @param from the step it starts or resumes from
 */
export function openTrainingView(output: Reporter, from = 0): TrainingView {
  const meter = startMeter();
  let plan: TrainPlan = { epochs: 0, stepsPerEpoch: 0, totalSteps: 0 };
  let bar: Progress | undefined;
  let validated = 0;
  let seconds = 0; // of training, up to the last step
  let validationBegan = 0;
  let announcement: NodeJS.Timeout | undefined;
  let firstBatch: { readonly pairs: number; readonly at: number } | undefined; // of the untrained student's validation
  let isTimed = false;
  const left = estimateTimeLeft();

  return {
    meter,
    plan: (known) => {
      plan = known;
      validationBegan = performance.now();
      meter.resume();
      awaitFirstStep();
    },
    step,
    validating,
    validation,
    stop,
  };

  /** Says what the first step does while it takes long. */
  function awaitFirstStep(): void {
    clearTimeout(announcement);
    announcement = setTimeout(() => {
      output.message('first step: preparing the graph and memory that the later ones use');
    }, ANNOUNCED_AFTER);
    announcement.unref();
  }

  function step(record: StepRecord): void {
    clearTimeout(announcement);
    meter.step(record.pairs);
    left.step(meter.seconds() - seconds);
    seconds = meter.seconds();
    validationBegan = performance.now();
    if (record.step === from + 1 && meter.seconds() >= WORTH_SAYING)
      output.message(`first step: ${Math.round(meter.seconds())} s; it prepares what the later ones use`);
    const before = (record.epoch - 1) * plan.stepsPerEpoch;
    bar ??= output.progress(
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
      clearTimeout(announcement);
      stop();
      bar = output.progress('validation', total, 'pairs');
    }
    validated += pairs;
    bar?.update(validated);
    if (from === 0 && seconds === 0) announceBaselines(total);
  }

  /** Says how long the untrained student takes, as its second batch tells: the first one also prepares the graph. */
  function announceBaselines(total: number): void {
    const now = performance.now();
    if (firstBatch === undefined) {
      firstBatch = { pairs: validated, at: now };
      return;
    }
    if (isTimed) return;
    isTimed = true;
    const left = ((now - firstBatch.at) / 1000 / (validated - firstBatch.pairs)) * (total - validated);
    if (left >= WORTH_SAYING)
      output.message(
        `before the first step: the untrained student on ${formatCounted(total, 'pair')}, ` +
          `about ${formatDuration(left)}`,
      );
  }

  function validation(record: ValidationRecord, trainLoss: number | undefined): void {
    stop();
    validated = 0;
    left.validation((performance.now() - validationBegan) / 1000);
    output.message(trainLoss === undefined ? untrainedLine(record) : epochLine(record, trainLoss));
    meter.resume();
    if (trainLoss === undefined) awaitFirstStep();
  }

  /** `epoch  2/10  loss 1.2345  validation 1.0219 (en 0.4900 + ko 0.5319)  101 pairs/s` */
  function epochLine(record: ValidationRecord, trainLoss: number): string {
    const pace = meter.lap('epoch');
    const epoch = `epoch ${String(record.epoch).padStart(String(plan.epochs).length)}/${plan.epochs}`;
    // A run that is resumed at the end of an epoch has only to validate it.
    const rate = pace.pairs > 0 ? `  ${formatRate(rateOf(pace))} pairs/s` : '';
    return `${epoch}  loss ${trainLoss.toFixed(4)}  ${validationPart(record)}${rate}`;
  }

  function untrainedLine(record: ValidationRecord): string {
    return `untrained  ${validationPart(record)}`;
  }

  function stop(): void {
    clearTimeout(announcement);
    bar?.stop();
    bar = undefined;
  }
}

function validationPart({ loss, lossEn, lossKo }: ValidationRecord): string {
  return `validation ${loss.toFixed(4)} (en ${lossEn.toFixed(4)} + ko ${lossKo.toFixed(4)})`;
}
