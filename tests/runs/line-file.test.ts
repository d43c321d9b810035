import type * as fs from 'node:fs';
import { appendFileSync, readFileSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { openLines } from '../../src/runs/line-file.js';
import { openLossLog } from '../../src/runs/loss-log.js';
import { temporaryFolder } from '../cli.js';

/** What the system refuses, and with which error. */
let refused: Partial<Record<'openSync' | 'writeSync' | 'fdatasyncSync' | 'ftruncateSync', string>> = {};
/** How many bytes of a record a full disk still takes. */
let room = 0;
vi.mock('node:fs', async (original) => {
  const real = await original<typeof fs>();
  const refuse = (call: keyof typeof refused): void => {
    const code = refused[call];
    if (code !== undefined) throw Object.assign(new Error(code), { code, syscall: call });
  };
  const refusable =
    <Args extends unknown[], Result>(call: keyof typeof refused, work: (...args: Args) => Result) =>
    (...args: Args): Result => {
      refuse(call);
      return work(...args);
    };
  return {
    ...real,
    openSync: refusable('openSync', real.openSync),
    fdatasyncSync: refusable('fdatasyncSync', real.fdatasyncSync),
    ftruncateSync: refusable('ftruncateSync', real.ftruncateSync),
    writeSync: (file: number, bytes: Uint8Array, offset = 0): number => {
      if (refused.writeSync === undefined) return real.writeSync(file, bytes, offset);
      if (room === 0) refuse('writeSync');
      const taken = Math.min(room, bytes.length - offset);
      room -= taken;
      return real.writeSync(file, bytes, offset, taken);
    },
  };
});

afterEach(() => {
  [refused, room] = [{}, 0];
});

const read = (path: string): string => readFileSync(path, 'utf8');

it.each(['ENOSPC', 'EDQUOT', 'EIO', 'EFBIG', 'ESTALE'])(
  'what the system refused (%s) is written before the next checkpoint if it can be again, with no part left',
  (code) => {
    const path = join(temporaryFolder(), 'lines');
    const file = openLines(path);
    file.line('1');
    [refused, room] = [{ writeSync: code }, 3];
    file.line('second');
    file.line('third');
    expect(() => {
      file.sync();
    }).toThrow(`${path}: cannot be written: `);
    expect(read(path)).toBe('1\n');
    refused = {};
    file.sync(); // a checkpoint follows, and then perhaps the end of the process
    expect(read(path)).toBe('1\nsecond\nthird\n');
    file.close();
  },
);

it('a part that could not be removed is removed before anything is added', () => {
  const path = join(temporaryFolder(), 'lines');
  const file = openLines(path);
  file.line('1');
  [refused, room] = [{ writeSync: 'EIO', ftruncateSync: 'EIO' }, 3];
  file.line('second');
  expect(read(path)).toBe('1\nsec');
  refused = {};
  file.line('third');
  expect(read(path)).toBe('1\nsecond\nthird\n');
  file.close();
});

it('lines are written again if they could not be flushed, as the system may have dropped them', () => {
  const path = join(temporaryFolder(), 'lines');
  const file = openLines(path);
  file.line('1');
  file.sync();
  file.line('2');
  refused = { fdatasyncSync: 'EIO' };
  expect(() => {
    file.sync();
  }).toThrow(`${path}: cannot be written: the device cannot read or write (EIO)`);
  expect(read(path)).toBe('1\n2\n');
  file.line('3');
  refused = {};
  truncateSync(path, 3); // dropped
  appendFileSync(path, '\0\0\0');
  file.sync();
  expect(read(path)).toBe('1\n2\n3\n');
  file.close();
});

it('lines keep their order if one could not be flushed and the next not written', () => {
  const path = join(temporaryFolder(), 'lines');
  const file = openLines(path);
  file.line('1');
  refused = { fdatasyncSync: 'EIO' };
  expect(() => {
    file.sync();
  }).toThrow('(EIO)');
  refused = { writeSync: 'ENOSPC' };
  file.line('2');
  refused = {};
  file.sync();
  expect(read(path)).toBe('1\n2\n');
  file.close();
});

it('lines from before it was opened stay if the first flush fails', () => {
  const path = join(temporaryFolder(), 'lines');
  appendFileSync(path, '1\n');
  const file = openLines(path);
  file.line('2');
  refused = { fdatasyncSync: 'EIO' };
  expect(() => {
    file.sync();
  }).toThrow('(EIO)');
  refused = {};
  file.sync();
  expect(read(path)).toBe('1\n2\n');
  file.close();
});

it('closing tells how much is lost', () => {
  const [one, other] = [temporaryFolder(), temporaryFolder()].map((folder) => join(folder, 'lines'));
  const [full, failing] = [openLines(one), openLines(other)];
  failing.line('1');
  refused = { writeSync: 'ENOSPC', fdatasyncSync: 'EIO' };
  full.line('1');
  full.line('2');
  expect(() => {
    full.close();
  }).toThrow(`${one}: cannot be written: no space left on the device; records lost at its end: 2`);
  expect(() => {
    failing.sync();
  }).toThrow();
  expect(() => {
    failing.close();
  }).toThrow(`${other}: cannot be written: the device cannot read or write (EIO); records perhaps lost at its end: 1`);
});

it('a full disk ends no run: steps are logged once there is room, skipped ones in a new file, too', () => {
  const run = temporaryFolder();
  const log = openLossLog(run);
  refused = { openSync: 'ENOSPC', writeSync: 'ENOSPC', fdatasyncSync: 'ENOSPC' };
  const losses = { loss: NaN, lossEn: 1, lossKo: NaN, gradNorm: 1 };
  const record = { step: 1, epoch: 1, learningRate: 1, pairs: 2, ...losses };
  log.logSkipped(record, [0, 1]);
  log.logStep({ ...record, step: 2, pairsPerSecond: 3 });
  expect(log.sync()).toMatch(/loss\.csv: cannot be written: no space left on the device$/);
  refused = {};
  expect(log.sync()).toBeUndefined();
  expect(read(join(run, 'skipped.csv'))).toBe(
    'step,epoch,learning_rate,loss,loss_en,loss_ko,grad_norm,rows\n1,1,1,NaN,1,NaN,1,0-1\n',
  );
  expect(read(join(run, 'loss.csv')).split('\n')[1]).toMatch(/^2,1,1,NaN/);
  expect(log.close()).toBeUndefined();
});
