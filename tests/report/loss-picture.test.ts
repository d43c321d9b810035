import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { expect, it } from 'vitest';
import { writeReport } from '../../src/report/write-report.js';
import { makeRun } from './run-of.js';

it('the loss curves are a picture without text, so that it needs no fonts', async () => {
  const run = makeRun({ name: '첫 실험 <1>' });
  await writeReport(run);
  const svg = readFileSync(join(run, 'loss.svg'), 'utf8');
  expect(svg).not.toMatch(/<text|<image|href="http/);
  expect(svg.match(/<path /g)!.length).toBeGreaterThan(20);
  const png = sharp(join(run, 'loss.png'));
  expect(await png.metadata()).toMatchObject({ format: 'png', width: 2000, height: 1120 });
  // The name of the run is drawn at the top left, curves below it, and both colours are there.
  const { data, info } = await png.removeAlpha().raw().toBuffer({ resolveWithObject: true });
  const count = (from: number, to: number, [r, g, b]: readonly number[]): number => {
    let found = 0;
    for (let i = from * info.width * 3; i < to * info.width * 3; i += 3)
      if (Math.abs(data[i] - r) + Math.abs(data[i + 1] - g) + Math.abs(data[i + 2] - b) < 30) found++;
    return found;
  };
  expect(count(30, 80, [20, 23, 28])).toBeGreaterThan(200);
  expect(count(160, 1100, [204, 74, 26])).toBeGreaterThan(500);
});

it('a long name of a run is cut before the right margin', async () => {
  const run = makeRun({ name: '가나다 '.repeat(24).trim(), settings: { validPairs: 5 }, validated: 5 });
  await writeReport(run);
  const { data, info } = await sharp(join(run, 'loss.png'))
    .removeAlpha()
    .extract({ left: 1960, top: 30, width: 40, height: 50 })
    .raw()
    .toBuffer({ resolveWithObject: true });
  expect(info.channels).toBe(3);
  expect(data.every((value) => value === 255)).toBe(true);
});
