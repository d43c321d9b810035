/** @file Which previews of a run are drawn, in what order, and what is said: with a stand-in for what draws. */
import { beforeEach, expect, it, vi } from 'vitest';
import { GENERATE_DEFAULTS } from '../../src/app/pictures/options.js';
import type { PreparedRun } from '../../src/training/prepared-run.js';
import { previewCost, type PreviewPlan } from '../../src/training/previews/plan.js';
import { startPreviews, type Previews } from '../../src/training/previews/previews.js';
import type { PreviewEvent, PreviewOutcome, PreviewTask } from '../../src/training/previews/task.js';
import { addPreview, makeRun } from '../report/run-of.js';
import { reporterTo } from '../reporter.js';

/** What was asked to draw, and means to say how that goes. */
interface AskedDrawing {
  readonly task: PreviewTask;
  tell(news: PreviewEvent): void;
  end(outcome?: PreviewOutcome): Promise<void>;
}

const asked = vi.hoisted((): AskedDrawing[] => []);
vi.mock('../../src/training/previews/start-drawing.js', () => ({
  startDrawing(task: PreviewTask, tell: (news: PreviewEvent) => void) {
    let settle: (outcome: PreviewOutcome | undefined) => void;
    const ended = new Promise<PreviewOutcome | undefined>((resolve) => {
      settle = resolve;
    });
    const end = async (outcome?: PreviewOutcome): Promise<void> => {
      settle(outcome);
      await ended;
      await Promise.resolve();
    };
    asked.push({ task, tell, end });
    return { ended, stop: () => void end() };
  },
}));

const CAR = { ko: '노란색 차', en: 'a yellow car' };
const APPLE = { ko: '초록색 사과', en: 'a green apple' };
const PLAN: PreviewPlan = {
  prompts: [CAR, APPLE],
  options: { ...GENERATE_DEFAULTS, pipeline: 'somebody/pipeline', backend: 'auto', device: 'cpu' },
};
/** As the pictures of `addPreview` are drawn. */
const AS_DRAWN = {
  ...PLAN.options,
  seed: 7,
  steps: 25,
  guidance: 7.5,
  scheduler: 'unipc',
  width: 512,
  height: 256,
} as const;
const PREPARED = {
  settings: { randomWeights: false, seed: 1 },
  teacher: { source: 'teacher', model: { encoder: { width: 8 } } },
  student: { source: 'student' },
} as unknown as PreparedRun;
const DRAWN: PreviewOutcome = { kind: 'drawn' };

const said: unknown[] = [];
const reporter = reporterTo(said);
beforeEach(() => {
  said.length = 0;
  asked.length = 0;
});

const start = (run: string, from = 0, plan = PLAN): Promise<Previews> =>
  startPreviews(plan, run, from, PREPARED, reporter);

/** What the last drawing was asked for: whose, at which step, and which prompts. */
const states = (): string[] =>
  asked.at(-1)!.task.states.map(({ of, step, prompts }) => `${of} ${step}: ${prompts.map(({ en }) => en).join(', ')}`);

it('begin with the teacher and the untrained student; then one checkpoint at a time, always the newest', async () => {
  const previews = await start(makeRun());
  expect(states()).toEqual(['teacher 0: a yellow car, a green apple', 'untrained 0: a yellow car, a green apple']);
  for (const step of [1, 2, 3]) previews.saved(step);
  expect(asked).toHaveLength(1);
  expect(said).toEqual([
    expect.stringMatching(/^previews take longer than .*: step 1 is skipped; from now on the newest /),
  ]);
  await asked[0].end(DRAWN);
  expect(said.at(-1)).toMatch(/^preview of the teacher and the untrained student: 0 pictures in 0:00:00 \(/);
  expect(states()).toEqual(['student 3: a yellow car, a green apple']);
  previews.saved(3); // once more, at the end of the run
  await asked[1].end(DRAWN);
  expect(asked).toHaveLength(2);
  previews.saved(4);
  expect(asked).toHaveLength(3);
});

it('keep the checkpoint that is read until its prompts are encoded', async () => {
  const previews = await start(makeRun());
  expect(previews.held()).toBeUndefined(); // neither is a checkpoint
  previews.saved(5);
  await asked[0].end(DRAWN);
  expect(previews.held()).toBe('step-00000005');
  asked[1].tell({ kind: 'embedded' });
  expect(previews.held()).toBeUndefined();
});

it('are waited for, the newest too; or skipped', async () => {
  const previews = await start(makeRun());
  previews.saved(9);
  const finished = previews.finish(new AbortController().signal);
  expect(said).toEqual(['waiting for the preview of step 9; Ctrl-C skips it']);
  await asked[0].end(DRAWN);
  await asked[1].end(DRAWN);
  await finished;

  const left = await start(makeRun());
  left.saved(9);
  const controller = new AbortController();
  const ended = left.finish(controller.signal);
  controller.abort();
  await ended;
  expect(asked).toHaveLength(3); // step 9 was not begun
});

it('that fail cause one warning for each reason; a removed checkpoint causes none', async () => {
  const previews = await start(makeRun());
  const failed: PreviewOutcome = { kind: 'failed', message: '--pipeline p: gone', code: 'BAD_INPUT' };
  await asked[0].end(failed);
  previews.saved(1);
  await asked[1].end(failed);
  previews.saved(2);
  await asked[2].end({ kind: 'failed', message: 'gone', code: 'CHECKPOINT_REMOVED' });
  expect(said).toEqual([
    'warning: no preview of the teacher and the untrained student: --preview-pipeline p: gone; training continues',
    'preview of step 2 is skipped: its checkpoint was removed before it was read',
  ]);
});

it('of a resumed run skip what is drawn, unless it is to be drawn differently', async () => {
  const run = makeRun();
  for (const [of, step] of [
    ['teacher', 0],
    ['untrained', 0],
    ['student', 20],
  ] as const)
    await addPreview(run, { of, step });
  await start(run, 20, { prompts: [CAR], options: AS_DRAWN });
  expect(asked).toEqual([]);
  await start(run, 20, { prompts: [CAR, APPLE], options: AS_DRAWN });
  expect(states()).toEqual(['teacher 0: a green apple', 'untrained 0: a green apple', 'student 20: a green apple']);
  await start(run, 20, { prompts: [CAR], options: { ...AS_DRAWN, seed: 8 } });
  expect(states()).toEqual(['teacher 0: a yellow car', 'untrained 0: a yellow car', 'student 20: a yellow car']);
  expect(asked.at(-1)!.task).toMatchObject({ run, resumed: 0, models: { teacher: { source: 'teacher' }, width: 8 } });
});

it.each([
  ['also by the teacher and the untrained student', 0, { checkpoints: 4, pictures: 2 * (4 + 2) }],
  ['for a resumed run only at its remaining checkpoints', 10, { checkpoints: 2, pictures: 2 * 2 }],
])('each prompt is drawn at every checkpoint, %s', (_, done, cost) => {
  const plan = { stepsPerEpoch: 10, totalSteps: 20, epochs: 2 };
  expect(previewCost(PLAN, plan, { saveEvery: 8 }, done)).toEqual({ ...cost, isAtLeast: false });
});

it('without --save-every, slow steps may add checkpoints', () => {
  const plan = { stepsPerEpoch: 10, totalSteps: 15, epochs: 2 };
  expect(previewCost(PLAN, plan, {}, 0)).toEqual({ checkpoints: 2, isAtLeast: true, pictures: 8 });
});
