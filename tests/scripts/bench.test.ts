import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bfloat16Blocker, cpuFeatures } from '../../src/tensorflow/hardware.js';
import { BACKENDS_UNDER_TEST } from '../backends.js';

const BENCH = join(import.meta.dirname, '../../scripts/bench');

/** Runs one of the scripts. */
function run(script: string, flags: readonly string[], env = process.env) {
  return spawnSync(process.execPath, [join(BENCH, script), ...flags], { encoding: 'utf8', env });
}

const SHORT = ['--models', 'tiny', '--batch', '4', '--dropout', '0.1', '--steps', '2', '--rounds', '1'];
const bench = (...flags: string[]) => run('index.mjs', [...SHORT, ...flags]);

/** The cells of a printed Markdown table. */
function tableOf(stdout: string): { header: string[]; rows: string[][] } {
  const [header, , ...rows] = stdout
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) => line.slice(2, -2).split(' | '));
  return { header, rows };
}

/** Python with what the other side needs. */
const python = [process.env.KD_PYTHON ?? 'python3'].find(
  (name) => spawnSync(name, ['-c', 'import torch, transformers']).status === 0,
);

describe.skipIf(!BACKENDS_UNDER_TEST.includes('tensorflow'))('npm run bench', () => {
  it('measures the requested variants in turn', () => {
    const { stdout, stderr } = bench('--ours', 'compiled-fp32,eager-fp32');
    expect(stdout, stderr).toMatch(
      /^Machine: \d+ cores, .+; products alone: \d+ GFLOP\/s in fp32, (\d+|none) in bf16; Node /,
    );
    const { header, rows } = tableOf(stdout);
    expect(header).toEqual([
      '',
      'batch',
      'dropout',
      's a step',
      'CPU s',
      'pairs/s',
      "of the products' rate",
      'peak memory',
      'to first step',
    ]);
    expect(rows.map((row) => row.slice(0, 3))).toEqual([
      ['kd compiled-fp32', '4', '0.1'],
      ['kd eager-fp32', '4', '0.1'],
    ]);
    for (const row of rows) {
      const [seconds, cpuSeconds, rate] = row.slice(3, 6).map(Number);
      expect(Math.min(seconds, cpuSeconds)).toBeGreaterThan(0);
      expect(Math.abs((rate * seconds) / 4 - 1)).toBeLessThan(0.5); // both are rounded
      expect(row[6]).toMatch(/^\d+%$/);
      expect(Number.parseFloat(row[7])).toBeGreaterThan(0.1);
      expect(row[8]).toMatch(/^\d+ s$/);
    }
    expect(stderr).toMatch(/^round 1\/1: kd eager-fp32, batch 4, dropout 0\.1: [\d.e-]+ s a step, [\d.]+ GB$/m);
  }, 240_000);

  it('measures steps on real texts, in random order, and grouped by length with a teacher cache', () => {
    const ours = ['--ours', 'default,cached-grouped'];
    const { stdout, stderr } = bench('--texts', 'real', ...ours, '--precision', 'fp32');
    expect(stdout, stderr).toMatch(/^The student's texts have \d+ to \d+ tokens \(mean [\d.]+\); batches of 4$/m);
    const { rows } = tableOf(stdout);
    expect(rows.map(([name]) => name)).toEqual(['kd train, fp32', 'kd train --cache-teacher --group-by-length, fp32']);
    for (const row of rows) {
      const [seconds, , , rate] = row.slice(1).map(Number.parseFloat);
      expect(Math.abs((rate * seconds) / 4 - 1)).toBeLessThan(0.5); // both are rounded
    }
    expect(stderr).toMatch(
      /^round 1\/1: kd train --cache-teacher --group-by-length, fp32: [\d.e-]+ s a step, [\d.e-]+ CPU s, [\d.]+ GB, load [\d.]+$/m,
    );
  }, 240_000);

  it.skipIf(python === undefined)(
    'prints the ratio to PyTorch (skipped without torch and transformers)',
    () => {
      const { stdout, stderr } = bench(
        '--ours',
        'compiled-fp32',
        '--against',
        'pytorch',
        '--python',
        python!,
        '--theirs',
        'eager-fp32',
      );
      expect(
        tableOf(stdout).rows.map(([name]) => name),
        stderr,
      ).toEqual(['kd compiled-fp32', 'PyTorch eager-fp32']);
      expect(stdout).toMatch(/\nkd compiled-fp32, batch 4, dropout 0\.1: \d+\.\d\d × PyTorch eager-fp32\n$/);
    },
    240_000,
  );
});

describe.skipIf(!BACKENDS_UNDER_TEST.includes('tensorflow'))('training with growing data', () => {
  it('is measured at each size, in random order and grouped by length', () => {
    const flags = ['--pairs', '200', '--batch', '4', '--steps', '60', '--rounds', '1'];
    const { stdout, stderr } = run('growth.mjs', flags);
    const { rows } = tableOf(stdout);
    expect(
      rows.map(([name]) => name),
      stderr,
    ).toEqual(['200 rows', '200 rows, grouped']);
    for (const [, rate, range, mean, most] of rows) {
      expect(range).toBe(`${rate} to ${rate}`);
      expect(Number(rate)).toBeGreaterThan(0);
      expect(Number(most)).toBeGreaterThanOrEqual(Number(mean) - 0.05); // both are rounded
    }
  }, 240_000);
});

describe.skipIf(!BACKENDS_UNDER_TEST.includes('tensorflow') || availableParallelism() < 2)(
  'what several ranks gain (skipped where there is one core)',
  () => {
    it('is compared with the same run on one rank, with the excess over its share', () => {
      const flags = ['--models', 'tiny', '--batch', '4', '--steps', '4', '--rounds', '1'];
      const { stdout, stderr } = run('ranks.mjs', flags);
      const { header, rows } = tableOf(stdout);
      expect(header, stderr).toEqual(['fp32', 's a step', 'CPU s a rank', 'pairs/s']);
      const [one, several, share, beside] = rows.map(([name, ...numbers]) => ({ name, numbers: numbers.map(Number) }));
      expect([one, several, share, beside].map(({ name }) => name)).toEqual([
        'one rank on one core',
        '2 ranks, a core each',
        'one rank, its share',
        '2 runs of that beside each other',
      ]);
      for (const { numbers } of [one, several, beside])
        expect(Math.abs((numbers[2] * numbers[0]) / 8 - 1)).toBeLessThan(0.02); // of 8 pairs; both are rounded
      expect(Math.abs((share.numbers[2] * share.numbers[0]) / 4 - 1)).toBeLessThan(0.02);
      const [, times] = /^2 ranks, a core each: (\d+\.\d\d) × the pairs\/s of one\. Of a step, /m.exec(stdout)!;
      expect(Math.abs(Number(times) - several.numbers[2] / one.numbers[2])).toBeLessThan(0.02);
    }, 240_000);

    it('needs a core for each rank', () => {
      const { status, stderr } = run('ranks.mjs', ['--ranks', '4096']);
      expect(status).toBe(1);
      expect(stderr).toContain('--ranks: expected a core for each, at most ');
    });
  },
);

describe.skipIf(process.platform !== 'linux')(
  "the memory of pictures (skipped where the system is not Linux's)",
  () => {
    it.each([
      { kind: 'float32-beside', flags: [] },
      { kind: 'float16-inside', flags: ['--whole', '--models', 'tiny'] },
    ])(
      'is what the models take on disk, and a little: $flags',
      ({ kind, flags }) => {
        const small = ['--width', '80', '--size', '64', '--weights', kind];
        const { stdout, stderr } = run('pictures-memory.mjs', [...small, ...flags]);
        const { rows } = tableOf(stdout);
        expect(
          rows.map(([weights]) => weights),
          stderr,
        ).toEqual([kind]);
        for (const row of rows) {
          const ratio = Number.parseFloat(row.at(-1)!);
          expect(ratio).toBeGreaterThan(0.5);
          expect(ratio).toBeLessThan(2); // these models are small beside the process
        }
      },
      240_000,
    );
  },
);

describe.skipIf(!BACKENDS_UNDER_TEST.includes('tensorflow'))("the checks of the engine's figures", () => {
  it('measure tensors and memory over steps and compilations', () => {
    const flags = ['--models', 'tiny', '--steps', '10', '--compilations', '2', '--batch', '2', '--width', '16'];
    const { stdout, stderr } = run('flatness.mjs', flags);
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => /^(\d+) (\w+): (\d+) tensors, \d+ MB$/.exec(line)?.slice(1));
    expect(
      lines.map((line) => line?.slice(0, 2)),
      stderr,
    ).toEqual([
      ...Array.from({ length: 10 }, (_, i) => [String(i + 1), 'steps']),
      ['1', 'compilations'],
      ['2', 'compilations'],
    ]);
    expect(new Set(lines.map((line) => line![2])).size).toBe(1);
  }, 240_000);

  it.runIf(cpuFeatures().has('avx512f'))('skip bfloat16 if oneDNN is disabled, or say so', () => {
    const env: NodeJS.ProcessEnv = { ...process.env, ONEDNN_MAX_CPU_ISA: 'AVX2' };
    delete env.TF_ENABLE_ONEDNN_OPTS;
    const products = run('products.mjs', ['3'], env);
    expect(products.stdout, products.stderr).toMatch(/^\{"fp32":[1-9]\d*,"bf16":0\}\n$/);
    const precision = run('precision.mjs', [], env);
    expect(precision.status).toBe(1);
    expect(precision.stderr.trimEnd().split('\n').at(-1)).toBe(
      'error: bfloat16: expected oneDNN to be allowed bfloat16, but ' +
        'ONEDNN_MAX_CPU_ISA=AVX2 forbids it; unset that variable',
    );
    const step = { models: 'tiny', engine: 'compiled', precision: 'bf16', batch: 2, dropout: 0, steps: 1 };
    const { status, stderr } = run('step.mjs', [JSON.stringify(step)], env);
    expect(status).toBe(1);
    expect(stderr).toContain('bfloat16: oneDNN is kept from it by ONEDNN_MAX_CPU_ISA=AVX2; unset that variable');
  });

  it.skipIf(bfloat16Blocker() !== undefined)(
    'train in bfloat16 beside float32 on the sample corpus, and find the difference',
    () => {
      const { status, stdout, stderr } = run('precision.mjs', ['--steps', '20', '--batch', '8']);
      expect(stdout, stderr).toMatch(
        /^step 20: fp32 \d\.\d{5}, bf16 \d\.\d{5}\nlargest relative difference of 20 steps: 0\.\d{3}%, in step \d+\n$/m,
      );
      expect(stdout).not.toContain('steps: 0.000%');
      expect(status).toBe(0);
    },
    240_000,
  );
});
