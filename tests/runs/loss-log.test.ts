import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openLossLog, type LoggedStep } from '../../src/runs/loss-log.js';
import { temporaryFolder } from '../cli.js';

const STEP: LoggedStep = { step: 10, epoch: 2, learningRate: 5e-7, loss: 0.75, lossEn: 0.5, lossKo: 0.25, gradNorm: 6.5, pairs: 32, pairsPerSecond: 101.23456789 };

it('a step and a validation are in the files as soon as they are logged', () => {
  const run = temporaryFolder();
  const log = openLossLog(run);
  const read = (name: string): string => readFileSync(join(run, name), 'utf8');
  const header = 'step,epoch,learning_rate,loss,loss_en,loss_ko,grad_norm,pairs_per_second\n';
  expect([read('loss.csv'), read('loss.jsonl'), read('validation.csv')]).toEqual([header, '', 'step,epoch,loss,loss_en,loss_ko\n']);

  log.logStep(STEP);
  log.logValidation({ step: 10, epoch: 2, loss: 0.5, lossEn: 0.375, lossKo: 0.125 });
  expect(read('loss.csv')).toBe(`${header}10,2,5e-7,0.75,0.5,0.25,6.5,101.235\n`);
  expect(read('loss.jsonl')).toBe(
    '{"step":10,"epoch":2,"learning_rate":5e-7,"loss":0.75,"loss_en":0.5,"loss_ko":0.25,"grad_norm":6.5,"pairs_per_second":101.235}\n',
  );
  expect(read('validation.csv')).toBe('step,epoch,loss,loss_en,loss_ko\n10,2,0.5,0.375,0.125\n');
  log.close();
});

it("TensorBoard's file has the same values under train/ and validation/", () => {
  const run = temporaryFolder();
  const log = openLossLog(run);
  log.logStep(STEP);
  log.logValidation({ step: 10, epoch: 2, loss: 0.5, lossEn: 0.375, lossKo: 0.125 });
  log.close();
  const [name] = readdirSync(run).filter((file) => file.startsWith('events.out.tfevents.'));
  const tags = readFileSync(join(run, name)).toString('latin1').match(/(train|validation)\/[a-z_]+/g);
  expect(tags).toEqual([
    'train/learning_rate', 'train/loss', 'train/loss_en', 'train/loss_ko', 'train/grad_norm', 'train/pairs_per_second',
    'validation/loss', 'validation/loss_en', 'validation/loss_ko',
  ]);
});
