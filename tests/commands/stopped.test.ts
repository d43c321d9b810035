/** @file Signals that end a command: with `--json` its last line says so; what it started does not go on without it. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { installedLibrary } from '../../scripts/setup/addon.mjs';
import { KD, kdMeanwhile, temporaryFolder } from '../cli.js';
import { ROOT } from '../docs/documents.js';
import { SD_TINY } from '../fixtures/index.js';
import { holdToSchema } from '../json-events.js';
import { intercepted } from './intercept.js';
import { BACKEND, folderWithPairs, STUDENT, TEACHER, trainArguments } from './tiny.js';

const MACHINE = ['--backend', BACKEND, '--device', 'cpu'];

interface Stopped {
  readonly args: readonly string[];
  /** What it says instead of which signal has ended it; its exit code is 130 then. */
  readonly message?: string;
}

const COMMANDS: readonly Stopped[] = [
  { args: trainArguments(['--engine', 'eager']), message: 'stopped before the run began; nothing is lost' },
  {
    args: ['prepare', '--data', 'pairs.csv', '--out', 'store', '--student', STUDENT, '--teacher', TEACHER],
    message: 'stopped; nothing was written',
  },
  { args: ['encode', '--model', STUDENT, '--input', 'pairs.csv', '--output', 'texts.safetensors', ...MACHINE] },
  { args: ['eval', '--teacher', TEACHER, '--compare', STUDENT, '--data', 'pairs.csv', ...MACHINE] },
  { args: ['export', STUDENT, '--to', 'exported'] },
  { args: ['generate', '노란색 차', '--encoder', STUDENT, '--pipeline', SD_TINY, ...MACHINE] },
];

it.each(COMMANDS)('a signal that ends $args.0 is its last event, and says nothing without --json', async (command) => {
  const { args, message } = command;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    const env = intercepted({ call: 'open', path: '.', signal }); // as it opens its first file
    const expected = message ?? `stopped by ${signal}`;
    const { code, stdout, stderr } = await kdMeanwhile([...args, '--json'], { cwd: folderWithPairs(20), env });
    expect(lastEvent(stdout), stderr).toEqual({ event: 'error', code: 'STOPPED', message: expected });
    expect(stderr.trimEnd().split('\n').at(-1)).toBe(`warning: ${expected}`);
    expect(code).toBe(message === undefined && signal === 'SIGTERM' ? 143 : 130);
    if (message !== undefined) continue;
    const plain = await kdMeanwhile(args, { cwd: folderWithPairs(20), env });
    expect(plain).toMatchObject({ stdout: '', stderr: expect.not.stringContaining('stopped') as string });
  }
});

/** Starts the command or a script, to be sent a signal. */
function start(program: string, args: readonly string[], cwd: string, env: Readonly<Record<string, string>> = {}) {
  const child = spawn(process.execPath, [program, ...args], {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.resume();
  const ended = once(child, 'close').then(([code]: unknown[]) => {
    holdToSchema(args, stdout);
    return { code, stdout };
  });
  return { child, ended, said: () => stdout };
}

const lastEvent = (stdout: string): unknown => JSON.parse(stdout.trimEnd().split('\n').at(-1)!);

it.each(['SIGINT', 'SIGTERM'] as const)('so does doctor (%s)', async (signal) => {
  const { child, ended, said } = start(KD, ['doctor', '--json'], temporaryFolder());
  await vi.waitUntil(() => said().includes('"finding"'), 60_000);
  child.kill(signal);
  const { stdout } = await ended;
  expect(lastEvent(stdout)).toEqual({ event: 'error', code: 'STOPPED', message: `stopped by ${signal}` });
});

/** Whether a process is there, and not just waits for its end to be noticed. */
const isAlive = (id: number): boolean => {
  try {
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${id}/stat`, 'utf8'));
  } catch {
    return false;
  }
};

/** The numbers of the processes that a process has started. */
const childrenOf = ({ pid }: ChildProcess): number[] => {
  const file = `/proc/${pid}/task/${pid}/children`;
  return existsSync(file) ? readFileSync(file, 'utf8').trim().split(' ').filter(Boolean).map(Number) : [];
};

describe.skipIf(process.platform !== 'linux')('what a command has started ends with it', () => {
  it.each(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGKILL'] as const)(
    'compilers of set-up, when it gets %s alone',
    async (signal) => {
      const folder = temporaryFolder();
      const compiler = join(folder, 'compiler');
      writeFileSync(
        compiler,
        `#!/bin/sh\ncase "$*" in *--version) exit;; esac\necho > ${folder}/started-$$\nexec sleep 60\n`,
      );
      chmodSync(compiler, 0o755);
      const { lib } = installedLibrary(ROOT);
      const env = { TF_LIBRARY_DIR: join(lib, '..'), CXX: compiler, XDG_CACHE_HOME: join(folder, 'cache'), _: '' };
      const { child, ended } = start(KD, ['setup', '--json'], folder, env);
      const compilers = (): number[] =>
        readdirSync(folder).flatMap((name) => /^started-(\d+)$/.exec(name)?.slice(1).map(Number) ?? []);
      await vi.waitUntil(() => compilers().length === 4, 60_000);
      child.kill(signal);
      const { stdout } = await ended;
      if (signal !== 'SIGKILL')
        expect(lastEvent(stdout)).toEqual({ event: 'error', code: 'STOPPED', message: `stopped by ${signal}` });
      await vi.waitUntil(() => !compilers().some(isAlive), 5_000);
    },
  );

  it.each(['SIGTERM', 'SIGHUP'] as const)('the process that embeds prompts, when generate gets %s', async (signal) => {
    const args = ['generate', '노란색 차', '--encoder', STUDENT, '--pipeline', SD_TINY, ...MACHINE];
    const { child, ended } = start(KD, args, temporaryFolder(), { _: '' });
    await vi.waitUntil(() => childrenOf(child).length > 0, { timeout: 60_000, interval: 2 });
    const children = childrenOf(child);
    child.kill(signal);
    await ended;
    await vi.waitUntil(() => !children.some(isAlive), { timeout: 500, interval: 5 });
  });

  it.each(['SIGTERM', 'SIGHUP'] as const)('the run of npm start, saved, when its script gets %s', async (signal) => {
    const cwd = temporaryFolder();
    const script = join(ROOT, 'scripts/quickstart.mjs');
    const { child, ended, said } = start(script, ['--json', '--log-every', '1'], cwd, { _: '' });
    await vi.waitUntil(() => said().includes('"event":"step"'), 120_000);
    const children = childrenOf(child);
    child.kill(signal);
    const { code, stdout } = await ended;
    expect(code).toBe(130);
    expect(lastEvent(stdout)).toMatchObject({ event: 'done', stopped: true });
    expect([children.length, children.some(isAlive)]).toEqual([1, false]);
  });
});
