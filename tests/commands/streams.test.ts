/**
 * @file Nobody reads standard output or standard error any more: training continues, other commands end as they should.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { KD } from '../cli.js';
import { folderWithPairs, readCsv, trainArguments } from './tiny.js';

const FLAGS = ['--engine', 'eager', '--batch-size', '4', '--epochs', '3', '--log-every', '1', '--save-every', '2'];
const STEPS = 12;

/** What must be there of a run that came to its end. */
function expectWhole(cwd: string): void {
  const run = join(cwd, 'checkpoints/tiny');
  expect(readFileSync(join(run, 'last'), 'utf8')).toBe('step-00000012\n');
  expect(readCsv(join(run, 'loss.csv')).map(({ step }) => step)).toEqual(
    Array.from({ length: STEPS }, (_, i) => i + 1),
  );
  expect(existsSync(join(run, 'report.html'))).toBe(true);
}

it.each([['--json'], ['--log-every'], ['--quiet']])('training outlives both readers (%s)', async (flag) => {
  const cwd = folderWithPairs(20);
  const args = trainArguments([...FLAGS, ...(flag === '--log-every' ? [] : [flag])]);
  const child = spawn(process.execPath, [KD, ...args], { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  const hangUp = (): void => {
    child.stdout.destroy();
    child.stderr.destroy();
  };
  if (flag === '--quiet') hangUp(); // it would say nothing before its end
  else child[flag === '--json' ? 'stdout' : 'stderr'].once('data', hangUp);
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
  expect({ code, signal }).toEqual({ code: 0, signal: null });
  expectWhole(cwd);
});

it('training needs no open descriptors at its start', () => {
  const cwd = folderWithPairs(20);
  const command = [process.execPath, KD, ...trainArguments(FLAGS)].map((word) => `'${word}'`).join(' ');
  const { status } = spawnSync('sh', ['-c', `exec ${command} <&- >&- 2>&-`], { cwd });
  expect(status).toBe(0);
  expectWhole(cwd);
});

it('settings that are cut short by a full disk are an error', () => {
  const { status, stderr } = spawnSync('sh', ['-c', `exec '${process.execPath}' '${KD}' train --print >/dev/full`], {
    encoding: 'utf8',
  });
  expect(stderr).toBe('error: standard output: cannot be written: no space left on the device\n');
  expect(status).toBe(1);
});

/** Runs a command on a terminal, which is hung up when it has said so much; prints how it ended. */
const HANG_UP = `
import os, pty, sys
controls, marker, command = sys.argv[1] == 'controls', sys.argv[2].encode(), sys.argv[3:]
master, slave = pty.openpty()
child = os.fork()
if child == 0:
    os.close(master)
    os.setsid()
    if controls:
        import fcntl, termios
        fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
    for descriptor in range(3): os.dup2(slave, descriptor)
    os.execv(command[0], command)
os.close(slave)
said = b''
while marker not in said: said += os.read(master, 4096)
os.close(master)
_, status = os.waitpid(child, 0)
print(os.WIFEXITED(status) and os.WEXITSTATUS(status), os.WIFSIGNALED(status) and os.WTERMSIG(status))
`;

const hasPython = spawnSync('python3', ['--version']).status === 0;

it.skipIf(!hasPython)('a closed terminal stops the run that it controls, saved', () => {
  const cwd = folderWithPairs(20);
  const endless = [...FLAGS, '--epochs', '100000'];
  const command = [process.execPath, KD, ...trainArguments(endless)];
  const { stdout } = spawnSync('python3', ['-c', HANG_UP, 'controls', 'epoch', ...command], { cwd, encoding: 'utf8' });
  expect(stdout).toBe('130 False\n');
  const last = readFileSync(join(cwd, 'checkpoints/tiny/last'), 'utf8').trim();
  expect(existsSync(join(cwd, 'checkpoints/tiny', last, 'manifest.json'))).toBe(true);
  expect(existsSync(join(cwd, 'checkpoints/tiny/report.html'))).toBe(true);
});

it.skipIf(!hasPython)('a closed terminal does not end a run that it does not control', () => {
  const cwd = folderWithPairs(20);
  const command = [process.execPath, KD, ...trainArguments(FLAGS)];
  const { stdout } = spawnSync('python3', ['-c', HANG_UP, 'shows', 'baselines', ...command], { cwd, encoding: 'utf8' });
  expect(stdout).toBe('0 False\n');
  expectWhole(cwd);
});

it('output that cannot be printed is an error, unless the reader stopped early', () => {
  const command = `'${process.execPath}' '${KD}' doctor --json`;
  const full = spawnSync('sh', ['-c', `exec ${command} >/dev/full`], { encoding: 'utf8' });
  expect(full.stderr).toMatch(/^error: standard output: cannot be written: no space left on the device$/m);
  expect(full.status).toBe(1);
  const closed = spawnSync('sh', ['-c', `{ ${command}; echo "ended $?" >&2; } | true`], { encoding: 'utf8' });
  expect(closed.stderr).toMatch(/^ended [01]$/m);
  expect(closed.stderr).not.toMatch(/^(bug|error):/m);
});
