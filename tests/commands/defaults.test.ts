/** @file What is taken where nothing else is said: the data, the roles of the models, the steps. */
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { temporaryFolder, type CliResult } from '../cli.js';
import { kdHere } from '../in-process.js';
import { BACKEND, folderWithPairs, PAIRS, STUDENT, TEACHER } from './tiny.js';

const DATA = fileURLToPath(new URL('../../data', import.meta.url));
const MODELS = ['--teacher', TEACHER, '--student', STUDENT];
const TRAIN = ['train', ...MODELS, '--backend', BACKEND, '--engine', 'eager', '--max-steps', '2', '--run', 'tiny'];
const PREPARE = ['prepare', ...MODELS, '--out', 'store'];

const lastLine = ({ stderr }: CliResult): string => stderr.trimEnd().split('\n').at(-1)!;

/** A new clone: the sample and the tiny models in `data/`, and pairs of the user's under their names there. */
function clone(pairs: Readonly<Record<string, number>> = {}): string {
  const cwd = temporaryFolder();
  cpSync(DATA, join(cwd, 'data'), { recursive: true });
  for (const [name, count] of Object.entries(pairs)) {
    mkdirSync(join(cwd, 'data', name, '..'), { recursive: true });
    const rows = PAIRS.slice(0, count).map((pair) => pair.join());
    writeFileSync(join(cwd, 'data', name), ['ko,en', ...rows].join('\n'));
  }
  return cwd;
}

describe('the sample', () => {
  it.each([
    ['train', TRAIN],
    ['train --dry-run', [...TRAIN, '--dry-run']],
    ['prepare', PREPARE],
    ['train --data data', [...TRAIN, '--data', 'data']],
    ['train --data data/', [...TRAIN, '--data', 'data/']],
  ])('is not used by kd %s in a new clone, which says what to do', async (_, args) => {
    const cwd = clone();
    const result = await kdHere(args, { cwd });
    expect(result.code).toBe(1);
    expect(result.stderr).toBe(
      `error: data/: expected files of pairs, got none but the sample at ${join(cwd, 'data')}; put corpora there or ` +
        'name them with --data, or try the sample: --data data/sample\n',
    );
  });

  it('is used if it is named, also through a link and with other data', async () => {
    const cwd = clone({ 'pairs.csv': 20 });
    symlinkSync('data/sample', join(cwd, 'link'));
    for (const data of [['data/sample'], ['./data/sample/'], ['link'], ['data', 'data/sample']]) {
      const { code, stdout, stderr } = await kdHere([...PREPARE, '--data', ...data, '--json'], { cwd });
      expect(code, stderr).toBe(0);
      const { total } = JSON.parse(stdout) as { total: { read: number } };
      expect(total.read).toBe(data.length === 1 ? 2400 : 2420);
    }
  });

  it("is not part of a folder with the user's corpora, which may contain a folder called sample", async () => {
    const cwd = clone({ 'corpora/sample/pairs.csv': 20, 'mine.csv': 8 });
    const { code, stdout, stderr } = await kdHere([...PREPARE, '--json'], { cwd });
    expect(code, stderr).toBe(0);
    const { total, skipped } = JSON.parse(stdout) as { total: { read: number }; skipped: object[] };
    expect(total.read).toBe(28);
    expect(skipped).toEqual([{ file: 'data/sample', why: 'the sample, which is used where it is named' }]);
  });
});

describe('--samples above the number of pairs', () => {
  const WARNING = /^warning: --samples 1,000,000: there are only (\d+) pairs$/gm;
  it.each([
    ['train', TRAIN],
    ['prepare', PREPARE],
    ['eval', ['eval', '--compare', STUDENT, '--teacher', TEACHER, '--backend', BACKEND]],
  ])('causes one warning from kd %s, with both numbers', async (_, args) => {
    const cwd = folderWithPairs(20);
    for (let times = 0; times < 2; times++) {
      const run = args === TRAIN ? ['--run', `run-${times}`] : [];
      const { code, stderr } = await kdHere([...args, ...run, '--data', 'pairs.csv', '--samples', '1_000_000'], {
        cwd,
      });
      expect(code, stderr).toBe(0);
      expect([...stderr.matchAll(WARNING)].map(([, count]) => count)).toEqual(['20']);
    }
    const { stderr } = await kdHere([...args, '--data', 'pairs.csv', '--samples', '20', '--quiet'], { cwd });
    expect(stderr).not.toContain('--samples');
  });
});

describe('teacher and student', () => {
  const withModels = (command: readonly string[], teacher: string, student: string): Promise<CliResult> =>
    kdHere([...command, '--data', 'pairs.csv', '--teacher', teacher, '--student', student], {
      cwd: folderWithPairs(20),
    });

  it.each([
    ['train', TRAIN],
    ['train --dry-run', [...TRAIN, '--dry-run']],
    ['prepare', PREPARE],
  ])('are refused by kd %s if they are swapped, with that explanation', async (_, command) => {
    const result = await withModels(command, STUDENT, TEACHER);
    expect(result.code).toBe(1);
    expect(lastLine(result)).toBe(
      `error: --teacher ${STUDENT}: expected a CLIP text model, got one of the RoBERTa family; the two seem to ` +
        `be swapped: --teacher ${TEACHER} --student ${STUDENT}`,
    );
  });

  it.each([TRAIN, PREPARE].map((command) => [command[0], command]))(
    'are refused by kd %s if the teacher is not a CLIP model',
    async (_, command) => {
      const result = await withModels(command, STUDENT, STUDENT);
      expect(result.code).toBe(1);
      expect(lastLine(result)).toMatch(
        /^error: --teacher .*: expected a CLIP text model, got one of the RoBERTa family; choose a CLIP such as openai/,
      );
    },
  );

  it('may both be CLIP models', async () => {
    const result = await withModels(TRAIN, TEACHER, TEACHER);
    expect(result.code, result.stderr).toBe(0);
  });
});

describe('a run that would change nothing', () => {
  const WARNING =
    'warning: 1 step, all of warm-up (--warmup-ratio 0.1): the learning rate stays 0, and the student as it is; ' +
    'use more steps, or --warmup-ratio 0';
  it.each([
    [['--max-steps', '1'], true],
    [['--max-steps', '1', '--dry-run'], true],
    [['--max-steps', '100', '--epochs', '1', '--batch-size', '64'], true],
    [['--max-steps', '1', '--warmup-ratio', '0'], false],
    [['--max-steps', '2'], false],
    [['--max-steps', '2', '--warmup-ratio', '1'], false],
  ])('causes a warning: %j %s', async (flags, isWarned) => {
    const args = ['train', ...MODELS, '--backend', BACKEND, '--engine', 'eager', '--data', 'pairs.csv', ...flags];
    const { code, stderr } = await kdHere(args, { cwd: folderWithPairs(20) });
    expect(code, stderr).toBe(0);
    expect(stderr.includes(WARNING), stderr).toBe(isWarned);
  });
});
