import stringWidth from 'string-width';
import { describe, expect, it } from 'vitest';
import { plainLines, progressLine, type TaskState } from '../../src/app/progress.js';

const EPOCH: TaskState = {
  title: 'epoch 1/2',
  value: 300,
  total: 1200,
  unit: 'steps',
  notes: ['loss_en 2.1481', 'loss_ko 2.1487', '0:01:05 left', '101 pairs/s'],
};

describe('the line of a bar', () => {
  it.each([
    [
      120,
      'epoch 1/2 [██████░░░░░░░░░░░░░░░░░░] 300/1,200 steps  loss_en 2.1481  loss_ko 2.1487  0:01:05 left  101 pairs/s',
    ],
    [95, 'epoch 1/2 [██░░░░░░] 300/1,200 steps  loss_en 2.1481  loss_ko 2.1487  0:01:05 left  101 pairs/s'],
    [90, 'epoch 1/2 300/1,200 steps  loss_en 2.1481  loss_ko 2.1487  0:01:05 left  101 pairs/s'],
    [79, 'epoch 1/2 300/1,200  loss_en 2.1481  loss_ko 2.1487  0:01:05 left  101 pairs/s'],
    [70, 'epoch 1/2 300/1,200  loss_en 2.1481  loss_ko 2.1487  0:01:05 left'],
    [40, 'epoch 1/2 300/1,200  loss_en 2.1481'],
    [19, 'epoch 1/2 300/1,200'],
    [18, 'epoch 1… 300/1,200'],
    [14, 'epo… 300/1,200'],
    [10, '300/1,200'],
    [7, '300/1,…'],
  ])('in %i columns', (columns, line) => {
    expect(progressLine(EPOCH, columns)).toBe(line);
  });

  it('is never wider than the terminal', () => {
    for (let columns = 1; columns < 150; columns++)
      expect(progressLine(EPOCH, columns).length).toBeLessThanOrEqual(columns);
  });

  it('counts two columns for a Korean letter', () => {
    const korean = { ...EPOCH, title: '사람이 점수를 매긴 문장 쌍.tsv', unit: 'pairs' };
    for (let columns = 1; columns < 150; columns++)
      expect(stringWidth(progressLine(korean, columns))).toBeLessThanOrEqual(columns);
    expect(progressLine(korean, 30)).toBe('사람이 점수를 매긴… 300/1,200');
  });

  it('shows only a count if the total is not known', () => {
    expect(
      progressLine({ title: 'reading', value: 12_000, total: Infinity, unit: 'pairs', notes: ['9,120 pairs/s'] }, 80),
    ).toBe('reading 12,000 pairs  9,120 pairs/s');
  });

  it('shows bytes in their units', () => {
    const state = { title: 'klue/roberta-small', value: 136e6, total: 272e6, unit: 'bytes', notes: ['12.1 MB/s'] };
    expect(progressLine(state, 80)).toBe('klue/roberta-small [████████████░░░░░░░░░░░░] 136 MB of 272 MB  12.1 MB/s');
  });
});

describe('lines instead of a bar', () => {
  it('are written every ten seconds, with rate and time left', () => {
    let now = 0;
    const written: string[] = [];
    const progress = plainLines(
      { title: 'tokens', total: 900, unit: 'texts' },
      (line) => written.push(line),
      () => now,
    );
    for (const [milliseconds, value] of [
      [1000, 10],
      [9999, 90],
      [10_000, 100],
      [15_000, 200],
      [20_000, 600],
    ]) {
      now = milliseconds;
      progress.update(value);
    }
    progress.stop();
    expect(written).toEqual([
      'tokens: 100/900 texts  0:01:20 left  10.0 texts/s',
      'tokens: 600/900 texts  0:00:10 left  30.0 texts/s',
    ]);
  });

  it('show given details beside the count', () => {
    let now = 0;
    const written: string[] = [];
    const progress = plainLines(
      { title: 'reading', total: Infinity, unit: 'pairs' },
      (line) => written.push(line),
      () => now,
    );
    now = 10_000;
    progress.update(50, ['so far']);
    now = 20_000;
    progress.update(200);
    expect(written).toEqual(['reading: 50 pairs  so far', 'reading: 200 pairs  10.0 pairs/s']);
  });
});
