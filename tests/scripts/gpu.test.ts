import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bfloat16Blocker } from '../../src/tensorflow/hardware.js';
import { BACKENDS_UNDER_TEST } from '../backends.js';

const KEPT_FROM_BFLOAT16 = bfloat16Blocker() !== undefined;
const SCRIPTS = join(import.meta.dirname, '..', '..', 'scripts');

describe('the projection of the final run', () => {
  const project = (...args: string[]) =>
    spawnSync(process.execPath, [join(SCRIPTS, 'bench/project.mjs'), ...args], { encoding: 'utf8' });

  it('gives the original its own time at its own rates', () => {
    const { stdout } = project('--train', '101', '--validate', '214');
    expect(stdout).toMatch(
      /^final run: 24 h 3[0-9] m \d+ s projected .*, 1\.0 × as fast as the original's 24 h 42 m 58 s on an RTX 3060\n$/,
    );
  });

  it('refuses invalid rates', () => {
    const { status, stderr } = project('--train', 'fast');
    expect(status).toBe(1);
    expect(stderr).toBe('error: --train: expected pairs a second, as npm run check:gpu measures them, got "fast"\n');
  });
});

describe('npm run check:gpu, where the device cannot be used', () => {
  const check = (...flags: string[]) =>
    spawnSync(process.execPath, [join(SCRIPTS, 'gpu/check.mjs'), ...flags], {
      encoding: 'utf8',
      env: { ...process.env, CUDA_VISIBLE_DEVICES: '' },
    });

  it.each([
    [[], /^error: --device gpu: expected a working GPU, but [^\n]+; [^\n]+\n$/],
    [['--device', 'tpu'], /^error: --device: expected auto, cpu, [^\n]+, got "tpu"\n$/],
    [['--batches', 'all'], /^error: --batches: expected values separated by commas, [^\n]+, got "all"\n$/],
    [['--gpu'], /^error: Unknown option '--gpu'[^\n]*\n$/],
  ])('ends at once with one line: %j', (flags, line) => {
    const { status, stdout, stderr } = check(...flags);
    expect(stderr).toMatch(line);
    expect(stdout).toBe('');
    expect(status).toBe(1);
  });
});

describe.skipIf(!BACKENDS_UNDER_TEST.includes('tensorflow'))('npm run check:gpu', () => {
  it('checks every point, here on the CPU with tiny models', () => {
    const flags = ['--device', 'cpu', '--models', 'tiny', '--batches', '4,8', '--steps', '2', '--long', '20'];
    const { stdout, stderr } = spawnSync(process.execPath, [join(SCRIPTS, 'gpu/check.mjs'), ...flags], {
      encoding: 'utf8',
      // XLA compiles for most of the time; code that is neither optimised nor emitted by MLIR computes the same values
      env: { ...process.env, XLA_FLAGS: '--xla_backend_optimization_level=0 --xla_cpu_use_fusion_emitters=false' },
    });
    const lines = stdout
      .trimEnd()
      .split('\n')
      .filter((line) => !line.includes('doctor:'));
    expect(
      lines.map((line) => line.slice(0, 26).trimEnd()),
      stderr,
    ).toEqual([
      ...Array<string>(3).fill('✓ parity fp32'),
      ...(KEPT_FROM_BFLOAT16 ? ['– parity bf16'] : Array<string>(3).fill('✓ parity bf16')),
      ...(KEPT_FROM_BFLOAT16 ? ['✓ parity XLA fp32'] : ['✓ parity XLA fp32', '✓ parity XLA bf16']),
      '✓ parity --jit-compile',
      '✓ shared padding',
      '✓ encode fp32',
      `${KEPT_FROM_BFLOAT16 ? '–' : '✓'} encode bf16`,
      '✓ several devices',
      '✓ batch 4',
      '✓ batch 8',
      '– against PyTorch',
      '✓ best',
      '✓ real: dropout',
      '✓ real: shared',
      '✓ real: shared, grouped',
      '✓ real: no dropout',
      '✓ real: cached',
      '✓ --jit-compile',
      '✓ several devices',
      expect.stringMatching(/^[✓✗] memory$/) as string,
    ]);
    for (const line of lines.filter((one) => /^✓.*(parity|beside)/.test(one)))
      expect(line).toMatch(/\d+ steps, largest relative difference \d\.\de[+-]\d+/);
    const realTexts = (name: string): string => lines.find((line) => line.includes(`real: ${name}`)) ?? '';
    const [, cut] = / first steps by layout: (\d+)x16: .+, \1x48: [\d.]+ s/.exec(realTexts('shared, grouped')) ?? [];
    const [, packed] = / first steps by layout: (\d+)x77: [\d.]+ s/.exec(realTexts('no dropout')) ?? [];
    expect(Number(packed) / Number(cut)).toBeLessThan(0.7); // texts of 8 to 40 tokens share rows of 77
    expect(lines.find((line) => line.includes('batch 8'))).toMatch(/ GB resident \(\d\.\d GB estimated\), /);
    expect(lines.at(-1)).toMatch(/20 steps: 0 tensors more at the end than after a tenth; resident /);
  }, 480_000);
});
