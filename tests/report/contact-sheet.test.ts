import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { contactSheet } from '../../src/report/contact-sheet.js';
import { addPicture, makeRun } from './run-of.js';

describe('the contact sheet', () => {
  it('is absent if nothing was drawn', async () => {
    expect(await contactSheet(makeRun(), [])).toBeUndefined();
  });

  it('has the newest pictures first, small, with what they were made from', async () => {
    const run = makeRun();
    for (let seed = 0; seed < 30; seed++)
      await addPicture(run, { file: `car-${seed}.png`, seed, prompts: ['노란색 차'] }, { r: 250, g: 200, b: 5 });
    const problems: string[] = [];
    const sheet = (await contactSheet(run, problems))!;
    expect([sheet.total, sheet.pictures.length, problems]).toEqual([30, 24, []]);
    expect(sheet.pictures.map(({ seed }) => seed)).toEqual(Array.from({ length: 24 }, (_, i) => 29 - i));
    const [{ image, ...newest }] = sheet.pictures;
    expect(newest).toEqual({
      width: 384,
      height: 192,
      kind: 'picture',
      prompts: ['노란색 차'],
      encoders: ['first:best'],
      seed: 29,
      steps: 25,
      guidance: 7.5,
    });
    const { data, info } = await sharp(Buffer.from(image.replace('data:image/webp;base64,', ''), 'base64'))
      .raw()
      .toBuffer({ resolveWithObject: true });
    expect([info.width, info.height]).toEqual([384, 192]);
    for (const [channel, value] of [250, 200, 5].entries()) expect(Math.abs(data[channel] - value)).toBeLessThan(6);
  });

  it('does not trust a list written by others', async () => {
    const run = makeRun();
    await addPicture(run, { file: 'it.png' });
    const list = join(run, 'pictures/pictures.json');
    const {
      pictures: [sound],
    } = JSON.parse(readFileSync(list, 'utf8')) as { pictures: object[] };
    for (const change of [
      { steps: '25' },
      { seed: '7' },
      { guidance: null },
      { prompts: [7] },
      { encoders: 'clip' },
      { file: '../it.png' },
    ]) {
      writeFileSync(list, JSON.stringify({ version: 1, pictures: [{ ...sound, ...change }] }));
      expect(await contactSheet(run, []), JSON.stringify(change)).toBeUndefined();
    }
  });

  it('leaves out missing files and files that are not pictures, and reports these', async () => {
    const run = makeRun();
    for (const file of ['gone.png', 'torn.png', 'whole.png']) await addPicture(run, { file });
    rmSync(join(run, 'pictures/gone.png'));
    writeFileSync(join(run, 'pictures/torn.png'), 'no picture');
    const problems: string[] = [];
    const sheet = (await contactSheet(run, problems))!;
    expect([sheet.total, sheet.pictures.length]).toEqual([2, 1]);
    expect(problems).toEqual([expect.stringMatching(/pictures\/torn\.png: expected a picture, got /)]);
  });
});
