/** @file What may have changed when a run resumes: where the teacher's outputs are, and what computes. */
import { cpSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { temporaryFolder, type CliResult } from '../cli.js';
import { kdHere } from '../in-process.js';
import { BACKEND, computed, folderWithPairs, readJson, train, trainArguments } from './tiny.js';

const FLAGS = ['--engine', 'eager', '--batch-size', '4', '--max-steps', '6', '--save-every', '2', '--log-every', '1'];

let original: string;
beforeAll(() => {
  original = folderWithPairs(20);
  for (const flags of [FLAGS, [...FLAGS, '--run', 'cached', '--cache-teacher', 'cache']]) {
    const result = train(original, flags);
    expect(result.code, result.stderr).toBe(0);
  }
});

// what loading TensorFlow for another test has set in this process
beforeEach(() => {
  vi.stubEnv('TF_NUM_INTRAOP_THREADS', undefined);
  return () => vi.unstubAllEnvs();
});

function copied(): string {
  const cwd = temporaryFolder();
  cpSync(original, cwd, { recursive: true });
  return cwd;
}

const resume = (cwd: string, ...flags: string[]): Promise<CliResult> =>
  kdHere(['train', '--resume', ...flags], { cwd });

describe("where the teacher's outputs are", () => {
  const expectSame = (cwd: string): void => {
    expect(computed(cwd, 'cached', '00000006')).toEqual(computed(original, 'cached', '00000006'));
  };

  it('may change, with all of them, some of them, or none', async () => {
    for (const lost of [
      [],
      ['training-00000.safetensors'],
      ['training-00000.safetensors', 'validation-00000.safetensors'],
    ]) {
      const cwd = copied();
      renameSync(join(cwd, 'cache'), join(cwd, 'moved'));
      const [key] = readdirSync(join(cwd, 'moved'));
      for (const name of lost) rmSync(join(cwd, 'moved', key, name));
      const { code, stderr } = await resume(cwd, 'cached:4', '--cache-teacher', 'moved');
      expect(code, stderr).toBe(0);
      expect(stderr).toMatch(/^--cache-teacher: cache → moved$/m);
      expect(stderr).not.toContain('bit for bit');
      expectSame(cwd);
      expect(readdirSync(cwd)).not.toContain('cache');
      expect(readJson(join(cwd, 'checkpoints/cached/config.json'))).toMatchObject({
        settings: { cacheTeacher: 'moved' },
      });
    }
  });

  it('is asked for if the run is resumed from another folder', async () => {
    const cwd = copied();
    const elsewhere = temporaryFolder();
    const flags = [join(cwd, 'checkpoints/cached:4'), '--data', join(cwd, 'pairs.csv')];
    const { code, stderr } = await resume(elsewhere, ...flags);
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(
        /expected --cache-teacher cache in this folder, but it is in .*, or give its place with --cache-teacher$/m,
      ),
    ]);
    const given = await resume(elsewhere, ...flags, '--cache-teacher', join(cwd, 'cache'));
    expect(given.code, given.stderr).toBe(0);
    expectSame(cwd);
  });

  it('may not change from nowhere, and a checkpoint of a run without them is skipped', async () => {
    const cwd = copied();
    const refused = await resume(cwd, 'tiny:2', '--cache-teacher', 'cache');
    expect([refused.code, refused.stderr]).toEqual([
      1,
      expect.stringMatching(/expected the options that the run began with, --cache-teacher its default, not cache;/),
    ]);
    expect(refused.stderr).not.toMatch(/may change: .*--cache-teacher/);
    const [tiny, cached] = ['tiny', 'cached'].map((run) => join(cwd, 'checkpoints', run, 'step-00000006'));
    rmSync(cached, { recursive: true });
    cpSync(tiny, cached, { recursive: true });
    const { code, stderr } = await resume(cwd, 'cached', '--cache-teacher', 'cache');
    expect(code, stderr).toBe(0);
    expect(stderr).toMatch(
      /^warning: skipped step-00000006: trainer\.json: expected --cache-teacher cache, as .*, got none$/m,
    );
    expectSame(cwd);
  });
});

describe.skipIf(BACKEND === 'cpu')('what the last digits depend on', () => {
  it.each([
    ['another kind of CPU', { cpu: 'A CPU', instructions: 'avx' }, /^cpu .+ instead of A CPU, instructions/],
    ['another number of threads', { threads: '77' }, /^threads \d+ instead of 77$/],
    ['another variable', { ONEDNN_MAX_CPU_ISA: 'SSE41' }, /^ONEDNN_MAX_CPU_ISA its default instead of SSE41$/],
  ])('%s is told, and recorded', async (_, difference, words) => {
    const cwd = copied();
    const path = join(cwd, 'checkpoints/tiny/config.json');
    const config = readJson<{ cpu: object }>(path);
    expect(config.cpu).toMatchObject({ threads: expect.stringMatching(/^\d+$/) as string });
    writeFileSync(path, JSON.stringify({ ...config, cpu: { ...config.cpu, ...difference } }));
    const { code, stderr } = await resume(cwd, 'tiny:4');
    expect(code, stderr).toBe(0);
    const [, told] = /^warning: (.*): the run continues, but not bit for bit as it would have$/m.exec(stderr) ?? [];
    expect(told).toMatch(words);
    const { resumed } = readJson<{ resumed: { step: number; changes: string[] }[] }>(path);
    expect(resumed).toMatchObject([{ step: 4 }]);
    expect(resumed[0].changes.join(', ')).toBe(told);
  });

  it('another engine is told without its threads', async () => {
    const cwd = copied();
    const { stderr } = await resume(cwd, 'tiny:4', '--engine', 'compiled', '--dry-run');
    expect(stderr).toMatch(/^warning: engine compiled instead of eager: the run continues, but not bit for bit/m);
  });

  it('another version of TensorFlow is told', async () => {
    const cwd = copied();
    const path = join(cwd, 'checkpoints/tiny/config.json');
    writeFileSync(path, readFileSync(path, 'utf8').replace(/"version": "[\d.]+"/, '"version": "1.0"'));
    const { stderr } = await resume(cwd, 'tiny:4', '--dry-run');
    expect(stderr).toMatch(/^warning: TensorFlow [\d.]+ instead of 1\.0: the run continues, but not bit for bit/m);
  });

  it('nothing is told if all is the same, or if an earlier version began the run', async () => {
    const cwd = copied();
    expect((await resume(cwd, 'tiny:4', '--dry-run')).stderr).not.toContain('bit for bit');
    const path = join(cwd, 'checkpoints/tiny/config.json');
    writeFileSync(path, JSON.stringify({ ...readJson<object>(path), cpu: undefined }));
    const { code, stderr } = await resume(cwd, 'tiny:4');
    expect(code, stderr).toBe(0);
    expect(stderr).not.toContain('bit for bit');
    expect(readJson<{ resumed: object[] }>(path).resumed[0]).not.toHaveProperty('changes');
  });
});

it('a run of which every step is not finite ends with advice that still helps, also when it is resumed', async () => {
  const cwd = folderWithPairs(20);
  const flags = ['--engine', 'eager', '--batch-size', '4', '--epochs', '30', '--warmup-ratio', '0'];
  const stopped = await kdHere(trainArguments([...flags, '--learning-rate', '1e30']), { cwd });
  expect([stopped.code, stopped.stderr]).toEqual([
    1,
    expect.stringMatching(/^error: step 2: .*; skip such steps with --on-nan skip, or start another run with /m),
  ]);
  for (const given of [['--on-nan', 'skip'], []]) {
    const { code, stderr } = await resume(cwd, 'tiny', ...given);
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(
        /^error: step 102: .*, after 100 such steps in a row, which were skipped; start another run with a lower /m,
      ),
    ]);
    expect(stderr.match(/^warning: step \d+ skipped: /gm) ?? []).toHaveLength(given.length === 0 ? 0 : 100);
  }
});
