import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { memoryText } from '../../src/commands/train/dry-run.js';
import { kd } from '../cli.js';
import { BACKEND, folderWithPairs, parseLines, train } from './tiny.js';

it('a dry run prints shapes, steps and memory, and writes nothing', () => {
  const cwd = folderWithPairs(10);
  const { code, stdout, stderr } = train(cwd, [
    '--dry-run',
    '--no-shuffle',
    '--batch-size',
    '3',
    '--epochs',
    '2',
    '--accumulate',
    '2',
    '--loss',
    'pooler',
    '--dropout',
    '0',
  ]);
  expect(code, stderr).toBe(0);
  expect(stdout).toMatch(
    new RegExp(
      [
        'teacher     114,192 parameters',
        'student     77,808 parameters, 77,808 trained',
        'pairs       8 for training, 2 for validation',
        'steps       4, 2 an epoch',
        'ids         \\[3, 77\\] each for teacher, student English, student Korean',
        'compared    \\[3, 48\\]',
        'first batch loss_en \\d\\.\\d{4}, loss_ko \\d\\.\\d{4}, [\\d.]+ s for one step',
        'memory      about [\\d.]+ MB estimated, [\\d.]+ [MG]B used at the peak',
        'faster      --cache-teacher <folder> computes the teacher once, not in 2 epochs, for 960 B of disk',
        '$',
      ].join('\n'),
    ),
  );
  expect(existsSync(join(cwd, 'checkpoints'))).toBe(false);
});

it("a dry run on a GPU tells the GPU's memory from the machine's", () => {
  const report = { device: 'gpu', memory_estimate_bytes: 5.2e9, peak_resident_bytes: 3.1e9 } as const;
  const told = (where: string) => `about 5.2 GB on ${where} GPU estimated; 3.1 GB of the machine's used at the peak`;
  expect(memoryText(report, 1)).toBe(told('the'));
  expect(memoryText({ ...report, memory_per_device_bytes: 5.2e9 }, 2)).toBe(told('each'));
});

it('a dry run with --cache-teacher takes its step without the teacher, needs less memory, fills no cache', () => {
  const cwd = folderWithPairs(10);
  const [plain, cached] = [[], ['--cache-teacher', 'cache']].map((flags) => {
    const { code, stdout, stderr } = train(cwd, [
      '--dry-run',
      '--json',
      '--engine',
      'eager',
      '--dropout',
      '0',
      ...flags,
    ]);
    expect(code, stderr).toBe(0);
    return parseLines<{ event: string; loss_en: number; memory_estimate_bytes: number }>(stdout).at(-1)!;
  });
  expect(plain).toMatchObject({ teacher_cache_bytes: 10 * 77 * 48 * 2 }); // bfloat16
  expect(cached.loss_en).toBeCloseTo(plain.loss_en, 5);
  expect(cached.memory_estimate_bytes).toBeLessThan(plain.memory_estimate_bytes);
  expect(existsSync(join(cwd, 'cache'))).toBe(false);
});

// In JavaScript it would take many minutes. The eager engine spares XLA's compilation, which takes the longest here.
it.skipIf(BACKEND === 'cpu')(
  'a dry run of the published models needs no hub, and counts their parameters',
  () => {
    const cwd = folderWithPairs(2);
    // Nothing listens on port 9 of this machine, and Node would not ask there.
    const env = {
      HF_ENDPOINT: 'http://127.0.0.1:9',
      HF_HUB_CACHE: join(cwd, 'hub'),
      XDG_CACHE_HOME: join(cwd, 'cache'),
      HF_HUB_OFFLINE: '',
    };
    const { code, stdout, stderr } = kd(
      [
        'train',
        '--dry-run',
        '--json',
        '--data',
        'pairs.csv',
        '--batch-size',
        '1',
        '--valid-fraction',
        '0',
        '--engine',
        'eager',
      ],
      { cwd, env },
    );
    expect(code, stderr).toBe(0);
    const warnings = stderr.split('\n').filter((line) => line.startsWith('warning: '));
    expect(warnings).toEqual(
      ['openai/clip-vit-large-patch14', 'klue/roberta-small'].map(
        (model) =>
          expect.stringMatching(
            new RegExp(
              `^warning: ${model}: no such folder, and the hub \\(\\S+\\) cannot be reached .*; ` +
                'continuing with its published shape, random weights and token ids$',
            ),
          ) as unknown,
      ),
    );
    expect(stderr).not.toContain('padding is id'); // ids drawn at random have no padding of their own
    const report = parseLines<{ event: string }>(stdout).at(-1);
    expect(report).toMatchObject({
      event: 'dry-run',
      teacher_parameters: 123_060_480,
      student_parameters: 68_090_880,
      trained_parameters: 67_500_288,
      training_pairs: 2,
      validation_pairs: 0,
      steps: 20,
      steps_per_epoch: 2,
      ids: [1, 77],
      compared: [1, 77, 768],
    });
    expect(existsSync(join(cwd, 'checkpoints'))).toBe(false);
  },
  180_000,
);
