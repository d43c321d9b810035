import { join } from 'node:path';
import { writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { isOfRun, PREVIEWS_FOLDER } from '../../src/app/pictures/run-previews.js';
import { evenly, filmStrips } from '../../src/report/film-strips.js';
import { readRunConfig } from '../../src/runs/run-config.js';
import { addPreview, makeRun } from './run-of.js';

it('a film strip goes from teacher and untrained student to the newest checkpoint, with the best', async () => {
  const run = makeRun();
  writeFileSync(join(run, 'best'), 'step-00000060\n');
  await addPreview(run, { of: 'student', step: 10 }, { file: 'replaced.png', trouble: 'all pixels are of one colour' });
  for (const of of ['untrained', 'teacher'] as const) await addPreview(run, { of, step: 0 });
  for (let step = 200; step > 0; step -= 10) await addPreview(run, { of: 'student', step });
  await addPreview(run, { of: 'student', step: 10 }, { seed: 8, file: 'other-seed.png' });
  writeFileSync(join(run, PREVIEWS_FOLDER, '노란색 차-student-200.png'), 'damaged');
  const problems: string[] = [];
  const { total, strips } = (await filmStrips(run, await readRunConfig(run), problems))!;
  expect([total, strips.map(({ seed }) => seed)]).toEqual([2, [7, 8]]);
  expect(strips[0]).toMatchObject({ checkpoints: 20, prompt: { ko: '노란색 차', en: 'a yellow car' } });
  expect(strips[0].frames.map(({ of, step }) => `${of} ${step}`)).toEqual([
    'teacher 0',
    'untrained 0',
    ...[10, 30, 50, 60, 70, 90, 120, 140, 160, 180].map((step) => `student ${step}`),
  ]);
  expect(strips[0].frames[2].trouble).toBeUndefined(); // of two at one step the later
  expect(problems).toEqual([expect.stringMatching(/student-200\.png: expected a picture, got /)]);
});

it('a step counts unless the run was later resumed from an earlier one', () => {
  const resumptions = [{ step: 20 }, { step: 10 }, { step: 30 }];
  const counting = [10, 15, 20, 25].map((step) =>
    [0, 1, 2, 3].filter((resumed) => isOfRun({ step, resumed }, resumptions)),
  );
  expect(counting).toEqual([
    [0, 1, 2, 3],
    [2, 3],
    [2, 3],
    [2, 3],
  ]);
});

it('evenly spaced, including the first and the last', () => {
  expect(evenly([1, 2, 3, 4, 5], 3)).toEqual([1, 3, 5]);
  expect(evenly([1, 2], 3)).toEqual([1, 2]);
});
