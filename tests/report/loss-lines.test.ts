import { expect, it } from 'vitest';
import { lastStep, meanLine } from '../../src/report/loss-lines.js';

it("predicting the teacher's mean has half of its loss in each language, as both have the same target", () => {
  const pointsOf = (curve: 'loss' | 'loss_en' | 'loss_ko') => meanLine(3, curve, 20, { name: '', colour: '' }).points;
  expect(pointsOf('loss')).toEqual([
    [0, 3],
    [20, 3],
  ]);
  for (const curve of ['loss_en', 'loss_ko'] as const)
    expect(pointsOf(curve)).toEqual([
      [0, 1.5],
      [20, 1.5],
    ]);
});

it('the last step was logged or validated, whichever is later', () => {
  const validation = (step: number) => [{ step, epoch: 1, loss: 1, loss_en: 1, loss_ko: 1, pairs: null }];
  const points = (step: number[]) => ({ step, epoch: [], curves: {} as never });
  expect(lastStep(points([]), [])).toBe(1);
  expect(lastStep(points([5, 10]), validation(8))).toBe(10);
  expect(lastStep(points([5, 10]), validation(12))).toBe(12);
});
