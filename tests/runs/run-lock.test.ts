import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { InputError } from '../../src/errors.js';
import { isHeld, lockRun, type Owner } from '../../src/runs/run-lock.js';
import { temporaryFolder } from '../cli.js';

const own: Owner = { pid: process.pid, started: '500', boot: 'this', host: 'here' };
const processes =
  (...alive: Owner[]) =>
  (pid: number): Owner | undefined =>
    [own, ...alive].find((each) => each.pid === pid);

it.each<[string, Owner, Owner[], boolean]>([
  ['a process that runs', { ...own, pid: 7 }, [{ ...own, pid: 7 }], true],
  ['a process that is no more', { ...own, pid: 7 }, [], false],
  ['another process with its number', { ...own, pid: 7 }, [{ ...own, pid: 7, started: '900' }], false],
  ['an earlier boot', { ...own, pid: 7, boot: 'before' }, [{ ...own, pid: 7 }], false],
  ['another machine', { ...own, pid: 7, host: 'there' }, [], true],
])('a lock of %s', (_, owner, alive, held) => {
  expect(isHeld(owner, processes(...alive))).toBe(held);
});

it('is for one at a time, and gone when released', async () => {
  const run = temporaryFolder();
  const lock = await lockRun(run);
  const refusal = await lockRun(run).catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(InputError);
  expect((refusal as Error).message).toBe(
    `${run}: expected a run that no process writes, but process ${process.pid} does; wait for it, or stop it`,
  );
  lock.release();
  expect(readdirSync(run)).toEqual([]);
  (await lockRun(run)).release();
});

it.each(['', '{', 'null', '{"pid":"x"}'])('takes over a lock that says %j', async (text) => {
  const run = temporaryFolder();
  writeFileSync(join(run, 'lock'), text);
  const lock = await lockRun(run);
  expect(JSON.parse(readFileSync(join(run, 'lock'), 'utf8'))).toMatchObject({ pid: process.pid });
  lock.release();
});

it('takes over the lock of a dead process, and leaves one that another took since', async () => {
  const run = temporaryFolder();
  const lock = await lockRun(run);
  const { started, ...owner } = JSON.parse(readFileSync(join(run, 'lock'), 'utf8')) as Owner;
  const dead = { ...owner, started: `${started}0` }; // this number, another process
  writeFileSync(join(run, 'lock'), JSON.stringify(dead));
  const taken = await lockRun(run);
  expect(taken.takenFrom).toEqual(dead);
  writeFileSync(join(run, 'lock'), JSON.stringify({ ...owner, started, pid: 1 }));
  lock.release();
  taken.release();
  expect(existsSync(join(run, 'lock'))).toBe(true);
});
