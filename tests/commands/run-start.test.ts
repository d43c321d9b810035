/**
 * @file A run's folder appears when the run begins: what a start that fails leaves, and what a save that half fails
 *   says.
 */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { kd, KD } from '../cli.js';
import { kdHere } from '../in-process.js';
import { openFiles } from '../open-files.js';
import { intercepted } from './intercept.js';
import { folderWithPairs, train, trainArguments } from './tiny.js';

const FLAGS = ['--engine', 'eager', '--batch-size', '4', '--max-steps', '4', '--save-every', '2'];

it('a start that fails leaves no run, and the same command works afterwards', () => {
  const cwd = folderWithPairs(20);
  const runs = (): string[] => readdirSync(join(cwd, 'checkpoints')).filter((name) => !name.startsWith('.'));
  mkdirSync(join(cwd, 'checkpoints/notes'), { recursive: true });
  writeFileSync(join(cwd, 'checkpoints/notes/plan.txt'), 'later');
  for (const flags of [
    ['--teacher', 'nowhere'],
    ['--data', 'nowhere.csv'],
    ['--precision', 'bf16'], // with the eager engine
    ['--cache-teacher', 'pairs.csv'], // a file
  ]) {
    expect(train(cwd, [...FLAGS, ...flags]).code, flags.join(' ')).toBe(1);
    expect(runs(), flags.join(' ')).toEqual(['notes']);
  }
  // The run has its folder when this fails.
  mkdirSync(join(cwd, 'checkpoints/notes/validation.csv')); // a folder: no log can be written there
  expect(train(cwd, [...FLAGS, '--run', 'notes']).code).not.toBe(0);
  expect(readdirSync(join(cwd, 'checkpoints/notes')).sort()).toEqual(['plan.txt', 'validation.csv']);
  rmSync(join(cwd, 'checkpoints/notes/validation.csv'), { recursive: true });
  const result = train(cwd, [...FLAGS, '--run', 'notes']);
  expect(result.code, result.stderr).toBe(0);
  expect(readFileSync(join(cwd, 'checkpoints/notes/plan.txt'), 'utf8')).toBe('later');
});

it('a teacher cache that is read-only is used if it is complete', async () => {
  const cwd = folderWithPairs(12);
  const flags = [...FLAGS, '--max-steps', '1', '--cache-teacher', 'cache'];
  expect((await kdHere(trainArguments(flags), { cwd })).code).toBe(0);
  const cache = join(cwd, 'cache');
  if (spawnSync('mount', ['--bind', cache, cache]).status !== 0) {
    console.log('skipped: mounting is not allowed here');
    return;
  }
  const remount = (how: string): unknown => spawnSync('mount', ['-o', `remount,bind,${how}`, cache]);
  try {
    remount('ro');
    const complete = await kdHere(trainArguments([...flags, '--run', 'complete']), { cwd });
    expect(complete.code, complete.stderr).toBe(0);
    const other = await kdHere(trainArguments([...flags, '--run', 'other', '--samples', '6']), { cwd });
    expect([other.code, other.stderr]).toEqual([
      1,
      expect.stringMatching(
        /^error: cache\/[0-9a-f]{16}: cannot be written: the file system is read-only; 2 of its 2 files are missing: let whoever may write there fill it, or name another folder with --cache-teacher$/m,
      ),
    ]);
    remount('rw');
    for (const key of readdirSync(cache)) rmSync(join(cache, key), { recursive: true });
    remount('ro');
    const empty = await kdHere(trainArguments([...flags, '--run', 'empty']), { cwd });
    expect([empty.code, empty.stderr]).toEqual([
      1,
      expect.stringMatching(/^error: --cache-teacher: cache: cannot be written: the file system is read-only$/m),
    ]);
    expect(readdirSync(join(cwd, 'checkpoints')).sort()).toEqual(['.prepared', 'complete', 'tiny']);
  } finally {
    spawnSync('umount', [cache]);
  }
});

it('a teacher cache of which a file was missing is completed, and none of its files stays open', async () => {
  const cwd = folderWithPairs(12);
  const flags = [...FLAGS, '--max-steps', '1', '--cache-teacher', 'cache'];
  expect((await kdHere(trainArguments(flags), { cwd })).code).toBe(0);
  const [key] = readdirSync(join(cwd, 'cache'));
  const folder = realpathSync(join(cwd, 'cache', key));
  rmSync(join(folder, 'validation-00000.safetensors'));
  const again = await kdHere(trainArguments([...flags, '--run', 'again']), { cwd });
  expect(again.code, again.stderr).toBe(0);
  expect(readdirSync(folder).sort()).toEqual(['training-00000.safetensors', 'validation-00000.safetensors']);
  expect(openFiles().filter((path) => path.startsWith(folder))).toEqual([]);
});

it('a damaged or impossible teacher cache is reported before the first step', async () => {
  const cwd = folderWithPairs(12);
  const begin = async (cache: string): Promise<string> => {
    const args = trainArguments([...FLAGS, '--max-steps', '1', '--cache-teacher', cache, '--run', 'again']);
    const { code, stderr } = await kdHere(args, { cwd });
    expect(code, stderr).toBe(1);
    expect(existsSync(join(cwd, 'checkpoints/again'))).toBe(false);
    return stderr.trimEnd().split('\n').at(-1)!;
  };
  const flags = [...FLAGS, '--max-steps', '1', '--cache-teacher', 'cache'];
  expect((await kdHere(trainArguments(flags), { cwd })).code).toBe(0);
  const [key] = readdirSync(join(cwd, 'cache'));
  for (const side of ['training', 'validation']) {
    const path = join(cwd, 'cache', key, `${side}-00000.safetensors`);
    const whole = readFileSync(path);
    writeFileSync(path, whole.with(-1, whole.at(-1)! ^ 1)); // in its last row
    expect(await begin('cache')).toMatch(
      /^error: cache\/\S+-00000\.safetensors: row \d+ \(from 0\): expected the CRC-32 /,
    );
    writeFileSync(path, whole);
  }
  expect(await begin('')).toBe(
    "error: option '--cache-teacher <folder>' argument '' is invalid. Expected a text that is not empty.",
  );
  expect(await begin('pairs.csv/x')).toBe(
    'error: --cache-teacher: pairs.csv/x: cannot be written: a part of the path is not a folder',
  );
  expect(await begin('pairs.csv')).toMatch(
    /^error: --cache-teacher: pairs\.csv: expected a folder, or nothing there, /,
  );
});

/** What a command says last, run by somebody who may do only what the modes of files allow. */
function saidToNobody(cwd: string, ...args: string[]): string {
  const command = [process.execPath, KD, ...args];
  const asNobody = process.getuid?.() === 0 ? ['setpriv', '--reuid=65534', '--clear-groups', ...command] : command;
  const { stderr } = spawnSync(asNobody[0], asNobody.slice(1), {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, HOME: cwd },
  });
  return stderr.trimEnd().split('\n').at(-1)!;
}

it.skipIf(process.getuid?.() === 0 && spawnSync('setpriv', ['--version']).status !== 0)(
  'folders that may not be read or written are said to be that',
  () => {
    const cwd = folderWithPairs(4);
    const [runs, run] = [join(cwd, 'checkpoints'), join(cwd, 'checkpoints/first')];
    chmodSync(cwd, 0o555);
    expect(saidToNobody(cwd, ...trainArguments(FLAGS))).toMatch(
      /^error: \S+\/checkpoints\/tiny: cannot be written: permission denied$/,
    );
    chmodSync(cwd, 0o755);
    mkdirSync(run, { recursive: true });
    writeFileSync(join(run, 'config.json'), '{"settings": {}}');
    const refusals = (): string[] => [
      saidToNobody(cwd, 'train', '--resume', 'first'),
      saidToNobody(cwd, 'report', 'first'),
      saidToNobody(cwd, 'eval', '--compare', 'first:best'),
      saidToNobody(cwd, 'export', 'checkpoints/first', '--to', 'out'),
    ];
    chmodSync(run, 0o000);
    for (const said of refusals())
      expect(said).toBe('error: checkpoints/first/config.json: cannot be read: permission denied');
    chmodSync(runs, 0o000);
    for (const said of refusals())
      expect(said).toMatch(/^error: checkpoints\/first(:best)?\/config\.json: cannot be read: permission denied$/);
    for (const bare of [['train', '--resume'], ['report']])
      expect(saidToNobody(cwd, ...bare)).toBe('error: checkpoints: cannot be read: permission denied');
    chmodSync(runs, 0o755);
    chmodSync(run, 0o755);
  },
);

it('a failure after a save does not undo it', () => {
  const cwd = folderWithPairs(20);
  const run = join(cwd, 'checkpoints/tiny');
  mkdirSync(join(run, 'last/in-the-way'), { recursive: true }); // no file can take its place
  const result = train(cwd, FLAGS);
  expect(result.code, result.stderr).toBe(0);
  expect(result.stderr).toMatch(/^warning: step 2 is saved, but `last` does not name it: .*last/m);
  expect(result.stderr).not.toContain('not saved');
  expect(readdirSync(run).filter((name) => name.startsWith('step-'))).toEqual(['step-00000002', 'step-00000004']);
  expect(statSync(join(run, 'last')).isDirectory()).toBe(true);
});

it('a validation that cannot be saved is an error, even if its step is saved', () => {
  const cwd = folderWithPairs(20);
  const result = train(cwd, [...FLAGS, '--epochs', '2', '--max-steps', '3', '--save-every', '3'], {
    env: intercepted({ call: 'rename', path: '/\\.replaced-step-00000003$', after: 1, error: 'EFBIG' }),
  });
  expect(result.code, result.stderr).toBe(1);
  expect(result.stderr.trimEnd().split('\n').at(-1)).toMatch(
    /^error: .*tiny: expected to save step 3 at the end, but could not \(.*a file of this size is more than the file system, or a limit \(ulimit -f\), allows\); last good checkpoint: .*step-00000003; once the run's folder can be written, resume with: kd train --resume tiny$/,
  );
  const resumed = kd(['train', '--resume'], { cwd });
  expect(resumed.code, resumed.stderr).toBe(0);
  expect(resumed.stdout).toContain('best at step 3');
});

it('older checkpoints that cannot be removed do not undo a save', () => {
  const cwd = folderWithPairs(20);
  const run = join(cwd, 'checkpoints/tiny');
  const result = train(cwd, [...FLAGS, '--keep', '1', '--save-every', '1'], {
    // the first thing that removing one does
    env: intercepted({ call: 'rename', path: '/\\.tmp-step-\\d+$', error: 'EIO' }),
  });
  expect(result.code, result.stderr).toBe(0);
  const words = result.stderr;
  expect(words).toMatch(/^warning: step 2 is saved, but older checkpoints cannot be removed: .*EIO/m);
  expect(words).not.toContain('not saved');
  expect(readFileSync(join(run, 'last'), 'utf8')).toBe('step-00000004\n');
  expect(readdirSync(run).filter((name) => name.startsWith('step-'))).toEqual(
    [1, 2, 3, 4].map((i) => `step-0000000${i}`),
  );
});
