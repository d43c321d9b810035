import type { Batch, Batches } from '../data/batches.js';
import { InputError } from '../errors.js';
import type { Engine, StepResult } from './engine.js';
import type { Evaluation, OutputStatistics } from './evaluation.js';
import type { Losses } from './loss.js';
import { learningRateAt, type Schedule } from './schedule.js';

/** What a step that is not finite does to the run: it ends it, or is left out. */
export const ON_NAN = ['stop', 'skip'] as const;
export type OnNan = (typeof ON_NAN)[number];

export interface TrainOptions {
  readonly epochs: number;
  readonly learningRate: number;
  readonly warmupRatio: number;
  /** Micro-batches a step. */
  readonly accumulate: number;
  /** Ends the run after this many steps; the schedule ends there too. */
  readonly maxSteps?: number | undefined;
  /** Steps from one checkpoint to the next within an epoch; else `SAVE_INTERVAL_MS` decide. */
  readonly saveEvery?: number | undefined;
  /** `stop` unless given. */
  readonly onNan?: OnNan | undefined;
  /** Ends the run after the step in hand, or in the middle of a validation, and saves. */
  readonly signal?: AbortSignal | undefined;
}

/** One optimiser step, counted from 1 over the whole run. */
export interface StepRecord extends Losses {
  readonly step: number;
  readonly epoch: number;
  readonly learningRate: number;
  readonly loss: number;
  readonly gradNorm: number;
  /** Pairs in this step. */
  readonly pairs: number;
}

/** The losses over all validation pairs after a step; step 0 is the untrained student. */
export interface ValidationRecord extends Losses {
  readonly step: number;
  readonly epoch: number;
  readonly loss: number;
}

/** How the outputs of one batch's sentences differ, student beside teacher, after a step. */
export interface OutputsRecord {
  readonly step: number;
  readonly epoch: number;
  readonly student: OutputStatistics;
  readonly teacher: OutputStatistics;
}

/** Losses to measure others against. */
export interface Baselines {
  /** Of the student as it begins. */
  readonly untrained: number;
  /** Of always giving the mean of the teacher's outputs, whatever the sentence. */
  readonly mean: number;
  /** Pairs they are over. */
  readonly pairs: number;
}

/** What a run will do, known before its first step. */
export interface TrainPlan {
  readonly epochs: number;
  readonly stepsPerEpoch: number;
  readonly totalSteps: number;
}

/**
 * Where a run stands between two steps: with the engine's state, all that it needs to go on as if it had never stopped. No
 * gradients are held back: a step takes all its micro-batches.
 */
export interface TrainState {
  readonly step: number;
  readonly epoch: number;
  /** Steps done of this epoch. */
  readonly position: number;
  /** Whether the validation after this step is done. */
  readonly validated: boolean;
  /** Steps left out because they were not finite. */
  readonly skipped: number;
  /** The sum of this epoch's losses over its pairs so far. */
  readonly epochLoss: { readonly sum: number; readonly pairs: number };
  /** The untrained student's validation; absent without validation pairs. */
  readonly first?: ValidationRecord | undefined;
  /** The validation with the lowest loss after training; absent before. */
  readonly best?: ValidationRecord | undefined;
}

export const START: TrainState = { step: 0, epoch: 1, position: 0, validated: false, skipped: 0, epochLoss: { sum: 0, pairs: 0 } };

/** Told as the run goes on; a returned promise is waited for. */
export interface TrainCallbacks {
  onPlan?(plan: TrainPlan): void | Promise<void>;
  onBaselines?(baselines: Baselines): void | Promise<void>;
  onStep?(record: StepRecord): void | Promise<void>;
  /** A step was left out: its losses and norm, and the rows of the training data in it. */
  onSkipped?(record: StepRecord, rows: readonly number[]): void | Promise<void>;
  onOutputs?(record: OutputsRecord): void | Promise<void>;
  onValidationBatch?(pairs: number): void | Promise<void>;
  /** @param trainLoss the mean loss over the epoch's pairs; absent for the untrained student */
  onValidation?(record: ValidationRecord, trainLoss?: number): void | Promise<void>;
  /** Time to save: at epoch ends, now and then between, when stopped, and before an error ends the run. `isBest`: the lowest validation loss so far. */
  onCheckpoint?(state: TrainState, isBest: boolean): void | Promise<void>;
}

export interface TrainResult {
  readonly state: TrainState;
  readonly stopped: boolean;
}

/** Milliseconds of the monotonic clock from one checkpoint to the next, unless `saveEvery` says how many steps. */
export const SAVE_INTERVAL_MS = 15 * 60_000;

/** Steps from one look at how outputs differ to the next. */
const LOOK_EVERY = 100;

/** So many steps in a row that are not finite end the run, even where they are to be left out. */
const MOST_SKIPPED_IN_A_ROW = 100;

/**
 * The whole run: every epoch goes over the training batches in the same order, then validates and saves.
 * Prints nothing; tells `callbacks`.
 *
 * @param from where a run that goes on stands; the engine's state must be of the same moment
 * @throws InputError for a step that is not finite, naming it; the student is as it was before that step
 */
export async function train(
  engine: Engine,
  data: { readonly training: Batches; readonly validation: Batches },
  options: TrainOptions,
  callbacks: TrainCallbacks = {},
  from: TrainState = START,
): Promise<TrainResult> {
  const plan = planSteps(data.training, options);
  const schedule: Schedule = { peak: options.learningRate, totalSteps: plan.totalSteps, warmupRatio: options.warmupRatio };
  const isStopped = (): boolean => options.signal?.aborted === true;
  let state = from;
  let saved = { step: from.step, at: performance.now() };
  let isWhole = true; // a step that failed may have left the engine between two states
  let skippedInARow = 0;
  const save = async (isBest = false): Promise<void> => {
    await callbacks.onCheckpoint?.(state, isBest);
    saved = { step: state.step, at: performance.now() };
  };
  await callbacks.onPlan?.(plan);
  try {
    if (state.step === 0) {
      const first = await baseline(engine, data, options, callbacks);
      if (isStopped()) return { state, stopped: true };
      state = { ...state, first };
    }
    for (;;) {
      while (state.position < plan.stepsPerEpoch && state.step < plan.totalSteps) {
        const [step, { epoch, position }] = [state.step + 1, state];
        const microBatches = await batchesOfStep(data.training, position, epoch - 1, options.accumulate);
        const learningRate = learningRateAt(schedule, step);
        isWhole = false;
        const result = await engine.step(microBatches, learningRate);
        isWhole = true;
        const record = recordOf(result, { step, epoch, learningRate, pairs: microBatches.reduce((sum, { size }) => sum + size, 0) });
        skippedInARow = result.applied ? 0 : skippedInARow + 1;
        if (!result.applied && (options.onNan !== 'skip' || skippedInARow > MOST_SKIPPED_IN_A_ROW)) throw notFinite(record, rowsOf(microBatches));
        state = afterStep(state, record, result.applied);
        if (result.applied) await callbacks.onStep?.(record);
        else await callbacks.onSkipped?.(record, rowsOf(microBatches));
        if (step % LOOK_EVERY === 0) await lookAtOutputs(engine, data, state, callbacks);

        if (isStopped()) {
          await save();
          return { state, stopped: true };
        }
        const isDue = options.saveEvery === undefined ? performance.now() - saved.at >= SAVE_INTERVAL_MS : step % options.saveEvery === 0;
        if (isDue && state.position < plan.stepsPerEpoch) await save();
      }
      if (!state.validated) {
        const validation = await validate(engine, data.validation, state, options, callbacks);
        if (validation === undefined && isStopped()) {
          await save();
          return { state, stopped: true };
        }
        // Without validation pairs the newest is taken for the best.
        const isBest = validation === undefined || state.best === undefined || validation.loss < state.best.loss;
        state = { ...state, validated: true, best: isBest ? validation : state.best };
        await save(isBest);
      }
      if (state.step >= plan.totalSteps) return { state, stopped: false };
      if (isStopped()) return { state, stopped: true };
      if (state.position >= plan.stepsPerEpoch) state = { ...state, epoch: state.epoch + 1, position: 0, validated: false, epochLoss: START.epochLoss };
    }
  } catch (error) {
    if (isWhole && state.step > saved.step) await Promise.resolve(callbacks.onCheckpoint?.(state, false)).catch(() => undefined); // the first error is the one to tell
    throw error;
  }
}

/** Counts steps: a last, smaller batch and a last, partial window of micro-batches are steps too. */
export function planSteps(training: Batches, options: Pick<TrainOptions, 'epochs' | 'accumulate' | 'maxSteps'>): TrainPlan {
  const stepsPerEpoch = Math.ceil(training.count / options.accumulate);
  const totalSteps = Math.min(stepsPerEpoch * options.epochs, options.maxSteps ?? Infinity);
  return { epochs: Math.ceil(totalSteps / stepsPerEpoch), stepsPerEpoch, totalSteps };
}

function batchesOfStep(training: Batches, inEpoch: number, epoch: number, accumulate: number): Promise<Batch[]> {
  const from = inEpoch * accumulate;
  const to = Math.min(from + accumulate, training.count);
  return Promise.all(Array.from({ length: to - from }, (_, i) => training.at(from + i, epoch)));
}

function rowsOf(microBatches: readonly Batch[]): number[] {
  return microBatches.flatMap(({ rows }) => [...rows]);
}

function recordOf({ lossEn, lossKo, gradNorm }: StepResult, at: Pick<StepRecord, 'step' | 'epoch' | 'learningRate' | 'pairs'>): StepRecord {
  return { ...at, loss: lossEn + lossKo, lossEn, lossKo, gradNorm };
}

function afterStep(state: TrainState, { step, loss, pairs }: StepRecord, applied: boolean): TrainState {
  const { position, skipped, epochLoss } = state;
  const added = applied ? { sum: epochLoss.sum + loss * pairs, pairs: epochLoss.pairs + pairs } : epochLoss;
  return { ...state, step, position: position + 1, validated: false, skipped: skipped + (applied ? 0 : 1), epochLoss: added };
}

function notFinite({ step, lossEn, lossKo, gradNorm }: StepRecord, rows: readonly number[]): InputError {
  return new InputError(
    `step ${step}: expected finite losses and gradients, got loss_en ${lossEn}, loss_ko ${lossKo}, gradient norm ${gradNorm} ` +
      `in rows ${rangesOf(rows)} of the training pairs (from 0)`,
  );
}

/** `0–31, 64–95` */
export function rangesOf(rows: readonly number[]): string {
  const ranges: [number, number][] = [];
  for (const row of rows) {
    const last = ranges.at(-1);
    if (last?.[1] === row - 1) last[1] = row;
    else ranges.push([row, row]);
  }
  return ranges.map(([from, to]) => (from === to ? `${from}` : `${from}–${to}`)).join(', ');
}

async function lookAtOutputs(engine: Engine, data: { readonly training: Batches; readonly validation: Batches }, { step, epoch }: TrainState, callbacks: TrainCallbacks): Promise<void> {
  const { student, teacher } = await engine.evaluate(await (data.validation.pairs > 0 ? data.validation : data.training).at(0));
  await callbacks.onOutputs?.({ step, epoch, student, teacher });
}

/** The untrained student: over all validation pairs, or where there are none over the first batch, of which no record is kept. */
async function baseline(
  engine: Engine,
  { training, validation }: { readonly training: Batches; readonly validation: Batches },
  { signal }: Pick<TrainOptions, 'signal'>,
  callbacks: TrainCallbacks,
): Promise<ValidationRecord | undefined> {
  const spread = meanPredictor();
  const first = validation.pairs === 0 ? undefined : await validate(engine, validation, { ...START, epoch: 0 }, { signal }, callbacks, spread);
  if (signal?.aborted) return undefined;
  let untrained = first?.loss;
  if (untrained === undefined) {
    const batch = await training.at(0);
    const evaluation = await engine.evaluate(batch);
    spread.add(evaluation, batch.size);
    untrained = evaluation.lossEn + evaluation.lossKo;
  }
  await callbacks.onBaselines?.({ untrained, ...spread.result() });
  return first;
}

/** The losses over all validation pairs, each batch counting by its size. Undefined with nothing to validate on, or stopped. */
async function validate(
  engine: Engine,
  validation: Batches,
  { step, epoch, epochLoss }: TrainState,
  { signal }: Pick<TrainOptions, 'signal'>,
  callbacks: TrainCallbacks,
  spread?: MeanPredictor,
): Promise<ValidationRecord | undefined> {
  if (validation.pairs === 0) return undefined;
  let [sumEn, sumKo] = [0, 0];
  for (let index = 0; index < validation.count; index++) {
    const batch = await validation.at(index);
    const evaluation = await engine.evaluate(batch);
    sumEn += evaluation.lossEn * batch.size;
    sumKo += evaluation.lossKo * batch.size;
    spread?.add(evaluation, batch.size);
    await callbacks.onValidationBatch?.(batch.size);
    if (signal?.aborted) return undefined;
  }
  const [lossEn, lossKo] = [sumEn / validation.pairs, sumKo / validation.pairs];
  const record = { step, epoch, loss: lossEn + lossKo, lossEn, lossKo };
  await callbacks.onValidation?.(record, step === 0 ? undefined : epochLoss.sum / epochLoss.pairs);
  return record;
}

interface MeanPredictor {
  add(evaluation: Evaluation, size: number): void;
  result(): { readonly mean: number; readonly pairs: number };
}

/**
 * The loss of always giving the teacher's mean: for each language the variance of the teacher's outputs over all sentences
 * added, which is the variance within the batches and that of their means.
 */
function meanPredictor(): MeanPredictor {
  let [pairs, squares] = [0, 0];
  let sums = new Float64Array();
  return {
    add({ teacher, teacherMean }, size) {
      if (sums.length === 0) sums = new Float64Array(teacherMean.length);
      pairs += size;
      squares += size * teacher.variance * sums.length;
      for (const [i, value] of teacherMean.entries()) {
        sums[i] += size * value;
        squares += size * value ** 2;
      }
    },
    result() {
      const ofMean = sums.reduce((sum, value) => sum + (value / pairs) ** 2, 0);
      return { mean: (2 * (squares / pairs - ofMean)) / sums.length, pairs };
    },
  };
}
