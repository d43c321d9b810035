/** @file Has the previews of a run drawn, one checkpoint at a time. */
import { join, relative } from 'node:path';
import { isPendingName } from '../../base/files.js';
import { formatCounted, formatDuration } from '../../base/format.js';
import { removeStaleFiles } from '../../base/stale-files.js';
import { PREVIEWS_FOLDER, readPreviews, stripKey } from '../../app/pictures/run-previews.js';
import type { PromptPair } from '../../app/pictures/prompts.js';
import type { Progress, Reporter } from '../../app/reporter.js';
import { SCHEDULER_CLASSES } from '../../diffusion/scheduler-config.js';
import { checkpointName } from '../../runs/checkpoint.js';
import { readRunConfig } from '../../runs/run-config.js';
import type { PreparedRun } from '../prepared-run.js';
import { startDrawing, type Drawing } from './drawing.js';
import { inFlagsOfTraining, type PreviewPlan } from './plan.js';
import type { DrawnPreview, PreviewNews, PreviewOutcome, PreviewState, StartingModels } from './task.js';

/** The previews of a run that is being trained. */
export interface Previews {
  /** Has a checkpoint drawn that has just been saved: now, or when what is being drawn is done. */
  saved(step: number): void;
  /** The name of the checkpoint that is being read and must not be removed. */
  held(): string | undefined;
  /** Waits until all is drawn, or until the signal is aborted, which ends it. Says so. */
  finish(signal: AbortSignal): Promise<void>;
  /** Ends what is being drawn. */
  stop(): void;
}

/**
 * Begins the previews of a run with what there is before its next step and has not been drawn yet: the teacher, the
 * untrained student, and the checkpoint from which the run resumes.
 *
 * @param folder the run's, with its configuration
 * @param from the step from which the run starts or resumes
 */
export async function startPreviews(
  plan: PreviewPlan,
  folder: string,
  from: number,
  prepared: PreparedRun,
  output: Reporter,
): Promise<Previews> {
  const config = await readRunConfig(folder);
  const place = join(folder, PREVIEWS_FOLDER);
  removeStaleFiles(place, isPendingName);
  const drawn = await readPreviews(folder, config);
  const task = {
    run: folder,
    resumed: config.resumed?.length ?? 0,
    options: plan.options,
    models: startingModels(prepared),
  };
  const said = new Set<string>();
  let running: { readonly drawing: Drawing; readonly states: readonly PreviewState[] } | undefined;
  let isEmbedded = false;
  let waiting: number | undefined;
  let isStopped = false;
  let idle: (() => void) | undefined;
  let shown: { readonly bar: Progress; done: number } | undefined;

  const first = [state('teacher', 0), state('untrained', 0), ...(from === 0 ? [] : [state('student', from)])].filter(
    ({ prompts }) => prompts.length > 0,
  );
  if (first.length > 0) begin(first);

  return {
    saved(step) {
      if (isStopped || running?.states.some((each) => each.of === 'student' && each.step === step) === true) return;
      if (running === undefined) {
        begin([state('student', step)]);
        return;
      }
      if (waiting !== undefined && waiting !== step && isNew('slow'))
        output.message(
          `previews take longer than the time between checkpoints: step ${waiting} is passed over, the newest is ` +
            'drawn next, and so on from here',
        );
      waiting = step;
    },
    held: () => (isEmbedded ? undefined : checkpointOf(running?.states.at(-1))),
    async finish(signal) {
      if (running === undefined) return;
      if (!signal.aborted) {
        output.message(`waiting for ${nameOf(running.states, waiting)}; Ctrl-C leaves it out`);
        signal.addEventListener('abort', stop, { once: true });
        await new Promise<void>((resolve) => {
          idle = resolve;
        });
        signal.removeEventListener('abort', stop);
      }
      stop();
    },
    stop,
  };

  function state(of: PreviewState['of'], step: number): PreviewState {
    return {
      of,
      step,
      prompts: plan.prompts.filter((prompt) => !isDrawn(of, step, prompt)),
      ...(of === 'student' ? { checkpoint: join(folder, checkpointName(step)) } : {}),
    };
  }

  function isDrawn(of: PreviewState['of'], step: number, prompt: PromptPair): boolean {
    const { options } = plan;
    const key = stripKey(prompt, {
      ...options,
      scheduler: SCHEDULER_CLASSES[options.scheduler],
      width: options.width ?? 512,
      height: options.height ?? 512,
    });
    return drawn.some(
      (picture) =>
        picture.preview.of === of && picture.preview.step === step && stripKey(picture.preview.prompt, picture) === key,
    );
  }

  function begin(states: readonly PreviewState[]): void {
    const began = performance.now();
    isEmbedded = false;
    let pictures = 0;
    const drawing = startDrawing({ ...task, states }, (news) => {
      if (news.kind === 'picture') pictures++;
      hear(news);
    });
    running = { drawing, states };
    void drawing.ended.then((outcome) => {
      running = undefined;
      shown?.bar.stop();
      shown = undefined;
      if (outcome !== undefined) sayEnd(states, outcome, pictures, (performance.now() - began) / 1000);
      const next = waiting;
      waiting = undefined;
      if (next !== undefined && !isStopped) begin([state('student', next)]);
      else idle?.();
    });
  }

  function hear(news: PreviewNews): void {
    if (isStopped) return;
    if (news.kind === 'warning' && isNew(news.text)) output.warn(`preview: ${inFlagsOfTraining(news.text)}`);
    if (news.kind === 'embedded') isEmbedded = true;
    if (news.kind === 'progress') show(news.done, news.total);
    if (news.kind === 'picture') tellOf(news.picture);
  }

  /** Shows progress, once it is waited for. */
  function show(done: number, total: number): void {
    if (idle === undefined || running === undefined) return;
    shown ??= { bar: output.progress(nameOf(running.states), total, 'steps'), done: 0 };
    shown.done = done;
    shown.bar.update(done);
  }

  function tellOf({ of, step, prompt, path, trouble }: DrawnPreview): void {
    if (trouble !== undefined) output.warn(`${relative('.', path)}: ${trouble}`);
    const { ko, en } = prompt;
    output.event({ event: 'preview', of, step, ko, en, output: path, ...(trouble === undefined ? {} : { trouble }) });
  }

  function sayEnd(states: readonly PreviewState[], outcome: PreviewOutcome, pictures: number, seconds: number): void {
    const name = nameOf(states);
    if (outcome.kind === 'drawn') {
      const where = relative('.', place);
      output.message(`${name}: ${formatCounted(pictures, 'picture')} in ${formatDuration(seconds)} (${where})`);
    } else if (outcome.code === 'CHECKPOINT_REMOVED') {
      output.message(`${name} is passed over: its checkpoint was removed before it was read`);
    } else {
      const why = inFlagsOfTraining(outcome.message);
      if (isNew(why)) output.warn(`no ${name}: ${why}; training goes on`);
    }
  }

  /** Whether something that may hold for every checkpoint has not been said yet. */
  function isNew(text: string): boolean {
    const isSaid = said.has(text);
    said.add(text);
    return !isSaid;
  }

  function stop(): void {
    isStopped = true;
    waiting = undefined;
    running?.drawing.stop();
  }
}

/** The checkpoint that a state reads. */
function checkpointOf(state: PreviewState | undefined): string | undefined {
  return state?.of === 'student' ? checkpointName(state.step) : undefined;
}

/** `preview of step 300`, `preview of the teacher and the untrained student` */
function nameOf(states: readonly PreviewState[], waiting?: number): string {
  if (waiting !== undefined) return `the preview of step ${waiting}`;
  const names = { teacher: 'the teacher', untrained: 'the untrained student', student: undefined };
  const parts = states.map(({ of, step }) => names[of] ?? `step ${step}`);
  return `preview of ${parts.join(' and ')}`;
}

function startingModels({ settings, teacher, student }: PreparedRun): StartingModels {
  const { teacherTokenizer, studentTokenizer, randomWeights, seed } = settings;
  return {
    teacher: {
      source: teacher.source,
      ...(teacherTokenizer === undefined ? {} : { tokenizerSource: teacherTokenizer }),
    },
    student: {
      source: student.source,
      ...(studentTokenizer === undefined ? {} : { tokenizerSource: studentTokenizer }),
    },
    width: teacher.model.encoder.width,
    randomWeights,
    seed,
  };
}
