import { createHash } from 'node:crypto';
import { lstatSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { lostTail, meanSquaredError } from '../../src/diffusion/embeddings.js';
import { cutAtStart, lineWidth, svgLine, wrap } from '../../src/diffusion/lettering.js';
import { noiseFromSeed, readNoise } from '../../src/diffusion/noise.js';
import { findTrouble } from '../../src/diffusion/picture-check.js';
import { fileStemOf } from '../../src/diffusion/picture-name.js';
import { readPictures, recordChunk, recordPicture, type Picture } from '../../src/diffusion/pictures.js';
import { encodePng, textsOf } from '../../src/diffusion/png.js';
import { loadTokenizer } from '../../src/text/tokenizer.js';
import { writeSafetensors } from '../../src/weights/safetensors-writer.js';
import { temporaryFolder } from '../cli.js';
import { PARITY } from '../fixtures/index.js';

const pixels = (data: readonly number[]) => ({
  width: 2,
  height: 1,
  data: Uint8Array.from(data),
});

describe('starting noise', () => {
  it('is the same for a seed on every machine', () => {
    const { noise } = noiseFromSeed(7, 64, 64);
    expect(noise).toHaveLength(4 * 8 * 8);
    expect(Array.from(noise.subarray(0, 4))).toEqual(GOLDEN_NOISE);
    const bytes = Buffer.from(noiseFromSeed(7, 512, 512).noise.buffer);
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(
      '5f0c5cd0bdc94d5dff34c1d49c3a85c01b6be06fd1f340864e0d7137d95cc2b1',
    );
    expect(noiseFromSeed(8, 64, 64).noise[0]).not.toBe(noise[0]);
  });

  it('is read from a file with its size, and refused in another shape', async () => {
    const path = join(temporaryFolder(), 'noise.safetensors');
    const write = (name: string, shape: number[]) =>
      writeSafetensors(path, [
        { name, dtype: 'F32', shape, values: new Float32Array(shape.reduce((a, b) => a * b, 1)) },
      ]);
    await write('noise', [1, 4, 8, 16]);
    expect(await readNoise(path)).toMatchObject({ height: 64, width: 128 });
    await write('noise', [2, 4, 8, 8]);
    await expect(readNoise(path)).rejects.toThrow(
      `${path}: expected noise to be [1, 4, height / 8, width / 8], got [2, 4, 8, 8]`,
    );
    await write('latents', [1, 4, 8, 8]);
    await expect(readNoise(path)).rejects.toThrow(`${path}: expected a tensor called noise, got latents`);
  });
});

/** The first numbers of seed 7. */
const GOLDEN_NOISE = [-0.5829911828041077, 0.30934929847717285, -1.435094952583313, 1.7933541536331177];

describe('texts', () => {
  it('are reported with what they lose beyond 77 tokens', async () => {
    const tokenizer = await loadTokenizer(join(PARITY, 'student'));
    const text = '노란색 차 '.repeat(40).trim();
    const tail = lostTail(text, tokenizer)!;
    const kept = text.slice(0, text.length - tail.length);
    expect(tokenizer.encode(kept).length).toBeLessThanOrEqual(77);
    expect(tokenizer.encode(kept + Array.from(tail).slice(0, 2).join('')).length).toBeGreaterThan(77);
    expect(lostTail('노란색 차', tokenizer)).toBeUndefined();
  });

  it('differ by the mean of their squared differences', () => {
    expect(meanSquaredError(Float32Array.of(1, 2, 3, 4), Float32Array.of(1, 0, 3, 8))).toBe(5);
  });
});

const picture = (file: string, seed: number): Picture => ({
  file,
  kind: 'picture',
  prompts: ['노란색 차'],
  negative: '',
  seed,
  steps: 25,
  guidance: 7.5,
  scheduler: 'UniPCMultistepScheduler',
  width: 64,
  height: 64,
  encoders: ['first'],
  pipeline: 'tiny',
});

const readListed = (folder: string): Picture[] =>
  (JSON.parse(readFileSync(join(folder, 'pictures.json'), 'utf8')) as { pictures: Picture[] }).pictures;

/** Writes a picture that contains its entry, without listing it. */
async function writeRecorded(folder: string, { file, ...rest }: Picture): Promise<void> {
  writeFileSync(join(folder, file), await encodePng(pixels([1, 2, 3, 4, 5, 6]), recordChunk(rest)));
}

describe('pictures', () => {
  it.each([
    [pixels([0, 0, 0, 0, 0, 0]), /all black: the text encoder/],
    [pixels([9, 8, 7, 9, 8, 7]), /all one colour, rgb\(9, 8, 7\)/],
  ] as const)('that cannot be right are reported with the cause', (picture, message) => {
    expect(findTrouble(picture)).toMatch(message);
  });

  it('that vary are not', () => {
    expect(findTrouble(pixels([9, 8, 7, 9, 8, 6]))).toBeUndefined();
  });

  it('contain their texts, Hangul too, and are still PNG files', async () => {
    const png = await encodePng(pixels([1, 2, 3, 4, 5, 6]), { prompt: '노란색 차', seed: '7' });
    expect(textsOf(png)).toEqual({ prompt: '노란색 차', seed: '7' });
    const { data, info } = await sharp(png).raw().toBuffer({ resolveWithObject: true });
    expect([info.width, info.height, ...data]).toEqual([2, 1, 1, 2, 3, 4, 5, 6]);
  });

  it('are listed as long as they exist', async () => {
    const folder = temporaryFolder();
    expect(await readPictures(folder)).toEqual([]);
    for (const file of ['a.png', 'b.png']) writeFileSync(join(folder, file), '');
    await recordPicture(folder, picture('a.png', 1));
    await recordPicture(folder, picture('gone.png', 2));
    await recordPicture(folder, picture('b.png', 3));
    await recordPicture(folder, picture('a.png', 4));
    expect((await readPictures(folder)).map(({ file, seed }) => `${file} ${seed}`)).toEqual(['b.png 3', 'a.png 4']);
    writeFileSync(join(folder, 'pictures.json'), '{"pictures":[{"file":"../../b.png","prompts":[],"encoders":[]},7');
    expect(await readPictures(folder)).toEqual([]);
  });

  it('are named after their prompts', () => {
    expect(fileStemOf('노란색 차 / a Yellow car!', 7)).toBe('노란색-차-a-yellow-car-7');
    expect(fileStemOf('../..', 0)).toBe('empty-0');
    expect(fileStemOf('🚗🚗', 0)).toBe('empty-0');
    expect(fileStemOf('\u3164\u200b차', 0)).toBe('차-0');
    expect(fileStemOf('CON', 0)).toBe('con-0');
    expect(fileStemOf('รถสีเหลือง', 0)).toBe('รถสีเหลือง-0');
    expect(fileStemOf('a'.repeat(300), 0)).toBe(`${'a'.repeat(40)}-0`);
    expect(fileStemOf('가'.repeat(300), 'latents')).toHaveLength(40 + '-latents'.length);
    expect(Buffer.byteLength(fileStemOf('𠀀'.repeat(300), 4294967295))).toBeLessThanOrEqual(120 + 11);
  });

  it('are all listed if several processes record theirs at once, each with an outdated list', async () => {
    const folder = temporaryFolder();
    const files = Array.from({ length: 12 }, (_, i) => `${i}.png`);
    const draw = async (file: string, seed: number): Promise<void> => {
      await writeRecorded(folder, picture(file, seed));
      await recordPicture(folder, picture(file, seed));
    };
    await Promise.all(files.map(draw));
    const listed = readListed(folder);
    expect(listed.map(({ file }) => file).sort()).toEqual([...files].sort());
    for (const { file, seed } of listed) expect(`${seed}.png`).toBe(file);
  });

  it('are not listed anew in place of a list that cannot be read', async () => {
    const folder = temporaryFolder();
    symlinkSync('pictures.json', join(folder, 'pictures.json')); // an endless link
    await expect(recordPicture(folder, picture('a.png', 1))).rejects.toThrow(
      `${folder}/pictures.json: cannot be read: too many symbolic links, one to the next`,
    );
    expect(lstatSync(join(folder, 'pictures.json')).isSymbolicLink()).toBe(true);
  });

  it('are listed again if the list was lost or damaged, and the damaged list is kept', async () => {
    const folder = temporaryFolder();
    await writeRecorded(folder, picture('a.png', 1));
    writeFileSync(join(folder, 'photo.png'), await encodePng(pixels([1, 2, 3, 4, 5, 6]), {}));
    writeFileSync(join(folder, 'b.png'), '');
    expect(await readPictures(folder)).toEqual([picture('a.png', 1)]);
    writeFileSync(join(folder, 'pictures.json'), '{"version": 1, "pic');
    await recordPicture(folder, picture('b.png', 2));
    expect(readListed(folder)).toEqual([picture('a.png', 1), picture('b.png', 2)]);
    expect(readFileSync(join(folder, 'pictures-damaged.json'), 'utf8')).toBe('{"version": 1, "pic');
  });

  it('keep entries in the list that only a later version understands', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'a.png'), '');
    const later = { file: 'film.webm', kind: 'film' };
    writeFileSync(join(folder, 'pictures.json'), JSON.stringify({ version: 2, pictures: [later] }));
    await recordPicture(folder, picture('a.png', 1));
    expect(readListed(folder)).toEqual([later, picture('a.png', 1)]);
    expect(await readPictures(folder)).toEqual([picture('a.png', 1)]);
  });
});

describe('lettering', () => {
  it('has Hangul and Latin, composed or not', () => {
    const outline = (text: string): string => svgLine(text, { x: 0, y: 14, size: 14, fill: 'black' });
    const letters = [...new Set('컴퓨터게임하는남자뷁,aman(MSE0.46)')].map(outline);
    expect(new Set([...letters, outline('🚗')]).size).toBe(letters.length + 1); // a car stands for all missing glyphs
    expect(outline('말을 타는 남자'.normalize('NFD'))).toBe(outline('말을 타는 남자'));
  });

  it('breaks lines between words, within long ones, and ends excess lines in …', () => {
    const lines = wrap('펜으로 그린 강아지 a dog painted by a pen', 14, 100, 9);
    expect(lines.join(' ')).toBe('펜으로 그린 강아지 a dog painted by a pen');
    expect(Math.max(...lines.map((line) => lineWidth(line, 14)))).toBeLessThanOrEqual(100);
    expect(wrap('가'.repeat(50), 14, 100, 2)).toHaveLength(2);
    expect(wrap('가'.repeat(50), 14, 100, 2)[1]).toMatch(/가…$/);
  });

  it('keeps the ends of names that are too long', () => {
    expect(cutAtStart('student', 14, 200)).toBe('student');
    const cut = cutAtStart('checkpoints/a-run-of-many-words/step-00012345', 14, 120);
    expect(cut).toMatch(/^….*step-00012345$/);
    expect(lineWidth(cut, 14)).toBeLessThanOrEqual(120);
  });

  it('is drawn with its own fonts only', async () => {
    const text = '노란색 차 yellow car';
    const svg =
      '<svg xmlns="http://www.w3.org/2000/svg" width="300" ' +
      `height="40">${svgLine(text, { x: 20, y: 28, size: 24, fill: '#000' })}</svg>`;
    expect(svg).not.toContain('<text');
    const data = await sharp(Buffer.from(svg)).flatten({ background: '#fff' }).greyscale().raw().toBuffer();
    const inked = Array.from(
      { length: 300 },
      (_, x) => Array.from({ length: 40 }, (_, y) => data[y * 300 + x]).filter((value) => value < 128).length,
    );
    const [first, last] = [inked.findIndex((count) => count > 0), inked.findLastIndex((count) => count > 0)];
    expect(first).toBeGreaterThanOrEqual(20);
    expect(first).toBeLessThan(24);
    expect(Math.abs(last - 20 - lineWidth(text, 24))).toBeLessThan(3); // to the end of the r
  });
});
