import { describe, expect, it } from 'vitest';
import { MAX_BUCKETS, Series, smoothed, type CurveRow } from '../../src/report/series.js';

const rowAt = (step: number, loss = Math.sin(step)): CurveRow => ({
  step,
  epoch: Math.ceil(step / 1000),
  loss,
  loss_en: loss / 2,
  loss_ko: loss / 2,
  grad_norm: 1,
  pairs_per_second: 100,
  learning_rate: 1 / step,
});
const rowsOf = (count: number, every = 10): CurveRow[] =>
  Array.from({ length: count }, (_, i) => rowAt((i + 1) * every));

function seriesOf(rows: readonly CurveRow[]): Series {
  const series = new Series();
  series.add(rows);
  return series;
}

describe('a series', () => {
  it('keeps a few rows unchanged', () => {
    const { step, curves } = seriesOf(rowsOf(100)).points();
    expect(step).toEqual(rowsOf(100).map((row) => row.step));
    expect(curves.loss.mean).toEqual(rowsOf(100).map(({ loss }) => loss));
    expect(curves.loss.min).toEqual(curves.loss.max);
  });

  it('limits the size of 312,500 logged steps, and keeps their extremes and mean', () => {
    const rows = rowsOf(312_500, 1).map((row) =>
      row.step === 200_001 ? rowAt(200_001, 9) : row.step === 99 ? rowAt(99, -9) : row,
    );
    const series = seriesOf(rows);
    const { step, curves } = series.points();
    expect(step.length).toBeLessThanOrEqual(MAX_BUCKETS);
    expect(step.length).toBeGreaterThan(MAX_BUCKETS / 2);
    expect([Math.min(...curves.loss.min), Math.max(...curves.loss.max)]).toEqual([-9, 9]);
    const i = step.findIndex((last) => last >= 200_001);
    expect(curves.loss.max[i]).toBe(9);
    const bucket = rows.slice(i === 0 ? 0 : step[i - 1], step[i]);
    expect(curves.loss.mean[i]).toBeCloseTo(bucket.reduce((sum, { loss }) => sum + loss, 0) / bucket.length, 12);
    expect(JSON.stringify(series).length).toBeLessThan(400_000);
  });

  it('is the same whether built row by row or at once', () => {
    const rows = rowsOf(7_001, 3);
    const grown = new Series();
    for (let at = 0; at < rows.length; at += 13) grown.add(rows.slice(at, at + 13));
    expect(grown.toJSON()).toEqual(seriesOf(rows).toJSON());
  });

  it('continues from its JSON', () => {
    const [early, late] = [rowsOf(5_000), rowsOf(9_000).slice(5_000)];
    const resumed = Series.from(JSON.parse(JSON.stringify(seriesOf(early))) as ReturnType<Series['toJSON']>);
    resumed.add(late);
    const [a, b] = [resumed.points(), seriesOf([...early, ...late]).points()];
    expect(a.step).toEqual(b.step);
    a.curves.loss.mean.forEach((mean, i) => {
      expect(mean).toBeCloseTo(b.curves.loss.mean[i], 3);
    });
  });

  it('says where a loss is not finite, and excludes it from means', () => {
    const series = seriesOf([rowAt(10, 1), rowAt(20, NaN), rowAt(30, Infinity), rowAt(40, 2)]);
    expect(series.nonFinite).toBe(20);
    expect(series.toJSON().curves.loss.mean).toEqual([1, null, null, 2]);
    expect(Series.from(series.toJSON()).points().curves.loss.mean).toEqual([1, NaN, NaN, 2]);
  });

  it('weights what it adds to a bucket from JSON by the finite values in it', () => {
    const rows = rowsOf(MAX_BUCKETS + 2, 1).map(({ step }) => rowAt(step, step === 1 ? NaN : step === 2 ? 4 : 1));
    const resumed = Series.from(JSON.parse(JSON.stringify(seriesOf(rows))) as ReturnType<Series['toJSON']>);
    const more = Array.from({ length: MAX_BUCKETS }, (_, i) => rowAt(MAX_BUCKETS + 3 + i, 1)); // halves it again
    resumed.add(more);
    expect(resumed.points().curves.loss.mean[0]).toBe((4 + 1 + 1) / 3);
    expect(resumed.toJSON().curves.loss).toEqual(seriesOf([...rows, ...more]).toJSON().curves.loss);
  });

  it('may be empty', () => {
    expect(Series.from(new Series().toJSON()).points().step).toEqual([]);
  });
});

describe('smoothing', () => {
  it('is the exponential moving average with bias correction', () => {
    // by hand: (0.5·1) / 0.5; (0.25·1 + 0.5·3) / 0.75; (0.125·1 + 0.25·3 + 0.5·5) / 0.875
    expect(smoothed([1, 3, 5], 0.5)).toEqual([1, 1.75 / 0.75, 3.375 / 0.875]);
    expect(smoothed([2, 2, 2], 0.98)).toEqual([2, 2, 2].map((value) => expect.closeTo(value, 12) as number));
    expect(smoothed([1, NaN, 3], 0)).toEqual([1, NaN, 3]);
    expect(smoothed([1, NaN, 3], 0.5)).toEqual([1, NaN, 1.75 / 0.75]);
  });
});
