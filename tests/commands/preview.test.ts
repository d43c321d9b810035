/** @file `kd train --preview`: prompts drawn at every checkpoint, by a process beside training. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { getPriority } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import sharp from 'sharp';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { startDrawing } from '#dist/training/previews/start-drawing.js';
import { GENERATE_DEFAULTS } from '../../src/app/pictures/options.js';
import { PREVIEWS_FOLDER, readPreviews } from '../../src/app/pictures/run-previews.js';
import type { Picture, PreviewMark } from '../../src/diffusion/pictures.js';
import { readRunConfig } from '../../src/runs/run-config.js';
import type { PreviewEvent, PreviewTask } from '../../src/training/previews/task.js';
import { KD, temporaryFolder, type CliResult } from '../cli.js';
import { argumentsOf, commandsOf } from '../docs/documents.js';
import { SD_TINY } from '../fixtures/index.js';
import { setOpset, writeIrVersion, writeOperator, writePorts } from '../fixtures/onnx-ports.js';
import { kdHere } from '../in-process.js';
import { BACKEND, folderWithPairs, parseLines, readJson, STUDENT, TEACHER, trainArguments } from './tiny.js';

const PROMPTS = 'ko,en\n노란색 차,a yellow car\n초록색 사과,a green apple\n노란색 차,a yellow car\n';
const SMALL = ['--preview-pipeline', SD_TINY, '--preview-width', '64', '--preview-height', '64'];

/** How runs in the test's own process have previews drawn: there, too; or as ever, with what is done just before. */
const drawing = vi.hoisted((): { elsewhereAfter: (() => void) | undefined } => ({ elsewhereAfter: undefined }));

// A process that draws takes as long to start as to draw, at low priority: where other tests run, minutes. And
// processes can only be started from what is compiled.
vi.mock('../../src/training/previews/start-drawing.js', async () => {
  const { startDrawing } = await import('#dist/training/previews/start-drawing.js');
  const { drawPreviews } = await import('../../src/training/previews/draw-previews.js');
  return {
    startDrawing(...args: Parameters<typeof startDrawing>) {
      drawing.elsewhereAfter?.();
      if (drawing.elsewhereAfter !== undefined) return startDrawing(...args);
      return { ended: drawPreviews(...args).then(() => ({ kind: 'drawn' })), stop: () => undefined };
    },
  };
});
vi.mock('../../src/app/pictures/embedding.js', () => import('#dist/app/pictures/embedding.js'));

/** The commands of the document. */
const [TRAINED, TRIED, RESUMED, ...OTHERS] = commandsOf('docs/pictures.md').filter((each) => each.includes('train'));
/** As the command that resumes has it. */
const HOW = ['--preview-steps', '15', '--preview-seed', '7'];
const PREVIEW = [...argumentsOf(TRAINED).slice(1), ...SMALL, ...HOW];
const FLAGS = ['--epochs', '1', '--batch-size', '6', '--engine', 'eager', '--learning-rate', '1e-3'];

/** One denoising step. */
const TINY_PICTURE = { steps: 1, scheduler: 'ddim', width: 64, height: 64 } as const;

/** Drawing leaves the CPU to others; where many tests run, that takes its time. In milliseconds. */
const PATIENCE = 600_000;

function folderWithPrompts(): string {
  const cwd = folderWithPairs(24);
  writeFileSync(join(cwd, 'prompts.csv'), PROMPTS);
  return cwd;
}

const previewsOf = (cwd: string): string => join(cwd, 'checkpoints/tiny', PREVIEWS_FOLDER);
const pixelsOf = (path: string): Promise<Buffer> => sharp(path).raw().toBuffer();

/** The previews that count, as `of step ko`. */
async function counting(cwd: string): Promise<string[]> {
  const run = join(cwd, 'checkpoints/tiny');
  const previews = await readPreviews(run, await readRunConfig(run));
  return previews.map(({ preview: { of, step, prompt } }) => `${of} ${step} ${prompt.ko}`).sort();
}

const both = (moments: readonly string[]): string[] =>
  moments.flatMap((moment) => ['노란색 차', '초록색 사과'].map((ko) => `${moment} ${ko}`)).sort();

it('has three commands in its document', () => {
  expect(OTHERS).toEqual([]);
  expect(TRIED).toContain('--dry-run');
});

describe('a run with --preview', { timeout: PATIENCE }, () => {
  let cwd: string;
  let trained: CliResult;
  beforeAll(async () => {
    cwd = folderWithPrompts();
    const flags = ['--max-steps', '3', '--save-every', '1', '--keep', '9', '--json'];
    trained = await kdHere([...trainArguments(FLAGS), ...PREVIEW, ...flags], { cwd });
  }, PATIENCE);

  it('draws each prompt with the teacher, the untrained student and the newest checkpoints, and says so', async () => {
    expect(trained.code, trained.stderr).toBe(0);
    const words = trained.stderr;
    expect(words).not.toContain('warning');
    expect(words).toMatch(/^preview of the teacher and the untrained student: 4 pictures in [\d:]+ \(\S+previews\)$/m);
    expect(words).toMatch(/^previews take longer than the time between checkpoints: step \d is skipped/m);
    expect(words).toMatch(/^waiting for the preview of step 3; Ctrl-C skips it$/m);
    expect(words).toMatch(/^preview of step 3: 2 pictures in /m);
    const drawn = await counting(cwd);
    expect(drawn).toEqual(expect.arrayContaining(both(['teacher 0', 'untrained 0', 'student 3'])));
    const list = readJson<{ pictures: Picture[] }>(join(previewsOf(cwd), 'pictures.json')).pictures;
    const texts = list.filter(({ preview }) => preview!.of === 'teacher').map(({ prompts }) => prompts);
    expect(texts).toEqual([['a yellow car'], ['a green apple']]);
    const events = parseLines<{ event: string; output: string } & Omit<PreviewMark, 'resumed'>>(trained.stdout);
    const told = events.filter(({ event }) => event === 'preview');
    expect(told.map(({ output }) => existsSync(output))).toEqual(drawn.map(() => true));
    expect(events.at(-1)!.event).toBe('done');
  });

  it('draws the same as kd generate with the same encoder, prompt and seed', async () => {
    for (const [name, prompt, encoder] of [
      ['노란색-차-7-step-00000003.png', '노란색 차', 'tiny:3'],
      ['초록색-사과-7-untrained.png', '초록색 사과', STUDENT],
    ]) {
      const how = PREVIEW.slice(2).map((flag) => flag.replace('--preview-', '--'));
      const flags = ['--encoder', encoder, ...how, '--backend', BACKEND, '--device', 'cpu', '--out', 'out'];
      const { code, stdout, stderr } = await kdHere(['generate', prompt, ...flags], { cwd });
      expect(code, stderr).toBe(0);
      const [preview, generated] = [join(previewsOf(cwd), name), join(cwd, stdout.trim())];
      expect((await pixelsOf(preview)).equals(await pixelsOf(generated)), name).toBe(true);
    }
  });

  it('resumes; a picture of a discarded step stays, but no longer counts', async () => {
    const before = readdirSync(previewsOf(cwd));
    const [, resume, ...flags] = argumentsOf(RESUMED);
    const once = ['--epochs', '2', '--max-steps', '5', '--keep', '1', '--save-every', '99'];
    const resumed = await kdHere(['train', resume, 'tiny:2', ...flags, ...once], { cwd });
    expect(resumed.code, resumed.stderr).toBe(0);
    expect(resumed.stderr).not.toMatch(/^preview of the teacher/m); // it is there
    const drawn = await counting(cwd);
    expect(drawn).toEqual(expect.arrayContaining(both(['teacher 0', 'untrained 0', 'student 2', 'student 5'])));
    expect(drawn).not.toContain('student 3 노란색 차');
    const files = readdirSync(previewsOf(cwd));
    expect(files).toEqual(expect.arrayContaining([...before, '노란색-차-7-step-00000005.png']));

    const kept = readdirSync(join(cwd, 'checkpoints/tiny')).filter((name) => name.startsWith('step-'));
    const best = readFileSync(join(cwd, 'checkpoints/tiny/best'), 'utf8').trim();
    expect(kept.sort()).toEqual([...new Set([best, 'step-00000005'])].sort()); // no more than without previews

    const none = await kdHere(['train', '--resume', 'tiny', '--preview', 'none', '--max-steps', '6'], { cwd });
    expect([none.code, readdirSync(previewsOf(cwd))], none.stderr).toEqual([0, files]);
  });
});

describe('--preview', { timeout: PATIENCE }, () => {
  const train = (cwd: string, ...flags: string[]): Promise<CliResult> =>
    kdHere([...trainArguments(FLAGS), ...PREVIEW, ...flags], { cwd });

  it.each([
    [['--preview', 'none.csv'], '--preview: none.csv: expected a file that can be read, but there is none'],
    [['--preview', 'pairs.json'], 'pairs.json: expected the columns ko,en in the first line, got {}'],
    [['--preview', 'commas.csv'], '--preview: commas.csv: line 2: expected 2 fields, as in the first line, got 3: '],
    [['--preview-pipeline', 'absent'], '--preview-pipeline absent: '],
    [['--preview-steps', '1001'], '--preview-steps: expected at most 1000'],
    [['--preview-device', 'gpu:7'], '--preview-device gpu:7: expected '],
    [
      ['--preview-width', '100'],
      "option '--preview-width <pixels>' argument '100' is invalid. Expected a multiple of 8",
    ],
  ])('%j is refused before the first step', async (flags, message) => {
    const cwd = folderWithPrompts();
    writeFileSync(join(cwd, 'pairs.json'), '{}\n');
    writeFileSync(join(cwd, 'commas.csv'), 'ko,en\n노란색 차,a yellow car, parked\n');
    const { code, stderr } = await train(cwd, ...flags);
    const last = stderr.trimEnd().split('\n').at(-1)!;
    expect([code, last]).toEqual([1, expect.stringContaining(message)]);
    expect(last).toMatch(/^error: /);
    expect(existsSync(join(cwd, 'checkpoints/tiny'))).toBe(false);
  });

  it.each([
    [
      'a file',
      (folder) => {
        writeFileSync(folder, '');
      },
      'checkpoints/tiny/previews: expected a folder, or nothing there, found a file; name another',
    ],
    [
      'a list that is a folder',
      (folder) => {
        mkdirSync(join(folder, 'pictures.json'), { recursive: true });
      },
      'previews/pictures.json: expected a file, or nothing there, found a folder; move it away',
    ],
  ] as [string, (folder: string) => void, string][])(
    '%s in the place of previews is refused before the first step',
    async (_, put, message) => {
      const cwd = folderWithPrompts();
      const run = join(cwd, 'checkpoints/tiny');
      const last = ({ code, stderr }: CliResult) => [code, stderr.trimEnd().split('\n').at(-1)];
      const refused = [1, expect.stringContaining(message)];
      mkdirSync(run, { recursive: true });
      put(join(run, PREVIEWS_FOLDER));
      expect(last(await train(cwd))).toEqual(refused);
      expect(readdirSync(run)).toEqual([PREVIEWS_FOLDER]);

      const without = await kdHere(trainArguments([...FLAGS, '--max-steps', '1']), { cwd });
      expect(without.code, without.stderr).toBe(0); // it does not ask for any
      const more = ['train', '--resume', 'tiny', '--max-steps', '2', ...PREVIEW];
      expect(last(await kdHere(more, { cwd }))).toEqual(refused);
      expect(last(await kdHere([...more, '--dry-run'], { cwd }))).toEqual(refused);
      expect(readdirSync(run)).not.toContain('step-00000002');
    },
  );

  /** Pipelines of the wrong kind, made from a copy of the tiny one. */
  const WRONG: Readonly<Record<string, (folder: string) => Promise<void> | void>> = {
    'a decoder for the UNet': (folder) => {
      cpSync(join(folder, 'vae_decoder/model.onnx'), join(folder, 'unet/model.onnx'));
    },
    'a UNet for wider texts': (folder) =>
      writePorts(join(SD_TINY, 'unet/model.onnx'), join(folder, 'unet/model.onnx'), {
        sample: { name: 'sample', type: 'float32', shape: ['b', 4, 'h', 'w'] },
        timestep: { name: 'timestep', type: 'int64', shape: [] },
        encoder_hidden_states: { name: 'encoder_hidden_states', type: 'float32', shape: ['b', 77, 2048] },
      }),
    'a UNet of an opset to come': (folder) => {
      setOpset(join(folder, 'unet/model.onnx'), 99);
    },
    'a decoder of an IR version to come': (folder) =>
      writeIrVersion(join(SD_TINY, 'vae_decoder/model.onnx'), join(folder, 'vae_decoder/model.onnx'), 99),
    'a UNet with an operator that there is not': (folder) =>
      writeOperator(join(SD_TINY, 'unet/model.onnx'), join(folder, 'unet/model.onnx'), 'Conv', 'Convolve'),
    'a decoder of one size': (folder) =>
      writePorts(join(SD_TINY, 'vae_decoder/model.onnx'), join(folder, 'vae_decoder/model.onnx'), {
        latent_sample: { name: 'latent_sample', type: 'float32', shape: [1, 4, 16, 16] },
      }),
    'weights for PyTorch': (folder) => {
      renameSync(join(folder, 'unet/model.onnx'), join(folder, 'unet/diffusion_pytorch_model.safetensors'));
    },
    'no scheduler': (folder) => {
      rmSync(join(folder, 'scheduler'), { recursive: true });
    },
    'a VAE without a scale': (folder) => {
      writeFileSync(join(folder, 'vae_decoder/config.json'), '{"scaling_factor": 0}');
    },
    'a file': (folder) => {
      rmSync(folder, { recursive: true });
      cpSync(join(SD_TINY, 'unet/model.onnx'), folder);
    },
  };

  it.each([
    ['a decoder for the UNet', /unet\/model\.onnx: expected a UNet with .*, which is a VAE decoder; /],
    ['a UNet for wider texts', /--teacher \S+: expected hidden states 2048 wide, as the UNet of \S+ takes, got 48; /],
    ['a UNet of an opset to come', /unet\/model\.onnx: expected an ONNX opset up to \d+, .*, got 99; /],
    ['a decoder of an IR version to come', /decoder\/model\.onnx: expected an ONNX IR version up to \d+, .*, got 99; /],
    [
      'a UNet with an operator that there is not',
      /unet\/model\.onnx: expected an ONNX model that ONNX Runtime can load, got ".*Convolve/,
    ],
    ['a decoder of one size', /for pictures of 64 × 64 .*; give --preview-width 128 --preview-height 128$/],
    ['weights for PyTorch', /unet\/model\.onnx: .*safetensors beside it is for PyTorch: /],
    [
      'no scheduler',
      /scheduler_config\.json: expected a part of the pipeline, found no such file; .* --preview-pipeline$/,
    ],
    ['a VAE without a scale', /vae_decoder\/config\.json: expected a number above 0, got 0 \(scaling_factor\)/],
    ['a file', /--preview-pipeline \S+: expected a model's folder, found a file; give the folder it is in$/],
  ])('with %s is refused before the first step, and in a dry run', async (wrong, message) => {
    const cwd = folderWithPrompts();
    const folder = join(temporaryFolder(), 'pipeline');
    cpSync(SD_TINY, folder, { recursive: true });
    await WRONG[wrong](folder);
    for (const more of [[], ['--dry-run']]) {
      const { code, stderr } = await train(cwd, '--preview-pipeline', folder, ...more);
      const last = stderr.trimEnd().split('\n').at(-1)!;
      expect([code, last]).toEqual([1, expect.stringMatching(message)]);
      expect(last).toMatch(/^error: /);
    }
    expect(existsSync(join(cwd, 'checkpoints/tiny'))).toBe(false);
  });

  it('says in a dry run where the pipeline would come from', async () => {
    const flags = (pipeline: string) => ['--preview-pipeline', pipeline, '--dry-run'];
    const folder = await train(folderWithPrompts(), ...flags('./absent'));
    expect([folder.code, folder.stderr]).toEqual([
      1,
      expect.stringContaining('--preview-pipeline ./absent: no such folder'),
    ]);
    const hub = await train(folderWithPrompts(), ...flags('somebody/pipeline'));
    expect(hub.code, hub.stderr).toBe(0);
    expect(hub.stderr).toContain(
      '--preview-pipeline somebody/pipeline: no such folder, so a model on the hub; fetched ',
    );
  });

  it('says the number of pictures in a dry run', async () => {
    const args = [...argumentsOf(TRIED), ...trainArguments(FLAGS).slice(1), ...SMALL, '--save-every', '2'];
    const { stdout } = await kdHere(args, { cwd: folderWithPrompts() });
    expect(stdout).toMatch(/^previews {4}2 checkpoints, 8 pictures, those of the teacher and the untrained student /m);
  });

  it('that fails later causes one warning, and training continues', async () => {
    const cwd = folderWithPrompts();
    const folder = join(temporaryFolder(), 'pipeline');
    cpSync(SD_TINY, folder, { recursive: true });
    drawing.elsewhereAfter = () => {
      rmSync(folder, { recursive: true, force: true });
    };
    const { code, stderr } = await train(cwd, '--preview-pipeline', folder).finally(() => {
      drawing.elsewhereAfter = undefined;
    });
    expect(code, stderr).toBe(0);
    const warnings = stderr.match(/^warning: .*$/gm);
    expect(warnings).toEqual([
      expect.stringMatching(
        /^warning: no preview of .*: --preview-pipeline \S+: no such folder; .*; training continues$/,
      ),
    ]);
    expect(existsSync(join(cwd, 'checkpoints/tiny/step-00000003/manifest.json'))).toBe(true);
    expect(readJson(join(cwd, 'checkpoints/tiny/ended.json'))).toMatchObject({ state: 'finished' });
  });
});

/** Processes that draw previews of runs in a folder. */
function drawersIn(cwd: string): string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      return (
        /^\d+$/.test(pid) &&
        readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('previews/process.js') &&
        readlinkSync(`/proc/${pid}/cwd`) === cwd
      );
    } catch {
      return false;
    }
  });
}

describe.skipIf(process.platform !== 'linux')('the process that draws', { timeout: PATIENCE }, () => {
  let child: ChildProcess | undefined;
  afterEach(() => {
    child?.kill('SIGKILL');
  });

  it('reports what it has drawn', async () => {
    const run = join(temporaryFolder(), 'tiny');
    const prompt = { ko: '노란색 차', en: 'a yellow car' };
    const task: PreviewTask = {
      run,
      resumed: 0,
      states: [{ of: 'untrained', step: 0, prompts: [prompt] }],
      options: { ...GENERATE_DEFAULTS, ...TINY_PICTURE, pipeline: SD_TINY, backend: BACKEND, device: 'cpu' },
      models: { teacher: { source: TEACHER }, student: { source: STUDENT }, width: 48, randomWeights: false, seed: 1 },
    };
    const told: PreviewEvent[] = [];
    const outcome = await startDrawing(task, (news) => told.push(news)).ended;
    expect(outcome).toEqual({ kind: 'drawn' });
    const path = join(run, PREVIEWS_FOLDER, `노란색-차-${GENERATE_DEFAULTS.seed}-untrained.png`);
    expect(told.map(({ kind }) => kind)).toEqual(['embedded', 'progress', 'picture']);
    expect(told.at(-1)).toMatchObject({ kind: 'picture', picture: { of: 'untrained', step: 0, prompt, path } });
    expect(existsSync(path)).toBe(true);
  });

  it.each([
    ['SIGINT', 130],
    ['SIGKILL', 'SIGKILL'],
  ] as const)('runs at low priority, and ends with a training that gets %s while it waits', async (signal, end) => {
    const cwd = folderWithPrompts();
    const args = [KD, ...trainArguments(FLAGS), ...PREVIEW, '--preview-steps', '500', '--preview-scheduler', 'ddim'];
    child = spawn(process.execPath, args, { cwd, stdio: ['ignore', 'ignore', 'pipe'] });
    const exit = once(child, 'exit');
    let stderr = '';
    child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    await expect.poll(() => stderr, { timeout: PATIENCE / 2 }).toContain('Ctrl-C skips it');
    const [drawer] = drawersIn(cwd);
    const given = (): unknown[] => [
      readFileSync(`/proc/${drawer}/stat`, 'utf8').split(' ')[18],
      readFileSync(`/proc/${drawer}/oom_score_adj`, 'utf8').trim(),
    ];
    await expect.poll(given, { timeout: PATIENCE / 2 }).toEqual([String(Math.min(getPriority() + 5, 19)), '1000']);
    for (const other of ['SIGUSR1', 'SIGTERM'] as const) process.kill(Number(drawer), other); // as a scheduler does
    await sleep(200);
    expect(drawersIn(cwd)).toContain(drawer);
    child.kill(signal);
    const [code, name] = (await exit) as [number | null, string | null];
    expect(code ?? name, stderr).toBe(end);
    await expect.poll(() => drawersIn(cwd), { timeout: PATIENCE / 2 }).toEqual([]);
    expect(existsSync(join(cwd, 'checkpoints/tiny/step-00000003'))).toBe(true);
    expect(stderr).not.toContain('no preview');
  });
});
