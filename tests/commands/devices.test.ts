/** @file `kd train --device cpu:2`: the run of one device, whatever computes it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { checkCpuDevices } from '../../src/tensorflow/gpu-choice.js';
import { BACKENDS_UNDER_TEST } from '../backends.js';
import type { CliResult } from '../cli.js';
import { kdHere } from '../in-process.js';
import { computed, folderWithPairs, parseLines, readJson, trainArguments } from './tiny.js';

/** Steps of two micro-batches; the third and last of an epoch has one, of 2 pairs. */
const FLAGS = [
  '--no-shuffle',
  '--batch-size',
  '4',
  '--epochs',
  '2',
  '--log-every',
  '1',
  '--save-every',
  '2',
  '--keep',
  '9',
  '--json',
];

const kdTrain = (cwd: string, ...flags: string[]): Promise<CliResult> => kdHere(trainArguments(flags), { cwd });
const resume = (cwd: string, ...flags: string[]): Promise<CliResult> =>
  kdHere(['train', '--resume', ...flags], { cwd });

describe.runIf(BACKENDS_UNDER_TEST.includes('tensorflow'))('a run on several devices', () => {
  let cwd: string;
  let shared: CliResult;
  beforeAll(async () => {
    cwd = folderWithPairs(22); // 18 for training
    shared = await kdTrain(cwd, ...FLAGS, '--device', 'cpu:2', '--run', 'shared');
    expect(shared.code).toBe(0);
    expect((await kdTrain(cwd, ...FLAGS, '--device', 'cpu', '--accumulate', '2', '--run', 'alone')).code).toBe(0);
  });

  it('equals a run on one, with one micro-batch per device by default', () => {
    expect(computed(cwd, 'shared', '00000006')).toEqual(computed(cwd, 'alone', '00000006'));
    const { settings, engine } = readJson<Record<string, Record<string, unknown>>>(
      join(cwd, 'checkpoints/shared/config.json'),
    );
    expect(settings).toMatchObject({ device: 'cpu:2', accumulate: 2 });
    expect(engine).toMatchObject({ device: 'cpu', devices: 2 });
    expect(parseLines<{ event: string }>(shared.stdout)).toContainEqual(
      expect.objectContaining({ event: 'engine', device: 'cpu', devices: 2 }),
    );
  });

  it('resumes as the run on one device, which resumes unchanged', async () => {
    const expected = computed(cwd, 'alone', '00000006');
    const onTwo = await resume(cwd, 'alone:2', '--device', 'cpu:2');
    expect(onTwo.code).toBe(0);
    expect(onTwo.stderr).not.toContain('bit for bit');
    expect(computed(cwd, 'alone', '00000006')).toEqual(expected);
    expect((await resume(cwd, 'shared:4', '--device', 'cpu')).code).toBe(0);
    expect(computed(cwd, 'shared', '00000006')).toEqual(expected);
  });

  it('is tried completely by a dry run', async () => {
    const { code, stdout } = await kdTrain(
      cwd,
      ...FLAGS.slice(0, -1),
      '--dry-run',
      '--device',
      'cpu:2',
      '--run',
      'dry',
    );
    expect(code).toBe(0);
    expect(stdout).toMatch(/^steps +6, 3 an epoch$/m);
    expect(stdout).toMatch(/^first step +loss_en \d\.\d{4}, loss_ko \d\.\d{4}, [\d.]+ s for one step, on 2 devices$/m);
    expect(stdout).toMatch(
      /^memory +about \d+ MB estimated, [\d.]+ MB of it for each of 2 devices, [\d.]+ [MG]B used at the peak$/m,
    );
    // the tiny student's trained parameters, and a loss of each language
    expect(stdout).toMatch(/^all-reduce +[\d.e-]+ s a step, measured \(302 kB in 1 message on 2 devices\)$/m);
  });

  it('is tried by one of several processes without the others', async () => {
    const among = ['--hosts', '127.0.0.1:2222,127.0.0.1:2223', '--rank', '1', '--device', 'cpu:2', '--dry-run'];
    const { code, stdout, stderr } = await kdTrain(cwd, ...FLAGS, ...among); // nobody listens there
    expect(code, stderr).toBe(0);
    const report = parseLines<Record<string, number>>(stdout).at(-1)!;
    expect(report).toMatchObject({
      devices: 4,
      rank: 1,
      ranks: 2,
      rank_devices: 2,
      steps: 4, // of four micro-batches, and one of one, an epoch
      all_reduce_bytes: 4 * 75_456,
      all_reduce_messages: 1,
    });
    expect(report.memory_estimate_bytes - 2 * report.memory_per_device_bytes).toBeCloseTo(0.5e9, -3);
    // both devices of a rank send half of their values to both of the other, and take as much back; 6 hops of 50 µs
    const seconds = (usable: number): number => ((2 * 2 * 2) / 4) * ((4 * 75_456) / usable) + 6 * 50e-6;
    expect(report.all_reduce_expected).toEqual(
      [1, 10, 25].map((gigabits) => ({
        bits_per_second: gigabits * 1e9,
        seconds: Number(seconds(gigabits * 0.11e9).toPrecision(2)),
      })),
    );
    expect(report).not.toHaveProperty('all_reduce_seconds');
    const inWords = await kdTrain(cwd, ...FLAGS.slice(0, -1), ...among);
    expect(inWords.stdout).toMatch(
      /^ranks +2, this is rank 1; the others are not asked, and assumed to have 2 devices, too$/m,
    );
    expect(inWords.stdout).toMatch(
      /^all-reduce +expected a step: [\d.]+ s at 1 Gbit\/s, .*\(302 kB in 1 message on 4 devices\); `kd doctor` with the same flags measures it$/m,
    );
  });

  it('warns of idle devices, and of sums in a different order', async () => {
    const idle = await kdTrain(cwd, ...FLAGS, '--max-steps', '1', '--device', 'cpu:3', '--accumulate', '1');
    expect(idle.stderr).toContain(
      "warning: --accumulate 1: a step's one micro-batch leaves 2 of 3 devices idle; a new run can have --accumulate 3",
    );
    await kdTrain(cwd, ...FLAGS, '--max-steps', '1', '--device', 'cpu', '--accumulate', '3', '--run', 'three');
    const { code, stderr } = await resume(cwd, 'three', '--device', 'cpu:2', '--max-steps', '2');
    expect(code).toBe(0);
    expect(stderr).toContain('2 devices instead of 1: the run continues, but not bit for bit as it would have');
  });
});

it('is started as documented', async () => {
  const text = readFileSync(join(import.meta.dirname, '../../docs/scale.md'), 'utf8');
  const choices = [...text.matchAll(/^npx kd train --device (\S+)/gm)].map(([, choice]) => choice);
  expect(choices).toEqual(['gpu:all', 'gpu:0,2', 'cpu:2']);
  const cwd = folderWithPairs(4);
  for (const choice of choices) {
    const { code, stderr } = await kdTrain(cwd, '--device', choice, '--dry-run', '--batch-size', '1');
    if (choice.startsWith('cpu') && BACKENDS_UNDER_TEST.includes('tensorflow')) expect(code, stderr).toBe(0);
    else if (code !== 0) expect(stderr).toMatch(/: expected (a working GPU|the compiled engine|--backend tensorflow)/);
  }
});

it.each([
  [
    ['--device', 'cpu:2', '--engine', 'eager'],
    'expected the compiled engine, which can use several devices, got eager',
  ],
  [['--device', 'cpu:2', '--backend', 'cpu'], 'got eager on tfjs in JavaScript'],
  [['--device', 'cpu:0'], "argument 'cpu:0' is invalid. Expected auto, cpu, cpu:N"],
  [['--device', 'gpu:1,1'], "argument 'gpu:1,1' is invalid"],
  [['--device', 'cpu:99999'], 'error: --device cpu:99999: expected at most '],
  // before it waits for the other rank
  [['--device', 'cpu:99999', '--hosts', '127.0.0.1:2222,127.0.0.1:2223', '--rank', '1'], 'expected at most '],
])('refuses %j', async (flags, message) => {
  const { code, stderr } = await kdHere(trainArguments(flags), { cwd: folderWithPairs(4) });
  expect(code).toBe(1);
  expect(stderr).toContain(message);
  if (flags.includes('cpu:99999')) expect(stderr).not.toMatch(/engine:|data:|waiting/);
});

it.each([
  [16, 2],
  [16, 16],
  [64, 64],
])('uses a CPU as at most %i devices if it has %i cores', (most, cores) => {
  expect(() => {
    checkCpuDevices(`cpu:${most}`, cores);
  }).not.toThrow();
  expect(() => {
    checkCpuDevices(`cpu:${most + 1}`, cores);
  }).toThrow(
    `--device cpu:${most + 1}: expected at most ${most} devices on this CPU, which has ${cores} cores, ` +
      `got ${most + 1}; take --device cpu:${most} or fewer`,
  );
});
