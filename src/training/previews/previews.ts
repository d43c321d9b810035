/** @file Schedules the previews of a run, one checkpoint at a time. */
import { join } from 'node:path';
import { isPendingName } from '../../base/files.js';
import { removeStaleFiles } from '../../base/stale-files.js';
import { PREVIEWS_FOLDER, readPreviews } from '../../app/pictures/run-previews.js';
import type { Reporter } from '../../app/reporter.js';
import { checkpointName } from '../../runs/checkpoint-names.js';
import { readRunConfig } from '../../runs/run-config.js';
import type { PreparedRun } from '../prepared-run.js';
import { startDrawing, type Drawing } from './start-drawing.js';
import type { PreviewPlan } from './plan.js';
import { reportPreviews } from './reporting.js';
import { statesToDraw } from './states.js';
import type { PreviewState, StartingModels } from './task.js';

/** The previews of a running training. */
export interface Previews {
  /** Draws a checkpoint that has just been saved, now or after the current drawing. */
  saved(step: number): void;
  /** The name of the checkpoint that is being read and must not be removed. */
  held(): string | undefined;
  /** Waits until everything is drawn, or until the signal is aborted, which stops the drawing. Prints messages. */
  finish(signal: AbortSignal): Promise<void>;
  /** Stops the current drawing. */
  stop(): void;
}

/** States being drawn. */
interface Running {
  readonly drawing: Drawing;
  readonly states: readonly PreviewState[];
  /** Whether all prompts are encoded, so that the models are no longer read. */
  isEmbedded: boolean;
}

/**
 * Starts the previews of a run with what has not been drawn yet: the teacher, the untrained student, and the checkpoint
 * that the run resumes from.
 *
 * @param folder the run's folder, with its configuration
 * @param from the step from which the run starts or resumes
 */
export async function startPreviews(
  plan: PreviewPlan,
  folder: string,
  from: number,
  prepared: PreparedRun,
  reporter: Reporter,
): Promise<Previews> {
  const config = await readRunConfig(folder);
  const place = join(folder, PREVIEWS_FOLDER);
  removeStaleFiles(place, isPendingName);
  const stateOf = statesToDraw(plan, folder, await readPreviews(folder, config));
  const task = {
    run: folder,
    resumed: config.resumed?.length ?? 0,
    options: plan.options,
    models: startingModels(prepared),
  };
  const reporting = reportPreviews(place, reporter);
  let running: Running | undefined;
  let waiting: number | undefined; // step of the checkpoint to draw next
  let isStopped = false;
  let idle: (() => void) | undefined; // called when everything is drawn

  const first = [stateOf('teacher', 0), stateOf('untrained', 0), ...(from === 0 ? [] : [stateOf('student', from)])];
  const undrawn = first.filter(({ prompts }) => prompts.length > 0);
  if (undrawn.length > 0) begin(undrawn);

  return {
    saved(step) {
      if (isStopped || running?.states.some((each) => each.of === 'student' && each.step === step) === true) return;
      if (running === undefined) {
        begin([stateOf('student', step)]);
        return;
      }
      if (waiting !== undefined && waiting !== step) reporting.checkpointSkipped(waiting);
      waiting = step;
    },
    held() {
      if (running === undefined || running.isEmbedded) return undefined;
      const { of, step } = running.states.at(-1)!;
      return of === 'student' ? checkpointName(step) : undefined;
    },
    async finish(signal) {
      if (running === undefined) return;
      if (!signal.aborted) {
        reporting.waitFor(running.states, waiting);
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

  function begin(states: readonly PreviewState[]): void {
    const began = performance.now();
    let pictures = 0;
    const drawing = startDrawing({ ...task, states }, (event) => {
      if (event.kind === 'picture') pictures++;
      if (event.kind === 'embedded') current.isEmbedded = true;
      if (!isStopped) reporting.tell(states, event);
    });
    const current: Running = { drawing, states, isEmbedded: false };
    running = current;
    void drawing.ended.then((outcome) => {
      running = undefined;
      reporting.ended(states, outcome, { pictures, seconds: (performance.now() - began) / 1000 });
      const next = waiting;
      waiting = undefined;
      if (next !== undefined && !isStopped) begin([stateOf('student', next)]);
      else idle?.();
    });
  }

  function stop(): void {
    isStopped = true;
    waiting = undefined;
    running?.drawing.stop();
  }
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
