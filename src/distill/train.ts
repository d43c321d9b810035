import type { Batches } from '../data/batches.js';
import { measureBaselines, type BaselineCallbacks, type RunBatches } from './baselines.js';
import type { Engine } from './engine.js';
import type { OutputsRecord, StepRecord } from './records.js';
import { stepsOf, type OnNan } from './steps.js';
import { afterStep, afterValidation, nextEpoch, INITIAL_STATE, type TrainState } from './train-state.js';
import { measureOutputs, validate } from './validation.js';

/** How long and how a run trains, and when it saves. */
export interface TrainOptions {
  readonly epochs: number;
  /** The peak of the schedule. */
  readonly learningRate: number;
  /** The share of all steps used for warm-up. */
  readonly warmupRatio: number;
  /** Micro-batches per step. */
  readonly accumulate: number;
  /** Ends the run after this many steps; the schedule ends there too. */
  readonly maxSteps?: number | undefined;
  /** Steps between checkpoints within an epoch; by default, one every `SAVE_INTERVAL_MS`. */
  readonly saveEvery?: number | undefined;
  /** Default: `stop`. */
  readonly onNan?: OnNan | undefined;
  /** Ends the run after the current step, or during a validation, and saves. */
  readonly signal?: AbortSignal | undefined;
}

/** The plan of a run, known before its first step. */
export interface TrainPlan {
  readonly epochs: number;
  readonly stepsPerEpoch: number;
  readonly totalSteps: number;
}

/** Called during the run; returned promises are awaited. */
export interface TrainCallbacks extends BaselineCallbacks {
  onPlan?(plan: TrainPlan): void | Promise<void>;
  onStep?(record: StepRecord): void | Promise<void>;
  /** A step was skipped: its losses and norm, and its rows of the training data. */
  onSkipped?(record: StepRecord, rows: readonly number[]): void | Promise<void>;
  onOutputs?(record: OutputsRecord): void | Promise<void>;
  /**
   * Time to save: at the end of an epoch, at intervals within one, when stopped, and before an error ends the run.
   * `isBest`: the lowest validation loss of those saved so far. Resolves to false if it could not be saved: the best is
   * then still the one before. `ending`: no other state of the run follows, so what is not saved now is lost.
   */
  onCheckpoint?(state: TrainState, isBest: boolean, ending?: Ending): boolean | Promise<boolean>;
}

/** Why a run ends. */
export interface Ending {
  /** What ends it; absent if all steps are done, or if it was stopped. */
  readonly error?: unknown;
}

/** How a run ended. */
export interface TrainResult {
  readonly state: TrainState;
  readonly stopped: boolean;
}

/** Milliseconds between checkpoints, unless `saveEvery` gives a number of steps. */
const SAVE_INTERVAL_MS = 15 * 60_000;

/** Steps between measurements of how much outputs differ. */
const OUTPUTS_INTERVAL = 100;

/**
 * Trains a whole run: measures the baselines, then takes the steps of every epoch, validates and saves. Prints nothing
 * and reports to `callbacks`.
 *
 * @param from the state of a resumed run; the engine's state must match it
 * @throws NotFiniteStepError for a step that is not finite; the student is unchanged by that step
 */
export async function train(
  engine: Engine,
  data: RunBatches,
  options: TrainOptions,
  callbacks: TrainCallbacks = {},
  from: TrainState = INITIAL_STATE,
): Promise<TrainResult> {
  const plan = planSteps(data.training, options);
  const { learningRate: peak, warmupRatio } = options;
  const steps = stepsOf(engine, data.training, { peak, totalSteps: plan.totalSteps, warmupRatio }, options);
  const checkpoints = checkpointsOf(callbacks, options, from);
  const isStopped = (): boolean => options.signal?.aborted === true;
  let state = from;
  const saveAndStop = async (): Promise<TrainResult> => {
    await checkpoints.save(state, false, {});
    return { state, stopped: true };
  };
  await callbacks.onPlan?.(plan);
  try {
    // before the first step
    if (state.step === 0) {
      const first = await measureBaselines(engine, data, callbacks, options.signal);
      if (isStopped()) return { state, stopped: true };
      state = { ...state, first };
    }
    if (isStopped()) return { state, stopped: true };
    for (;;) {
      // the steps of an epoch, or its remaining ones
      while (state.position < plan.stepsPerEpoch && state.step < plan.totalSteps) {
        const { record, applied, rows } = await steps.take(state);
        state = afterStep(state, record, applied);
        await (applied ? callbacks.onStep?.(record) : callbacks.onSkipped?.(record, rows));
        if (state.step % OUTPUTS_INTERVAL === 0) await callbacks.onOutputs?.(await measureOutputs(engine, data, state));
        if (isStopped()) return await saveAndStop();
        // at the end of an epoch it is saved after validation
        if (state.position < plan.stepsPerEpoch && checkpoints.isDue(state)) await checkpoints.save(state);
      }
      // validation
      if (!state.validated) {
        const validation = await validate(engine, data.validation, state, callbacks, options.signal);
        if (validation === undefined && isStopped()) return await saveAndStop();
        const { state: validated, isBest } = afterValidation(state, validation);
        const isEnd = (): boolean => validated.step >= plan.totalSteps || isStopped();
        const isSaved = await checkpoints.saveEpoch(validated, isBest, isEnd);
        state = isSaved ? validated : { ...validated, best: state.best };
      }
      // the next epoch, if any
      if (state.step >= plan.totalSteps) return { state, stopped: false };
      if (isStopped()) return { state, stopped: true };
      state = nextEpoch(state);
    }
  } catch (error) {
    // the first error is the one to report
    if (steps.isEngineConsistent && state.step > checkpoints.lastStep)
      await checkpoints.save(state, false, { error }).catch(() => undefined);
    throw error;
  }
}

/** The checkpoints of a run. */
interface Checkpoints {
  /** The step of the last checkpoint that was saved; before the first, the step at which the run started. */
  readonly lastStep: number;
  /** Whether one is due within an epoch. */
  isDue(state: TrainState): boolean;
  /** Returns whether it was saved. */
  save(state: TrainState, isBest?: boolean, ending?: Ending): Promise<boolean>;
  /**
   * Saves the end of an epoch. Returns whether it was saved.
   *
   * @param isEnd whether the run ends here, which a stop request may change meanwhile; then it is saved as the last
   *   state
   */
  saveEpoch(state: TrainState, isBest: boolean, isEnd: () => boolean): Promise<boolean>;
}

function checkpointsOf(
  callbacks: Pick<TrainCallbacks, 'onCheckpoint'>,
  { saveEvery }: Pick<TrainOptions, 'saveEvery'>,
  from: TrainState,
): Checkpoints {
  let last = { step: from.step, at: performance.now() };
  const save: Checkpoints['save'] = async (state, isBest = false, ending) => {
    const isSaved = (await callbacks.onCheckpoint?.(state, isBest, ending)) ?? true;
    last = { step: isSaved ? state.step : last.step, at: performance.now() };
    return isSaved;
  };
  return {
    get lastStep() {
      return last.step;
    },
    isDue: ({ step }) =>
      saveEvery === undefined ? performance.now() - last.at >= SAVE_INTERVAL_MS : step % saveEvery === 0,
    save,
    async saveEpoch(state, isBest, isEnd) {
      if (!isEnd() && (await save(state, isBest))) return true;
      return isEnd() && save(state, isBest, {});
    },
  };
}

/** Plans the steps of a run. A smaller last batch and an incomplete last group of micro-batches are steps, too. */
export function planSteps(
  training: Pick<Batches, 'count'>,
  options: Pick<TrainOptions, 'epochs' | 'accumulate' | 'maxSteps'>,
): TrainPlan {
  const stepsPerEpoch = Math.ceil(training.count / options.accumulate);
  const totalSteps = Math.min(stepsPerEpoch * options.epochs, options.maxSteps ?? Infinity);
  return { epochs: Math.ceil(totalSteps / stepsPerEpoch), stepsPerEpoch, totalSteps };
}
