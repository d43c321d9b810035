/** @file The facts of a run that change while it trains. */
import { basename, relative } from 'node:path';
import { checkpointNames, checkpointStep } from '../runs/checkpoint-names.js';
import type { ValidationRow } from '../runs/log-reader.js';
import { readBaselines } from '../runs/baselines-file.js';
import type { RunConfig } from '../runs/run-config.js';
import { pointerTarget, type Pointer } from '../runs/run-folder.js';
import { knownPlan, runState } from '../runs/run-state.js';
import { paceOf, secondsFor } from './pace.js';
import type { RunFacts } from './report-data.js';
import type { CurveRow } from './series.js';

/** The logs of a run. */
export interface LogState {
  readonly rows: readonly CurveRow[];
  /** The last validation, after a step that may not have been logged. */
  readonly validated: Pick<ValidationRow, 'step' | 'epoch' | 'pairs'> | undefined;
  readonly skippedSteps: number;
  readonly skippedLines: number;
}

/** The current facts of a run. */
export async function runFacts(folder: string, config: RunConfig, log: LogState): Promise<RunFacts> {
  const { rows, validated, skippedSteps, skippedLines } = log;
  const last = rows.at(-1);
  const plan = knownPlan(config);
  const { best, newest } = await savedCheckpoints(folder);
  const saved = newest === undefined ? 0 : checkpointStep(newest);
  const step = Math.max(last?.step ?? 0, validated?.step ?? 0, saved);
  const state = await runState(folder, plan, step);
  const isAtWork = state.state === 'starting' || state.state === 'training';
  const stepsLeft = isAtWork && plan.totalSteps !== null ? plan.totalSteps - step : NaN;
  const { batchSize, groupByLength } = config.settings;
  const trainingPairs = config.data.training_pairs;
  const lastBatch = typeof batchSize === 'number' ? trainingPairs % batchSize : 0;
  return {
    name: basename(folder),
    folder: relative('.', folder) || '.',
    ...state,
    created: config.created,
    step,
    epoch: Math.max(last?.epoch ?? 0, validated?.epoch ?? 0),
    ...speeds(rows, plan.stepsPerEpoch ? trainingPairs / plan.stepsPerEpoch : NaN, stepsLeft),
    lastBatch: lastBatch === 0 ? null : lastBatch,
    isRepeated: groupByLength !== true,
    ...plan,
    best: best ?? null,
    last: newest ?? null,
    trainingPairs,
    ...(await validationFacts(folder, config, validated)),
    teacher: { source: config.teacher.source, parameters: config.teacher.parameters },
    student: { source: config.student.source, parameters: config.student.parameters },
    skippedSteps,
    skippedLines,
  };
}

/** The names of the best and the newest checkpoint that are there. */
async function savedCheckpoints(folder: string): Promise<Record<'best' | 'newest', string | undefined>> {
  const names = await checkpointNames(folder);
  const there = async (pointer: Pointer): Promise<string | undefined> => {
    const name = await pointerTarget(folder, pointer);
    return name !== undefined && names.includes(name) ? name : undefined;
  };
  return { best: await there('best'), newest: (await there('last')) ?? names.at(0) };
}

/** How fast a run trains, and for how long it has and will. */
function speeds(
  rows: readonly CurveRow[],
  pairsPerStep: number,
  stepsLeft: number,
): Pick<RunFacts, 'pairsPerSecond' | 'meanPairsPerSecond' | 'trainedSeconds' | 'secondsLeft'> {
  const pace = paceOf(rows, pairsPerStep);
  return {
    pairsPerSecond: finite(rows.at(-1)?.pairs_per_second),
    meanPairsPerSecond: finite(pace.pairs / pace.seconds),
    trainedSeconds: pace.seconds > 0 ? finite(pace.seconds) : null,
    secondsLeft: secondsFor(stepsLeft * pairsPerStep, rows, pairsPerStep),
  };
}

/** Over how many pairs losses and baselines are measured. */
async function validationFacts(
  folder: string,
  { settings, data }: RunConfig,
  last: LogState['validated'],
): Promise<Pick<RunFacts, 'meanBaseline' | 'validationPairs' | 'validationSample' | 'baselineSample'>> {
  const baselines = await readBaselines(folder).catch(() => undefined); // `sectionsOf` tells of damage
  const all = data.validation_pairs;
  const asked = Math.min(all, typeof settings.validPairs === 'number' ? settings.validPairs : Infinity);
  // from the log, unless it is of an earlier version or only has the untrained student
  const validated = last !== undefined && last.step > 0 ? (finite(last.pairs) ?? asked) : asked;
  return {
    meanBaseline: finite(baselines?.mean),
    validationPairs: all,
    validationSample: validated < all ? validated : null,
    baselineSample: baselines !== undefined && baselines.pairs < validated ? baselines.pairs : null,
  };
}

const finite = (value: number | undefined): number | null =>
  value !== undefined && Number.isFinite(value) ? value : null;
