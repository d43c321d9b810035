import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { textsOf } from '../../src/diffusion/png.js';
import { openSafetensors } from '../../src/weights/safetensors.js';
import { kd, temporaryFolder, type CliResult } from '../cli.js';
import { largestDifference, SD_TINY } from '../fixtures/index.js';
import { BACKEND, ownWords, parseLines, readJson, STUDENT, TEACHER, writeModel } from './tiny.js';

const CLEAN = { HF_HUB_OFFLINE: '1' };

let cwd: string;
beforeAll(() => {
  cwd = temporaryFolder();
});

function generate(flags: readonly string[]): CliResult {
  return kd(['generate', '--encoder', STUDENT, '--pipeline', SD_TINY, '--backend', BACKEND, '--device', 'cpu', ...flags], { cwd, env: CLEAN });
}

describe('kd generate', () => {
  it('draws what diffusers draws from the same noise, and says so in the file', async () => {
    const noise = join(SD_TINY, 'expected.safetensors');
    const { code, stdout, stderr } = generate(['노란색 자동차', 'a yellow car', '--latents', noise, '--json', '--low-memory']);
    expect(code, stderr).toBe(0);
    const drawn = parseLines<{ event: string; output: string; prompt: string }>(stdout);
    expect(drawn.map(({ prompt }) => prompt)).toEqual(['노란색 자동차', 'a yellow car']);
    const expected = await openSafetensors(noise);
    for (const [i, name] of ['00', '04'].entries()) {
      const png = readFileSync(join(cwd, drawn[i].output));
      expect(largestDifference(await sharp(png).raw().toBuffer(), await expected.readInt32(`${name}.image`))).toBeLessThanOrEqual(1);
      expect(textsOf(png)).toMatchObject({ prompt: drawn[i].prompt, seed: 'from a file', steps: '25', guidance_scale: '7.5', scheduler: 'UniPCMultistepScheduler', size: '64x64', text_encoder: STUDENT, pipeline: SD_TINY });
    }
    await expected.close();
    expect(readJson<{ pictures: { file: string }[] }>(join(cwd, 'pictures/pictures.json')).pictures.map(({ file }) => `pictures/${file}`)).toEqual(drawn.map(({ output }) => output));
  });

  it('draws several from seeds one after the other, each again from its own, and leaves no preview', () => {
    const small = ['초록색 사과', '--width', '64', '--height', '32', '--steps', '3', '--preview', '1'];
    expect(generate([...small, '--seed', '5', '--count', '2', '--out', 'two']).code).toBe(0);
    expect(generate([...small, '--seed', '6', '--out', 'one']).code).toBe(0);
    expect(readdirSync(join(cwd, 'two')).sort()).toEqual(['pictures.json', '초록색-사과-5.png', '초록색-사과-6.png'].sort());
    const [first, second] = [5, 6].map((seed) => readFileSync(join(cwd, `two/초록색-사과-${seed}.png`)));
    expect(second.equals(readFileSync(join(cwd, 'one/초록색-사과-6.png')))).toBe(true);
    expect(first.equals(second)).toBe(false);
  });

  it('draws a grid with the errors of the embeddings beside it', async () => {
    writeFileSync(join(cwd, 'prompts.csv'), 'ko,en\n노란색 차,yellow car\n초록색 사과,green apple\n');
    const { code, stdout, stderr } = generate(['--compare', 'prompts.csv', '--teacher', TEACHER, '--width', '64', '--height', '64', '--steps', '2', '--out', 'grid', '--json']);
    expect(code, stderr).toBe(0);
    const events = parseLines<{ event: string; ko?: string; column?: string; mse?: number; output?: string }>(stdout);
    const cells = events.filter(({ event }) => event === 'cell');
    expect(cells.map(({ column }) => column).slice(0, 5)).toEqual(['CLIP on English', 'student on English', 'student on Korean', 'CLIP on Korean', 'untrained student on Korean']);
    expect(cells).toHaveLength(10);
    for (const { column, mse } of cells) {
      if (column === 'CLIP on English') expect(mse).toBe(0);
      else expect(mse).toBeGreaterThan(0.01);
    }
    const { width, height } = await sharp(join(cwd, events.at(-1)!.output!)).metadata();
    expect(width).toBeGreaterThan(5 * 192);
    expect(height).toBeGreaterThan(2 * 192);
  });

  it('draws a column for each checkpoint', () => {
    const { code, stdout, stderr } = generate(['노란색 차', '--compare-checkpoints', `${STUDENT},${TEACHER}`, '--width', '64', '--height', '64', '--steps', '1', '--out', 'grid']);
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/^노란색 차: MSE to \S+: \S+ \d\.\d{4}\ngrid\/checkpoints-0\.png\n$/);
  });

  it('shows what of a prompt is lost over 77 tokens', () => {
    const { code, stderr } = generate(['노란색 차 '.repeat(40), '--width', '64', '--height', '64', '--steps', '1', '--quiet']);
    expect(code).toBe(0);
    expect(ownWords(stderr)).toMatch(/^warning: "노란색 차 .*"… is over 77 tokens for \S+; its end is lost: ".*노란색 차 "\n$/);
  });
});

describe('docs/pictures.md', () => {
  const text = readFileSync(new URL('../../docs/pictures.md', import.meta.url), 'utf8');
  const commands = [...text.matchAll(/^kd generate (.*)$/gm)].map(([, rest]) => rest.match(/"[^"]*"|\S+/g)!.map((word) => word.replaceAll('"', '')));

  it('shows commands', () => { expect(commands).toHaveLength(4); });

  it.each(commands.map((command) => [command]))('%j works, on the tiny pipeline', (command) => {
    const checkpoints = command.includes('--compare-checkpoints') ? ['--compare-checkpoints', `${STUDENT},${TEACHER}`] : [];
    const tiny = ['--encoder', STUDENT, '--teacher', TEACHER, '--width', '64', '--height', '64', '--steps', '1', '--out', 'docs'];
    const { code, stderr } = generate([...command, ...tiny, ...checkpoints]);
    expect(code, stderr).toBe(0);
  });
});

/** A copy of the pipeline in which something is changed. */
function pipelineWith(change: (folder: string) => void): string {
  const folder = join(temporaryFolder(), 'pipeline');
  cpSync(SD_TINY, folder, { recursive: true });
  change(folder);
  return folder;
}

describe('kd generate refuses in one line', () => {
  const fails = (flags: readonly string[], message: RegExp): void => {
    const { code, stdout, stderr } = generate(['차', '--width', '64', '--height', '64', '--steps', '2', '--quiet', ...flags]);
    const words = ownWords(stderr);
    expect(words).toMatch(message);
    expect([code, stdout, words.split('\n').length]).toEqual([1, '', 2]);
  };

  it('a pipeline without a decoder', () => {
    fails(['--pipeline', pipelineWith((folder) => { rmSync(join(folder, 'vae_decoder'), { recursive: true }); })], /^error: \S+vae_decoder\/model\.onnx: expected a part of the pipeline, found no such file/);
  });

  it('a UNet that is cut short', () => {
    fails(['--pipeline', pipelineWith((folder) => { truncateSync(join(folder, 'unet/model.onnx'), 5000); })], /^error: \S+unet\/model\.onnx: expected an ONNX model that ONNX Runtime can load, got ".*Protobuf parsing failed/);
  });

  it("another model in the UNet's place", () => {
    const swapped = pipelineWith((folder) => { cpSync(join(folder, 'vae_decoder/model.onnx'), join(folder, 'unet/model.onnx')); });
    fails(['--pipeline', swapped], /^error: \S+unet\/model\.onnx: expected a UNet with the inputs sample, timestep, encoder_hidden_states, got one with latent_sample, which is a VAE decoder/);
  });

  it('an encoder of another width than the UNet takes', async () => {
    const narrow = await writeModel(join(temporaryFolder(), 'narrow'), STUDENT, { hidden_size: 24 });
    fails(['--encoder', narrow], /^error: --encoder \S+: expected hidden states 48 wide, as the UNet of \S+ takes, got 24/);
  });

  it('a scheduler that is not supported', () => {
    const flow = pipelineWith((folder) => {
      mkdirSync(join(folder, 'scheduler'), { recursive: true });
      writeFileSync(join(folder, 'scheduler/scheduler_config.json'), '{"use_flow_sigmas": true}');
    });
    fails(['--pipeline', flow], /scheduler_config\.json: expected use_flow_sigmas to be false or absent/);
  });

  it.each([
    [['--steps', '1001'], /--steps: expected at most 1000/],
    [['--width', '100'], /Expected a multiple of 8/],
    [['--latents', 'none.safetensors'], /none\.safetensors: cannot be read/],
    [['--compare', 'none.csv'], /expected prompts in the file alone/],
    [['--compare-checkpoints', 'a,,b'], /Expected names with commas between them/],
  ] as const)('%j', (flags, message) => {
    fails(flags, message);
  });
});
