import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { isRunning, thisProcess, type ProcessIdentity } from '../../src/base/processes.js';

const self: ProcessIdentity = { pid: 5, started: '500', boot: 'this', namespace: '1', host: 'here' };
const find =
  (...alive: ProcessIdentity[]) =>
  (pid: number): ProcessIdentity | undefined =>
    [self, ...alive].find((each) => each.pid === pid);

it.each<[string, ProcessIdentity, ProcessIdentity[], boolean | undefined]>([
  ['that runs', { ...self, pid: 7 }, [{ ...self, pid: 7 }], true],
  ['that has exited', { ...self, pid: 7 }, [], false],
  ['whose id has been reused', { ...self, pid: 7 }, [{ ...self, pid: 7, started: '900' }], false],
  ['that runs, on a machine renamed since', { ...self, pid: 7, host: 'before' }, [{ ...self, pid: 7 }], true],
  ['of which only the id is known', { ...self, pid: 7, started: undefined }, [{ ...self, pid: 7 }], true],
  ['of another container', { ...self, pid: 7, namespace: '2' }, [{ ...self, pid: 7 }], undefined],
  ['of another container that has exited', { ...self, pid: 7, namespace: '2' }, [], undefined],
  ['of an unknown container', { ...self, pid: 7, namespace: undefined }, [], undefined],
  ['of an earlier boot, or another machine of that name', { ...self, pid: 7, boot: 'before' }, [], undefined],
  ['of another machine', { ...self, pid: 7, host: 'there', boot: 'other' }, [], undefined],
])('a process %s', (_, process, alive, expected) => {
  expect(isRunning(process, self, find(...alive))).toBe(expected);
});

it('recognises this process, and its end', async () => {
  expect(isRunning(thisProcess())).toBe(true);
  const child = spawn('sleep', ['60']);
  const stat = readFileSync(`/proc/${child.pid}/stat`, 'utf8');
  const identity = { ...thisProcess(), pid: child.pid!, started: stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] };
  expect(isRunning(identity)).toBe(true);
  expect(isRunning({ ...identity, started: `${identity.started}0` })).toBe(false);
  child.kill('SIGSTOP');
  expect(isRunning(identity)).toBe(true);
  child.kill('SIGKILL');
  while (child.signalCode === null) await sleep(5);
  expect(isRunning(identity)).toBe(false);
});

it('considers a zombie process gone', async () => {
  const parent = spawn('sh', ['-c', 'sleep 0.05 & echo $!; exec cat']); // `cat` never asks for its child's status
  const [pid] = (await once(parent.stdout, 'data')) as [Buffer];
  const child = { ...thisProcess(), pid: Number(pid), started: undefined };
  while (isRunning(child) !== false) await sleep(5);
  expect(readFileSync(`/proc/${child.pid}/stat`, 'utf8')).toContain(' Z ');
  parent.kill();
});
