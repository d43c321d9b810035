import { appendFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { followValidationLog } from '../../src/runs/log-reader.js';
import { cutLogs, openLossLog, type LoggedStep } from '../../src/runs/loss-log.js';
import { temporaryFolder } from '../cli.js';

const STEP: LoggedStep = {
  step: 10,
  epoch: 2,
  learningRate: 5e-7,
  loss: 0.75,
  lossEn: 0.5,
  lossKo: 0.25,
  gradNorm: 6.5,
  pairs: 32,
  pairsPerSecond: 101.23456789,
};

it('a step and a validation are in the files as soon as they are logged', () => {
  const run = temporaryFolder();
  const log = openLossLog(run);
  const read = (name: string): string => readFileSync(join(run, name), 'utf8');
  const header = 'step,epoch,learning_rate,loss,loss_en,loss_ko,grad_norm,pairs_per_second\n';
  expect([read('loss.csv'), read('loss.jsonl'), read('validation.csv')]).toEqual([
    header,
    '',
    'step,epoch,loss,loss_en,loss_ko,pairs\n',
  ]);

  log.logStep(STEP);
  log.logValidation({ step: 10, epoch: 2, loss: 0.5, lossEn: 0.375, lossKo: 0.125, pairs: 9 });
  expect(read('loss.csv')).toBe(`${header}10,2,5e-7,0.75,0.5,0.25,6.5,101.235\n`);
  expect(read('loss.jsonl')).toBe(
    '{"step":10,"epoch":2,"learning_rate":5e-7,"loss":0.75,"loss_en":0.5,"loss_ko":0.25,"grad_norm":6.5,"pairs_per_second":101.235}\n',
  );
  expect(read('validation.csv')).toBe('step,epoch,loss,loss_en,loss_ko,pairs\n10,2,0.5,0.375,0.125,9\n');
  log.close();
});

it("TensorBoard's file has the same values under train/ and validation/", () => {
  const run = temporaryFolder();
  const log = openLossLog(run);
  log.logStep(STEP);
  log.logValidation({ step: 10, epoch: 2, loss: 0.5, lossEn: 0.375, lossKo: 0.125, pairs: 9 });
  log.close();
  const [name] = readdirSync(run).filter((file) => file.startsWith('events.out.tfevents.'));
  const tags = readFileSync(join(run, name))
    .toString('latin1')
    .match(/(train|validation)\/[a-z_]+/g);
  expect(tags).toEqual([
    'train/learning_rate',
    'train/loss',
    'train/loss_en',
    'train/loss_ko',
    'train/grad_norm',
    'train/pairs_per_second',
    'validation/loss',
    'validation/loss_en',
    'validation/loss_ko',
    'validation/pairs',
  ]);
});

it('is cut back to the step that a run resumes from, including broken lines', async () => {
  const run = temporaryFolder();
  const log = openLossLog(run);
  const statistics = { variance: 1, similarity: 0.5 };
  for (const step of [1, 2, 3, 4]) {
    log.logStep({ ...STEP, step });
    log.logOutputs({ step, epoch: 1, student: statistics, teacher: statistics });
    log.logValidation({ step, epoch: 1, loss: 1, lossEn: 0.5, lossKo: 0.5, pairs: 9 });
  }
  log.close();
  for (const name of ['loss.csv', 'loss.jsonl', 'validation.csv', 'outputs.csv']) appendFileSync(join(run, name), '2');
  const steps = (name: string): string[] =>
    readFileSync(join(run, name), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => /\d+/.exec(line)?.[0] ?? 'header');

  await cutLogs(run, { step: 3, validated: false });
  expect(steps('loss.csv')).toEqual(['header', '1', '2', '3']);
  expect(steps('loss.jsonl')).toEqual(['1', '2', '3']);
  expect(steps('outputs.csv')).toEqual(['header', '1', '2', '3']);
  expect(steps('validation.csv')).toEqual(['header', '1', '2']); // the one after step 3 comes again

  const more = openLossLog(run, 3);
  more.logStep({ ...STEP, step: 4 });
  more.close();
  expect(steps('loss.csv')).toEqual(['header', '1', '2', '3', '4']);
  await cutLogs(run, { step: 0, validated: false });
  expect([steps('loss.csv'), steps('validation.csv')]).toEqual([['header'], ['header']]);
});

it('steps that were skipped have a file of their own, which is cut back, too', async () => {
  const run = temporaryFolder();
  const path = join(run, 'skipped.csv');
  const log = openLossLog(run);
  expect(existsSync(path)).toBe(false);
  for (const step of [7, 8, 9])
    log.logSkipped({ ...STEP, step, loss: NaN, lossEn: Infinity, gradNorm: NaN }, [0, 1, 2, 8, 5, 6]);
  expect(log.rows()).toMatchObject({ 'skipped.csv': 3 });
  log.close();
  const header = 'step,epoch,learning_rate,loss,loss_en,loss_ko,grad_norm,rows\n';
  const line = (step: number): string => `${step},2,5e-7,NaN,Infinity,0.25,NaN,0-2 8 5-6\n`;
  expect(readFileSync(path, 'utf8')).toBe(`${header}${line(7)}${line(8)}${line(9)}`);
  await cutLogs(run, { step: 8, validated: false });
  const more = openLossLog(run, 8);
  expect(more.rows()).toMatchObject({ 'skipped.csv': 2 });
  more.logSkipped({ ...STEP, step: 11, loss: NaN }, [3]);
  more.close();
  expect(readFileSync(path, 'utf8')).toBe(`${header}${line(7)}${line(8)}11,2,5e-7,NaN,0.5,0.25,6.5,3\n`);
});

it('of an earlier version gets the new column on resuming', async () => {
  const run = temporaryFolder();
  const path = join(run, 'validation.csv');
  const log = (): void => {
    const opened = openLossLog(run);
    opened.logValidation({ step: 6, epoch: 2, loss: 1, lossEn: 0.5, lossKo: 0.5, pairs: 9 });
    opened.close();
  };
  writeFileSync(path, 'step,epoch,loss,loss_en,loss_ko\n0,0,4,2,2\n3,1,3,1.5,1.5\n6,2,2,1,1\n9,');
  await cutLogs(run, { step: 3, validated: true });
  log();
  expect(readFileSync(path, 'utf8')).toBe(
    'step,epoch,loss,loss_en,loss_ko,pairs\n0,0,4,2,2,\n3,1,3,1.5,1.5,\n6,2,1,0.5,0.5,9\n',
  );
  const { rows } = await followValidationLog(run).next();
  expect(rows.map(({ step, pairs }) => [step, pairs])).toEqual([
    [0, NaN],
    [3, NaN],
    [6, 9],
  ]);
  writeFileSync(path, 'something else\n');
  await cutLogs(run, { step: 0, validated: false });
  expect(readFileSync(path, 'utf8')).toBe('something else\n');
});

it('gets missing headers back on resuming', async () => {
  const run = temporaryFolder();
  const log = openLossLog(run);
  for (const step of [1, 2]) log.logStep({ ...STEP, step });
  log.logValidation({ step: 2, epoch: 1, loss: 1, lossEn: 0.5, lossKo: 0.5, pairs: 9 });
  log.close();
  for (const name of ['loss.csv', 'validation.csv']) {
    const path = join(run, name);
    const whole = readFileSync(path, 'utf8');
    writeFileSync(path, whole.slice(whole.indexOf('\n') + 1));
    await cutLogs(run, { step: 2, validated: true });
    expect(readFileSync(path, 'utf8')).toBe(whole);
  }
});
