import { appendFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readTrainingRecord } from '../../src/export/training-record.js';
import { makeRun } from '../report/run-of.js';

const stepsOf = async (run: string): Promise<number[]> => {
  const { validations } = await readTrainingRecord(run, join(run, 'step-00000400'));
  return validations.map(({ step }) => step);
};

it('names the run and the step of the exported checkpoint', async () => {
  const run = makeRun();
  expect(await readTrainingRecord(run, join(run, 'step-00000400'))).toMatchObject({ run: 'first', step: 400 });
  expect((await readTrainingRecord(run, join(run, 'best'))).step).toBeUndefined();
});

it('has the complete rows of the validation log, without one that is cut short', async () => {
  const run = makeRun();
  expect(await stepsOf(run)).toEqual([0, 200, 400, 600]);
  appendFileSync(join(run, 'validation.csv'), '800,4,0.5\n');
  expect(await stepsOf(run)).toEqual([0, 200, 400, 600]);
  rmSync(join(run, 'validation.csv'));
  expect(await stepsOf(run)).toEqual([]);
});
