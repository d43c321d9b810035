import { appendFileSync, mkdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { followLossLog, followValidationLog, lastLoggedStep } from '../../src/runs/log-reader.js';
import { openLossLog } from '../../src/runs/loss-log.js';
import { temporaryFolder } from '../cli.js';

const HEADER = 'step,epoch,learning_rate,loss,loss_en,loss_ko,grad_norm,pairs_per_second\n';
const line = (step: number, loss: number | string = 1): string => `${step},1,0.5,${loss},0.25,0.75,2,100\n`;
const row = (step: number, loss = 1): object => ({
  step,
  epoch: 1,
  learning_rate: 0.5,
  loss,
  loss_en: 0.25,
  loss_ko: 0.75,
  grad_norm: 2,
  pairs_per_second: 100,
});

let run: string;
let file: string;
beforeEach(() => {
  run = temporaryFolder();
  file = join(run, 'loss.csv');
});

describe('a log that is read while it grows', () => {
  it('reads back what a run writes', async () => {
    const log = openLossLog(run);
    log.logStep({
      step: 1,
      epoch: 1,
      learningRate: 5e-5,
      loss: 2,
      lossEn: 0.5,
      lossKo: 1.5,
      gradNorm: 3,
      pairs: 32,
      pairsPerSecond: 101.23456789,
    });
    log.logValidation({ step: 0, epoch: 0, loss: 4, lossEn: 1, lossKo: 3, pairs: 7 });
    log.close();
    expect((await followLossLog(run).next()).rows).toEqual([
      {
        step: 1,
        epoch: 1,
        learning_rate: 5e-5,
        loss: 2,
        loss_en: 0.5,
        loss_ko: 1.5,
        grad_norm: 3,
        pairs_per_second: 101.235,
      },
    ]);
    expect((await followValidationLog(run).next()).rows).toEqual([
      { step: 0, epoch: 0, loss: 4, loss_en: 1, loss_ko: 3, pairs: 7 },
    ]);
  });

  it('returns every row once, and a line only when it is complete', async () => {
    const follower = followLossLog(run);
    expect(await follower.next()).toEqual({ rows: [], restarted: false }); // not there yet
    writeFileSync(file, `${HEADER}${line(1)}${line(10).slice(0, 7)}`);
    expect(await follower.next()).toEqual({ rows: [row(1)], restarted: false });
    expect(await follower.next()).toEqual({ rows: [], restarted: false });
    appendFileSync(file, line(10).slice(7) + line(20));
    expect(await follower.next()).toEqual({ rows: [row(10), row(20)], restarted: false });
    expect(follower.skipped).toBe(0);
  });

  it('skips broken lines and counts them; values that are not numbers are NaN', async () => {
    writeFileSync(file, `${HEADER}${line(1, 'NaN')}10,1,0.5\n${line(20)}x${line(30)}${line(40)}`);
    const follower = followLossLog(run);
    expect((await follower.next()).rows).toEqual([row(1, NaN), row(20), row(40)]);
    expect(follower.skipped).toBe(2);
  });

  it('reads columns by name: unknown ones are ignored, missing ones are NaN', async () => {
    writeFileSync(file, 'loss,more,step\n3,7,5\n');
    expect((await followLossLog(run).next()).rows).toEqual([
      {
        step: 5,
        epoch: NaN,
        learning_rate: NaN,
        loss: 3,
        loss_en: NaN,
        loss_ko: NaN,
        grad_norm: NaN,
        pairs_per_second: NaN,
      },
    ]);
  });

  it('reads what an editor has saved with a byte-order mark and other line ends', async () => {
    writeFileSync(file, `\uFEFF${HEADER}${line(10)}${line(20)}`.replaceAll('\n', '\r\n'));
    expect((await followLossLog(run).next()).rows).toEqual([row(10), row(20)]);
  });

  it('starts over if a run went back to an earlier step', async () => {
    writeFileSync(file, `${HEADER}${line(10)}${line(20)}${line(30)}`);
    const follower = followLossLog(run);
    await follower.next();
    appendFileSync(file, line(20, 5));
    expect(await follower.next()).toEqual({ rows: [row(10), row(20, 5)], restarted: true });
    appendFileSync(file, line(30, 6));
    expect(await follower.next()).toEqual({ rows: [row(30, 6)], restarted: false });
    expect((await followLossLog(run).next()).rows).toEqual([row(10), row(20, 5), row(30, 6)]);
  });

  it('starts over if the file was rewritten, shorter or longer', async () => {
    const follower = followLossLog(run);
    writeFileSync(file, `${HEADER}${line(10)}${line(20)}`);
    await follower.next();
    writeFileSync(file, `${HEADER}${line(10, 3)}`);
    expect(await follower.next()).toEqual({ rows: [row(10, 3)], restarted: true });
    writeFileSync(file, `${HEADER}${line(10, 4)}${line(20)}${line(30)}`);
    expect(await follower.next()).toEqual({ rows: [row(10, 4), row(20), row(30)], restarted: true });
    rmSync(file);
    expect(await follower.next()).toEqual({ rows: [], restarted: true });
    expect(await follower.next()).toEqual({ rows: [], restarted: false });
  });

  it('names the file that cannot be read', async () => {
    mkdirSync(file);
    await expect(followLossLog(run).next()).rejects.toThrow(`${file}: expected a file, found a folder`);
  });
});

describe('the last step of a log', () => {
  it('is that of its last complete row', async () => {
    expect(await lastLoggedStep(run)).toBe(0);
    writeFileSync(file, HEADER);
    expect(await lastLoggedStep(run)).toBe(0);
    for (let step = 1; step <= 1000; step++) appendFileSync(file, line(step));
    expect(await lastLoggedStep(run)).toBe(1000);
    appendFileSync(file, `damaged\n${line(1001).slice(0, -1)}`);
    expect(await lastLoggedStep(run)).toBe(1000);
    appendFileSync(file, `\n${'damaged\n'.repeat(10_000)}`);
    expect(await lastLoggedStep(run)).toBe(1001);
  });

  it('is found without reading the log, however long it is', async () => {
    writeFileSync(file, HEADER);
    truncateSync(file, 2 ** 33);
    appendFileSync(file, `\n${line(7)}`);
    expect(await lastLoggedStep(run)).toBe(7);
  });
});
