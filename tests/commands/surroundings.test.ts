/**
 * @file The command where its surroundings lack something: open files, a current folder, a home, a temporary folder.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { KD, temporaryFolder } from '../cli.js';
import { folderWithPairs, STUDENT, TEACHER } from './tiny.js';

/** Runs a shell's lines, which start the command as `"$@"`. */
function within(
  script: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): { code: number | null; stdout: string; said: string } {
  const { status, stdout, stderr } = spawnSync('sh', ['-c', script, 'sh', process.execPath, KD, ...args], {
    cwd: temporaryFolder(),
    encoding: 'utf8',
    env,
  });
  return { code: status, stdout, said: stderr };
}

const REMOVED = 'mkdir gone && cd gone && rmdir ../gone && exec "$@"';
const MODELS = ['--teacher', TEACHER, '--student', STUDENT];

describe('in a removed folder', () => {
  it.each([['--help'], ['train', '--help'], ['--version']])('says what is asked of it: %s %s', (...args) => {
    const { code, said } = within(REMOVED, args.filter(Boolean));
    expect([code, said]).toEqual([0, '']);
  });

  it('the doctor works', () => {
    const { stdout, said } = within(REMOVED, ['doctor']);
    expect(stdout).toContain('matmul');
    expect(said).toBe('');
  });

  it.each([
    ['train', ...MODELS, '--data', 'x.csv'],
    ['prepare', ...MODELS, '--data', 'x.csv', '--out', 'store'],
    ['eval', '--compare', 'first'],
    ['encode', '--model', TEACHER, '--out', 'x.json', 'text'],
    ['export', '--model', TEACHER, '--to', 'there'],
    ['generate', 'a red car'],
    ['report', 'first'],
  ])('%s ends with one line', (...args) => {
    const { code, said } = within(REMOVED, args);
    expect(code).toBe(1);
    expect(said).toMatch(/^error: [^\n]+\n$/);
    expect(said).not.toMatch(/ {4}at |uv_cwd/);
  });
});

describe('with few file descriptors', () => {
  it.each([['--help'], ['train', '--help']])('says what is asked of it: %s %s', (...args) => {
    const { code, stdout, said } = within('ulimit -n 60; exec "$@"', args.filter(Boolean));
    expect([code, said]).toEqual([0, '']);
    expect(stdout).toContain('Usage: kd');
  });

  it.each([22, 30, 60])('the doctor gives advice, with %i', (limit) => {
    const { stdout } = within(`ulimit -n ${limit}; exec "$@"`, ['doctor']);
    expect(stdout).toContain(`✗ open files  at most ${limit} at once; raise the limit: ulimit -n 1024\n`);
    expect(stdout).not.toContain('npm run setup');
  });

  it.each([18, 20, 24, 28])('ends with one line of advice, with %i', (limit) => {
    const data = join(folderWithPairs(8), 'pairs.csv');
    const { code, said } = within(`ulimit -n ${limit}; exec "$@"`, [
      'train',
      ...MODELS,
      '--data',
      data,
      '--backend',
      'cpu',
      '--quiet',
    ]);
    expect(code, said).toBe(1);
    expect(said).toMatch(/^error: [^\n]+ulimit -n 1024[^\n]*\n$/);
  });
});

it('without a folder for temporary files, ends with one line', () => {
  const data = join(folderWithPairs(8), 'pairs.csv');
  const none = join(temporaryFolder(), 'none');
  const { code, said } = within('exec "$@"', ['train', ...MODELS, '--data', data, '--dry-run', '--quiet'], {
    ...process.env,
    TMPDIR: none,
  });
  expect(code, said).toBe(1);
  expect(said).toMatch(/^error: [^\n]*expected a folder for temporary files[^\n]*; name another in TMPDIR\n$/);
});

it.each([
  ['says of the data of a trial what to do', ['--dry-run'], 1],
  ['takes recorded steps, which need none', ['--engine', 'compiled'], 0],
])('with a full folder for temporary files, %s', (_, flags, expected) => {
  const full = temporaryFolder();
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=4k', 'tmpfs', full]).status !== 0) {
    console.log('skipped: mounting is not allowed here');
    return;
  }
  try {
    const data = join(folderWithPairs(8), 'pairs.csv');
    const args = [
      'train',
      ...MODELS,
      '--data',
      data,
      '--batch-size',
      '4',
      '--quiet',
      '--backend',
      'tensorflow',
      ...flags,
    ];
    const { code, said } = within('exec "$@"', args, { ...process.env, TMPDIR: full });
    expect(code, said).toBe(expected);
    if (expected === 0) return;
    expect(said).toMatch(
      new RegExp(`^error: ${full}/kd-[^\\n]*no space left on the device; name another place in TMPDIR\\n$`),
    );
  } finally {
    spawnSync('umount', [full]);
  }
});

it('without a home folder, help works', () => {
  expect(within('unset HOME; exec "$@"', ['--help']).code).toBe(0);
});
