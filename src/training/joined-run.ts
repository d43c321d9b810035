/** @file A run in a process other than rank 0: it computes its share of the steps and writes nothing. */
import * as v from 'valibot';
import { train, type TrainCallbacks } from '../distill/train.js';
import { INITIAL_STATE } from '../distill/train-state.js';
import type { InitialEngineState } from '../distill/engine.js';
import { SILENT_PROGRESS, type Reporter } from '../app/reporter.js';
import { InputError } from '../base/errors.js';
import { anyObject, checkJson, text } from '../base/json-schema.js';
import { parseJson } from '../base/parse-json.js';
import type { Ranks } from '../cluster/ranks.js';
import { parseTrainer, trainerText, type TrainerFile } from '../runs/trainer-state.js';
import type { TrainContext } from './context.js';
import { startSharedEngine } from './group.js';
import { warnOfMemory } from './memory-guard.js';
import { prepareRun } from './prepared-run.js';
import { checkSettings } from './check-settings.js';
import type { RequestedSettings, TrainSettings } from './settings.js';
import { trainOptions } from './train-options.js';

/** How a run ended in a process that joined it. */
export interface JoinedRun {
  readonly rank: number;
  readonly ranks: number;
  /** The step that the run has reached. */
  readonly step: number;
  readonly stopped: boolean;
}

/** What rank 0 announces before anything is prepared: that the run is new, or what is resumed. */
const ANNOUNCEMENT = v.variant('run', [
  v.object({ run: v.literal('new') }),
  v.object({ run: v.literal('finished'), step: v.number() }),
  v.object({ run: v.literal('resumed'), settings: anyObject, trainer: v.optional(text) }),
]);

/** How a run begins on all ranks. */
export type RunAnnouncement =
  | { readonly run: 'new' }
  | { readonly run: 'finished'; readonly step: number }
  | { readonly run: 'resumed'; readonly settings: TrainSettings; readonly trainer?: TrainerFile | undefined };

/** Announces the run to the other ranks, which must have been started in the same way. */
export async function announceRun(ranks: Ranks | undefined, beginning: RunAnnouncement): Promise<void> {
  if (ranks === undefined) return;
  const trainer =
    'trainer' in beginning && beginning.trainer !== undefined ? trainerText(beginning.trainer) : undefined;
  await agreeOnRun(ranks, JSON.stringify({ ...beginning, trainer }));
}

/** The announcement of rank 0, once all ranks are known to agree. */
async function agreeOnRun(ranks: Ranks, told: string): Promise<v.InferOutput<typeof ANNOUNCEMENT>> {
  const all = (await ranks.gather('beginning', told)).map((each, rank) => {
    const where = ranks.nameOf(rank);
    return checkJson(ANNOUNCEMENT, parseJson(each, where), where, '');
  });
  const isNew = all.map(({ run }) => run === 'new');
  const other = isNew.findIndex((each) => each !== isNew[0]);
  if (other !== -1)
    throw new InputError(
      `${ranks.nameOf(other)}: expected ${isNew[0] === true ? 'no --resume' : '--resume'}, as on rank 0; ` +
        'start every rank with the same',
    );
  return all[0]!;
}

/**
 * Joins a new run.
 *
 * @throws InputError for anything that is not available or differs from rank 0; LostRankError
 */
export async function joinRun(settings: RequestedSettings, ranks: Ranks, context: TrainContext): Promise<JoinedRun> {
  await agreeOnRun(ranks, JSON.stringify({ run: 'new' }));
  return takeSteps(settings, undefined, ranks, context);
}

/**
 * Joins a run that rank 0 resumes, with its settings and state.
 *
 * @param given this process's own settings, such as its devices
 */
export async function joinResumedRun(
  given: Partial<RequestedSettings>,
  ranks: Ranks,
  context: TrainContext,
): Promise<JoinedRun> {
  const beginning = await agreeOnRun(ranks, JSON.stringify({ run: 'resumed', settings: {} }));
  const part = { rank: ranks.rank, ranks: ranks.count, stopped: false };
  if (beginning.run === 'finished') {
    await ranks.end();
    return { ...part, step: beginning.step };
  }
  if (beginning.run === 'new') throw new Error('a run to resume is not new');
  const where = ranks.nameOf(0);
  const { trainer } = beginning;
  const settings = { ...checkSettings(beginning.settings, where), ...given };
  return takeSteps(settings, trainer === undefined ? undefined : parseTrainer(trainer, where), ranks, context);
}

/** Callbacks that make every rank call its engine whenever rank 0 does. */
const MATCHING_CALLBACKS: TrainCallbacks = { onOutputs: () => undefined };

async function takeSteps(
  settings: RequestedSettings,
  trainer: TrainerFile | undefined,
  ranks: Ranks,
  context: TrainContext,
): Promise<JoinedRun> {
  const prepared = await prepareRun(settings, { ...context, reporter: withoutMessages(context.reporter) });
  const { teacher, student, data } = prepared;
  try {
    warnOfMemory(prepared, context.reporter, trainer === undefined);
    const start: InitialEngineState | undefined = trainer && {
      teacher: teacher.model.parameters(),
      student: student.model.parameters(), // replaced by those of rank 0
      optimizer: { steps: trainer.state.step, updates: trainer.updates },
    };
    const engine = await startSharedEngine(prepared, ranks, start);
    context.stop.enter('training');
    try {
      const options = trainOptions(prepared.settings, ranks.signal);
      const { state, stopped } = await train(
        engine,
        data,
        options,
        MATCHING_CALLBACKS,
        trainer?.state ?? INITIAL_STATE,
      );
      await ranks.end();
      return { rank: ranks.rank, ranks: ranks.count, step: state.step, stopped };
    } finally {
      engine.dispose();
    }
  } finally {
    await data.close();
  }
}

/** Passes on warnings only: rank 0 prints the rest. */
function withoutMessages(reporter: Reporter): Reporter {
  const nothing = (): void => undefined;
  const warn = (text: string): void => {
    reporter.warn(text);
  };
  return { warn, message: nothing, event: nothing, progress: () => SILENT_PROGRESS };
}
