import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { GENERATE_DEFAULTS } from '../../src/app/pictures/options.js';
import { textsOf } from '../../src/diffusion/png.js';
import type { PairsEvaluation } from '../../src/evaluate/evaluation.js';
import { openSafetensors } from '../../src/weights/safetensors.js';
import { kd, kdMeanwhile, temporaryFolder, type CliResult } from '../cli.js';
import { argumentsOf, ROOT } from '../docs/documents.js';
import { largestDifference, SD_TINY } from '../fixtures/index.js';
import { writeHalvingUnet } from '../fixtures/onnx-halving.js';
import { kdHere } from '../in-process.js';
import {
  BACKEND,
  copyOf,
  folderWithPairs,
  parseLines,
  readJson,
  STUDENT,
  TEACHER,
  trainArguments,
  writeModel,
} from './tiny.js';

const CLEAN = { HF_HUB_OFFLINE: '1' };

let cwd: string;
beforeAll(() => {
  cwd = temporaryFolder();
  vi.stubEnv('HF_HUB_OFFLINE', '1');
});
afterAll(() => {
  vi.unstubAllEnvs();
});

// A process can only be started from what is compiled.
vi.mock('../../src/app/pictures/embedding.js', () => import('#dist/app/pictures/embedding.js'));

const generateArguments = (flags: readonly string[]): string[] => [
  ...['generate', '--encoder', STUDENT, '--pipeline', SD_TINY, '--backend', BACKEND, '--device', 'cpu'],
  ...flags,
];

/** Draws in this process; prompts are embedded by one of their own, as ever. */
function generate(flags: readonly string[]): Promise<CliResult> {
  return kdHere(generateArguments(flags), { cwd });
}

function generateMeanwhile(flags: readonly string[]): Promise<CliResult> {
  return kdMeanwhile(generateArguments(flags), { cwd, env: CLEAN });
}

/**
 * The commands of the document that name no pipeline, each run once, on the tiny pipeline; what they make is looked at
 * below.
 */
const DOCUMENT = readFileSync(new URL('../../docs/pictures.md', import.meta.url), 'utf8');
const COMMANDS = [...DOCUMENT.matchAll(/^npx kd generate (.*)$/gm)]
  .map(([, rest]) => rest.match(/"[^"]*"|\S+/g)!.map((word) => word.replaceAll('"', '')))
  .filter((words) => !words.includes('--pipeline'));

function documented(index: number, flags: readonly string[]): Promise<CliResult> {
  return generate([
    ...COMMANDS[index],
    '--encoder',
    STUDENT,
    '--teacher',
    TEACHER,
    '--width',
    '64',
    '--height',
    '64',
    ...flags,
  ]);
}

describe('kd generate', () => {
  it('draws with the files in a clone, as documented', () => {
    const [line] = /^npx kd generate .* tests\/fixtures\/.*$/m.exec(DOCUMENT)!;
    const { code, stdout, stderr } = kd([...argumentsOf(line), '--out', join(cwd, 'in-clone')], { cwd: ROOT });
    expect(code, stderr).toBe(0);
    expect(stdout).toBe(`${join(cwd, 'in-clone', '노란색-차-0.png')}\n`);
  });

  it('has four commands in its document', () => {
    expect(COMMANDS).toHaveLength(4);
  });

  it(
    'draws what diffusers draws from the same noise, says so in the file, and shows what of a prompt is lost over ' +
      '77 tokens',
    async () => {
      const noise = join(SD_TINY, 'expected.safetensors');
      const { code, stdout, stderr } = await generate([
        '노란색 자동차',
        'a yellow car',
        '노란색 차 '.repeat(40),
        '--latents',
        noise,
        '--json',
        '--low-memory',
      ]);
      expect(code, stderr).toBe(0);
      expect(stderr).toMatch(/^warning: "노란색 차 .*"… is over 77 tokens for \S+; its end is lost: ".*노란색 차 "$/m);
      const drawn = parseLines<{ event: string; output: string; prompt: string }>(stdout).filter(
        ({ event }) => event === 'picture',
      );
      expect(drawn.map(({ prompt }) => prompt).slice(0, 2)).toEqual(['노란색 자동차', 'a yellow car']);
      const expected = await openSafetensors(noise);
      for (const [i, name] of ['00', '04'].entries()) {
        const png = readFileSync(join(cwd, drawn[i].output));
        expect(
          largestDifference(await sharp(png).raw().toBuffer(), await expected.readInt32(`${name}.image`)),
        ).toBeLessThanOrEqual(1);
        expect(textsOf(png)).toMatchObject({
          prompt: drawn[i].prompt,
          seed: 'from a file',
          steps: '25',
          guidance_scale: '7.5',
          scheduler: 'UniPCMultistepScheduler',
          size: '64x64',
          text_encoder: STUDENT,
          pipeline: SD_TINY,
        });
      }
      await expected.close();
      expect(
        readJson<{ pictures: { file: string }[] }>(join(cwd, 'pictures/pictures.json')).pictures.map(
          ({ file }) => `pictures/${file}`,
        ),
      ).toEqual(drawn.map(({ output }) => output));
    },
  );

  it('draws several with consecutive seeds, each reproducible from its own, and leaves no preview', async () => {
    const several = await documented(1, ['--steps', '3', '--preview', '1', '--seed', '5', '--out', 'several']);
    expect(several.code, several.stderr).toBe(0);
    const files = [5, 6, 7, 8].map((seed) => `초록색-사과-${seed}.png`);
    expect(readdirSync(join(cwd, 'several')).sort()).toEqual(['pictures.json', ...files].sort());
    const one = await documented(0, ['--steps', '3', '--negative', '흐린 사진', '--out', 'one']);
    expect(one.code, one.stderr).toBe(0);
    expect(readdirSync(join(cwd, 'one')).sort()).toEqual(
      ['a-yellow-car-7.png', 'pictures.json', '노란색-차-7.png'].sort(),
    );
    const again = await generate([
      '초록색 사과',
      '--width',
      '64',
      '--height',
      '64',
      '--steps',
      '3',
      '--negative',
      '흐린 사진',
      '--seed',
      '6',
      '--out',
      'one',
    ]);
    expect(again.code, again.stderr).toBe(0);
    const [first, second] = files.map((file) => readFileSync(join(cwd, 'several', file)));
    expect(second.equals(readFileSync(join(cwd, 'one', files[1])))).toBe(true);
    expect(first.equals(second)).toBe(false);
  });

  it('never overwrites a picture or grid, however similar their names', async () => {
    const small = ['--width', '64', '--height', '64', '--steps', '1', '--seed', '3', '--out', 'alike'];
    const long = '아주 긴 문장이라서 마흔 글자가 넘어가면 이름이 같아지는 문장입니다 그리고 끝이 다르다';
    const prompts = ['빨간 차!', '빨간 차?', `${long} 하나`, `${long} 둘`, '🚗', '🚲', '..'];
    const drawings = [
      [...prompts, ...small],
      ['빨간 차!', ...small, '--guidance', '1', '--scheduler', 'ddim'],
      ['빨간 차!', ...small, '--encoder', TEACHER],
    ];
    writeFileSync(join(cwd, 'alike.csv'), 'ko,en\n노란색 차,yellow car\n');
    const grid = ['--compare', 'alike.csv', '--teacher', TEACHER, ...small];
    // Several processes at once, in one folder.
    const drawn = await Promise.all(drawings.map(generateMeanwhile));
    const grids = await Promise.all([grid, grid].map(generateMeanwhile));
    const outputs = [...drawn, ...grids].flatMap(({ code, stdout, stderr }) => {
      expect(code, stderr).toBe(0);
      return stdout.match(/alike\/.*\.png/g)!;
    });
    expect(outputs).toHaveLength(prompts.length + 2 + 2);
    const files = readdirSync(join(cwd, 'alike')).filter((name) => name !== 'pictures.json');
    expect(outputs.map((path) => path.slice('alike/'.length)).sort()).toEqual(files.sort());
    const { pictures } = readJson<{ pictures: { file: string; prompts: string[]; encoders: string[] }[] }>(
      join(cwd, 'alike/pictures.json'),
    );
    expect(pictures.map(({ file }) => file).sort()).toEqual(files);
    for (const { file, prompts: texts, encoders } of pictures) {
      expect(textsOf(readFileSync(join(cwd, 'alike', file)))).toMatchObject({
        prompt: texts.join('\n'),
        text_encoder: encoders.join('\n'),
      });
    }
  });

  it('draws a grid with the errors of the embeddings beside it', async () => {
    writeFileSync(join(cwd, 'prompts.csv'), 'ko,en\n노란색 차,yellow car\n초록색 사과,green apple\n');
    const { code, stdout, stderr } = await documented(2, ['--steps', '2', '--out', 'grid', '--json']);
    expect(code, stderr).toBe(0);
    const events = parseLines<{ event: string; ko?: string; column?: string; mse?: number; output?: string }>(stdout);
    const cells = events.filter(({ event }) => event === 'cell');
    expect(cells.map(({ column }) => column).slice(0, 5)).toEqual([
      'CLIP on English',
      'student on English',
      'student on Korean',
      'CLIP on Korean',
      'untrained student on Korean',
    ]);
    expect(cells).toHaveLength(10);
    for (const { column, mse } of cells) {
      if (column === 'CLIP on English') expect(mse).toBe(0);
      else expect(mse).toBeGreaterThan(0.01);
    }
    const { width, height } = await sharp(join(cwd, events.at(-1)!.output!)).metadata();
    expect(width).toBeGreaterThan(5 * 192);
    expect(height).toBeGreaterThan(2 * 192);
  });

  it('compares with the student as its run began, which may be with random weights and a projection', async () => {
    const folder = folderWithPairs(8);
    const size = ['hidden_size', 'intermediate_size'].map((name) => [name, 32]);
    const narrow = copyOf(STUDENT, join(folder, 'narrow'));
    writeFileSync(
      join(narrow, 'config.json'),
      JSON.stringify({ ...readJson<object>(join(STUDENT, 'config.json')), ...Object.fromEntries(size) }),
    );
    rmSync(join(narrow, 'model.safetensors'));
    const flags = ['--student', narrow, '--project', '--random-weights', '--seed', '5', '--batch-size', '2'];
    expect(await kdHere(trainArguments([...flags, '--max-steps', '1']), { cwd: folder })).toMatchObject({ code: 0 });
    writeFileSync(join(folder, 'one.csv'), 'ko,en\n노란색 차,yellow car\n');
    const machine = ['--backend', BACKEND, '--device', 'cpu', '--json'];
    const small = ['--pipeline', SD_TINY, '--width', '64', '--height', '64', '--steps', '1', '--out', 'grid'];
    const ofRun = ['generate', '--compare', 'one.csv', '--encoder', 'tiny', ...small, ...machine];
    const grid = await kdHere(ofRun, { cwd: folder });
    expect(grid.code, grid.stderr).toBe(0);
    const drawn = parseLines<{ column?: string; mse: number }>(grid.stdout);
    const compared = ['eval', '--compare', 'clip,tiny', '--data', 'one.csv', ...machine];
    const evaluation = await kdHere(compared, { cwd: folder });
    expect(evaluation.code, evaluation.stderr).toBe(0);
    const { pairs } = parseLines<{ pairs?: PairsEvaluation }>(evaluation.stdout).at(-1)!;
    for (const [column, name] of [
      ['untrained student on Korean', 'tiny (untrained)'],
      ['student on Korean', 'tiny'],
      ['CLIP on Korean', 'clip'],
    ]) {
      const { mse } = pairs!.models.find((model) => model.name === name)!.scores.ko.distance!;
      expect(drawn.find((cell) => cell.column === column)!.mse / mse, column).toBeCloseTo(1, 4);
    }
  });

  it('draws a column for each checkpoint', async () => {
    const { code, stdout, stderr } = await documented(3, [
      '--compare-checkpoints',
      `${STUDENT},${TEACHER}`,
      '--steps',
      '1',
      '--out',
      'grid',
    ]);
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/^노란색 차: MSE to \S+: \S+ \d\.\d{4}\ngrid\/checkpoints-0\.png\n$/);
  });
});

describe('kd generate refuses in one line', () => {
  const fails = async (flags: readonly string[], message: RegExp, run = generate): Promise<void> => {
    const { code, stdout, stderr } = await run([
      '차',
      '--width',
      '64',
      '--height',
      '64',
      '--steps',
      '2',
      '--quiet',
      ...flags,
    ]);
    const words = stderr;
    expect(words).toMatch(message);
    expect([code, stdout, words.split('\n').length]).toEqual([1, '', 2]);
  };

  it('another model in place of the UNet', async () => {
    const swapped = join(temporaryFolder(), 'pipeline');
    cpSync(SD_TINY, swapped, { recursive: true });
    cpSync(join(swapped, 'vae_decoder/model.onnx'), join(swapped, 'unet/model.onnx'));
    await fails(
      ['--pipeline', swapped],
      /^error: \S+unet\/model\.onnx: expected a UNet with the inputs sample, timestep, encoder_hidden_states, got one with latent_sample, which is a VAE decoder/,
    );
  });

  it('a size that the UNet does not accept, before encoding anything', async () => {
    const halving = join(temporaryFolder(), 'pipeline');
    cpSync(SD_TINY, halving, { recursive: true });
    writeHalvingUnet(join(halving, 'unet/model.onnx'));
    await fails(
      ['--pipeline', halving, '--width', '72'],
      /^error: \S+unet\/model\.onnx: expected a picture whose size the model can halve .*, got 72 × 64 pixels; give one that fits, such as --width 80 --height 64\n$/,
    );
    const { code, stdout } = await generate([
      '차',
      '--pipeline',
      halving,
      '--width',
      '80',
      '--height',
      '64',
      '--steps',
      '1',
    ]);
    expect([code, stdout]).toEqual([0, 'pictures/차-0.png\n']);
  });

  it.each([
    ['a picture', []],
    ['a grid', ['--compare-checkpoints', STUDENT]],
  ])('%s for a folder that cannot be written to, before looking for the image model', async (_, flags) => {
    const file = join(temporaryFolder(), 'file');
    writeFileSync(file, '');
    const found = /^error: \S+file: expected a folder, or nothing there, found a file; name another\n$/;
    await fails([...flags, '--out', file, '--pipeline', 'none'], found);
  });

  it('an encoder that has diverged, reported by the encoding process', async () => {
    const diverged = copyOf(STUDENT, join(temporaryFolder(), 'diverged'));
    const weights = readFileSync(join(diverged, 'model.safetensors'));
    const write = (byte: number): void => {
      writeFileSync(join(diverged, 'model.safetensors'), weights.fill(byte, weights.length / 2));
    };
    write(0xff); // not numbers
    const asUsers = (flags: readonly string[]) => Promise.resolve(kd(generateArguments(flags), { cwd, env: CLEAN }));
    const notNumbers = /^error: \S+: tensor \S+: expected finite numbers, found NaN as value 0, and/;
    await fails(['--encoder', diverged], notNumbers, asUsers);
    write(0x7f); // 3.4e38
    await fails(
      ['--encoder', diverged],
      /^error: --encoder \S+: expected finite hidden states of "", got NaN or infinity; its weights are damaged/,
      asUsers,
    );
  });

  it('an encoder too narrow for Stable Diffusion v1-4, before the hub is contacted', async () => {
    const found = /^error: --encoder \S+: expected hidden states 768 wide, as the UNet of CompVis\/\S+ takes, got 48; /;
    await fails(['--pipeline', GENERATE_DEFAULTS.pipeline], found);
    await fails(['--pipeline', GENERATE_DEFAULTS.pipeline, '--compare-checkpoints', STUDENT], found);
    await fails(['--encoder', 'somebody/else', '--latents', 'none.safetensors'], /none\.safetensors: cannot be read/);
  });

  it('an encoder whose width the UNet does not accept', async () => {
    const narrow = await writeModel(join(temporaryFolder(), 'narrow'), STUDENT, { hidden_size: 24 });
    await fails(
      ['--encoder', narrow],
      /^error: --encoder \S+: expected hidden states 48 wide, as the UNet of \S+ takes, got 24/,
    );
  });

  it.each([
    [['--steps', '1001'], /--steps: expected at most 1000/],
    [['--width', '100'], /Expected a multiple of 8/],
    [['--latents', 'none.safetensors'], /none\.safetensors: cannot be read/],
    [['--compare', 'none.csv'], /expected prompts in the file alone/],
    [['--compare-checkpoints', 'a,,b'], /Expected names separated by commas/],
  ] as const)('%j', async (flags, message) => {
    await fails(flags, message);
  });
});
