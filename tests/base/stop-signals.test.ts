import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, it, vi } from 'vitest';
import { onStopSignals } from '../../src/base/stop-signals.js';
import { temporaryFolder } from '../cli.js';

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

it.each([
  ['/usr/bin/nohup', false],
  ['/usr/bin/node', true],
  [undefined, true],
])('a terminal that closes is a request to stop, but not under nohup (%s)', (started, stops) => {
  vi.stubEnv('_', started);
  const codes: number[] = [];
  const ignored = (): void => undefined;
  process.on('SIGHUP', ignored); // as `kd` does
  const stop = onStopSignals({
    onRequest: (exitCode) => {
      codes.push(exitCode);
    },
  });
  try {
    process.emit('SIGHUP', 'SIGHUP');
    expect([stop.signal.aborted, codes]).toEqual([stops, stops ? [129] : []]);
    process.emit('SIGTERM', 'SIGTERM');
    expect([stop.signal.aborted, codes]).toEqual([true, stops ? [129] : [143]]);
  } finally {
    stop.dispose();
    process.off('SIGHUP', ignored);
  }
});

/** What a process is told when signals come, each long after the one before. */
async function told(...signals: NodeJS.Signals[]): Promise<string[]> {
  const said: string[] = [];
  const say =
    (what: string) =>
    (code?: number | string | null): never => {
      said.push(`${what} ${String(code)}`);
      return undefined as never;
    };
  vi.spyOn(process, 'exit').mockImplementation(say('exit'));
  const stop = onStopSignals({ onRequest: say('request'), onFurther: say('further') });
  try {
    for (const signal of signals) {
      process.emit(signal, signal);
      await sleep(250);
    }
  } finally {
    stop.dispose();
  }
  return said;
}

it.each([
  [
    ['SIGINT', 'SIGINT'],
    ['request 130', 'further 130', 'exit 130'],
  ],
  [
    ['SIGUSR1', 'SIGTERM'],
    ['request 138', 'further 143'],
  ], // Slurm: --signal=USR1@120, then the time limit
  [
    ['SIGUSR2', 'SIGINT', 'SIGTERM'],
    ['request 140', 'request 130', 'further 143'],
  ], // LSF's run limit
  [
    ['SIGXCPU', 'SIGXCPU'],
    ['request 152', 'further 152'],
  ], // every second, setrlimit(2)
  [
    ['SIGINT', 'SIGHUP'],
    ['request 130', 'further 129'],
  ], // a terminal that is closed after Ctrl-C
] as const)('of %j, only a second Ctrl-C ends the process', async (signals, expected) => {
  expect(await told(...signals)).toEqual(expected);
});

it('SIGUSR1 ends a command that does not listen for it, and opens no port for a debugger', async () => {
  const module = new URL('../../dist/base/stop-signals.js', import.meta.url).href;
  const script = `
    import { endOnSignals } from ${JSON.stringify(module)};
    endOnSignals();
    process.kill(process.pid, 'SIGUSR1');
    setInterval(() => undefined, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const [code] = (await once(child, 'close')) as [number | null];
  expect({ code, stderr }).toEqual({ code: 138, stderr: '' });
});

it.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
  ['SIGUSR2', 140],
] as const)(
  '%s removes temporary files; the system ends a command that has none, or where JavaScript computes',
  async (signal, code) => {
    const base = new URL('../../dist/base/', import.meta.url).href;
    const ended = async (work: string): Promise<unknown> => {
      const script = `
      import { writeFileSync } from 'node:fs';
      import { endAtOnce, endOnSignals } from '${base}stop-signals.js';
      import { forget, removeOnExit } from '${base}exit-removal.js';
      endOnSignals();
      const path = process.argv[1];
      writeFileSync(path, '');
      removeOnExit(path);
      ${work}
      process.kill(process.pid, '${signal}');
      setInterval(() => undefined, 1000);`;
      const path = join(temporaryFolder(), 'unfinished');
      const args = ['--input-type=module', '-e', script, path];
      const child = spawn(process.execPath, args, { stdio: 'ignore', env: { ...process.env, _: '' } });
      const [exitCode, by] = (await once(child, 'close')) as [number | null, string | null];
      return [exitCode ?? by, existsSync(path)];
    };
    expect(await ended('')).toEqual([code, false]);
    expect(await ended('forget(path);')).toEqual([signal, true]);
    expect(await ended('endAtOnce();')).toEqual([signal, true]);
  },
);
