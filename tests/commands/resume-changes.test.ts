/** @file What may have changed when a run resumes: where the teacher's outputs are, and what computes. */
import { createHash } from 'node:crypto';
import { cpSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
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

/** Changes a file of a checkpoint, and its checksum. */
function changeFile(path: string, contents: string): void {
  writeFileSync(path, contents);
  const manifest = join(dirname(path), 'manifest.json');
  const { files } = readJson<{ files: object }>(manifest);
  const entry = { bytes: Buffer.byteLength(contents), sha256: createHash('sha256').update(contents).digest('hex') };
  writeFileSync(manifest, JSON.stringify({ files: { ...files, [basename(path)]: entry } }));
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

it('a run of which every step is not finite ends with commands that help, and is not resumed in vain', async () => {
  const cwd = folderWithPairs(20);
  const flags = ['--engine', 'eager', '--batch-size', '4', '--epochs', '30', '--warmup-ratio', '0'];
  const stopped = await kdHere(trainArguments([...flags, '--learning-rate', '1e30']), { cwd });
  expect([stopped.code, stopped.stderr]).toEqual([
    1,
    expect.stringMatching(
      /^error: step 2: .*; start another run with a lower --learning-rate or a --max-grad-norm, or skip such steps; last good checkpoint: \S+; resume with: kd train --resume tiny --on-nan skip$/m,
    ),
  ]);
  const advice =
    '; resuming would take the same steps again; start another run with smaller ones: kd train --config ' +
    'checkpoints/tiny/config.json --learning-rate 5e\\+29 --max-grad-norm 1; if the machine was at fault, resume from ' +
    'before them: kd train --resume tiny:1$';
  const skipping = await resume(cwd, 'tiny', '--on-nan', 'skip', '--keep', '99');
  expect([skipping.code, skipping.stderr]).toEqual([
    1,
    expect.stringMatching(
      new RegExp(`^error: step 102: .*, after 100 such steps in a row, which were skipped${advice}`, 'm'),
    ),
  ]);
  expect(skipping.stderr.match(/^warning: step \d+ skipped: /gm) ?? []).toHaveLength(100);
  const skipped = readFileSync(join(cwd, 'checkpoints/tiny/skipped.csv'), 'utf8').trimEnd().split('\n');
  expect(skipped.slice(1).map((line) => Number(line.split(',')[0]))).toEqual(
    Array.from({ length: 100 }, (_, i) => i + 2),
  );
  const again = await resume(cwd, 'tiny');
  expect([again.code, again.stderr]).toEqual([
    1,
    expect.stringMatching(
      new RegExp(
        '^error: --resume checkpoints/tiny: expected steps that can be taken, but the 100 before step-00000101 were ' +
          `skipped, as they were not finite${advice}`,
        'm',
      ),
    ),
  ]);
  const named = await resume(cwd, 'tiny:101');
  expect([named.code, named.stderr]).toEqual([1, expect.stringMatching(/^error: step 102: .*, after 100 such steps/m)]);
});

it('a run that breaks after a validation is begun again from the best student', async () => {
  const cwd = folderWithPairs(20);
  const flags = ['--engine', 'eager', '--batch-size', '4', '--epochs', '2', '--log-every', '1'];
  expect((await kdHere(trainArguments(flags), { cwd })).code).toBe(0);
  const best = `checkpoints/tiny/${readFileSync(join(cwd, 'checkpoints/tiny/best'), 'utf8').trim()}`;
  const path = join(cwd, best, 'trainer.json');
  const trainer = readJson<{ step: number }>(path);
  const counts = { updates: trainer.step - 5, skipped: 5, skipped_in_a_row: 100 };
  changeFile(path, JSON.stringify({ ...trainer, ...counts, validated: false }));
  const { code, stderr } = await resume(cwd, 'tiny', '--epochs', '3');
  const [, command] = /start another run with smaller ones: (kd train .*?);/.exec(stderr)!;
  expect([code, command]).toEqual([
    1,
    `kd train --config checkpoints/tiny/config.json --student ${best} --learning-rate 0.000025 --max-grad-norm 1`,
  ]);
  const begun = await kdHere(command.split(' ').slice(1), { cwd });
  expect(begun.code, begun.stderr).toBe(0);
});
