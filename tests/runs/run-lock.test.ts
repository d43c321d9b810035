import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/base/errors.js';
import type { LockOwner } from '../../src/base/lock/claim.js';
import { openLines } from '../../src/runs/line-file.js';
import { isWritten, lockRun } from '../../src/runs/run-lock.js';
import { hasNamespaces, IN_NEW_NAMESPACE, temporaryFolder } from '../cli.js';
import { claimOf } from './new-run.js';

const BUILT = fileURLToPath(new URL('../../dist/runs/run-lock.js', import.meta.url));

/** Signs of life that tests can wait for. */
const QUICK = { every: 40, limit: 1500 };

const ownerIn = (path: string): LockOwner => JSON.parse(readFileSync(path, 'utf8')) as LockOwner;
const refusalOf = (run: string, times = QUICK): Promise<unknown> =>
  lockRun(run, undefined, times).catch((error: unknown) => error);

/** A process that takes the lock of a run, says so, and keeps it; `then` is what it does with it. */
async function holder(
  run: string,
  within: readonly string[] = [],
  then = '',
): Promise<{ child: ChildProcess; said: string }> {
  const script = `import { lockRun } from ${JSON.stringify(BUILT)};
    try { await lockRun(${JSON.stringify(run)}); console.log('locked'); ${then} }
    catch (error) { console.log(error.message); process.exit(1); }
    setInterval(() => undefined, 1000);`;
  const [command, ...args] = [...within, process.execPath, '--input-type=module', '-e', script];
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const [said] = (await once(child.stdout, 'data')) as [Buffer];
  return { child, said: String(said).trim() };
}

async function killed(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL');
  await once(child, 'close');
}

/** A claim as a process leaves it that was killed; `change` makes it somebody else's. */
async function left(run: string, change: Partial<LockOwner>, secondsAgo = 0): Promise<string> {
  const lock = await lockRun(run);
  const path = claimOf(run);
  const owner = ownerIn(path);
  lock.release();
  writeFileSync(path, JSON.stringify({ ...owner, ...change }));
  utimesSync(path, Date.now() / 1000 - secondsAgo, Date.now() / 1000 - secondsAgo);
  return path;
}

it('is held by one at a time, and gone when released', async () => {
  const run = temporaryFolder();
  const lock = await lockRun(run);
  const refusal = await refusalOf(run);
  expect(refusal).toBeInstanceOf(InputError);
  expect((refusal as Error).message).toBe(
    `${run}: expected a run that no process is writing to, but process ${process.pid} is; wait for it, or stop it`,
  );
  expect(await isWritten(run)).toBe(true);
  lock.check();
  lock.release();
  expect(readdirSync(run)).toEqual([]);
  expect(await isWritten(run)).toBe(false);
  (await lockRun(run)).release();
});

it.each(['', '{', 'null', '{"pid":"x"}'])('takes over a lock that says %j', async (text) => {
  for (const name of ['lock', 'lock-0123456789abcdef']) {
    const run = temporaryFolder();
    writeFileSync(join(run, name), text);
    const lock = await lockRun(run);
    expect(ownerIn(claimOf(run))).toMatchObject({ pid: process.pid });
    lock.release();
    expect(readdirSync(run)).toEqual([]);
  }
});

describe('a lock left behind', () => {
  it.each<[string, Partial<LockOwner>]>([
    ['by a process whose number another has by now', { started: '1', socket: false }],
    ['by a process whose number none has', { pid: 4194303, socket: false }],
    ['before the machine was renamed', { started: '1', socket: false, host: 'before' }],
    ['before the machine was started again', { boot: 'before' }],
  ])('%s is taken over at once', async (_, change) => {
    const run = temporaryFolder();
    await left(run, change);
    const lock = await lockRun(run);
    expect(lock.takenFrom).toMatchObject(change);
    lock.release();
    expect(readdirSync(run)).toEqual([]);
  });

  it.each<[string, Partial<LockOwner>]>([
    ['on another machine', { host: 'there', boot: 'other' }],
    ['in another container, where there are no sockets', { namespace: '77', socket: false }],
    ['by a version that knew no namespaces', { namespace: undefined, socket: undefined, pid: 4194303 }],
  ])('%s is respected, with advice; after a long silence it is taken over', async (_, change) => {
    const run = temporaryFolder();
    const path = await left(run, change, 0);
    const [refusal, since] = [(await refusalOf(run)) as Error, ownerIn(path).since];
    const { pid, host, namespace } = { ...ownerIn(path) };
    expect(refusal.message).toMatch(/, last sign of life [01] seconds ago;/);
    expect(refusal.message.replace(/\d+ seconds ago/, 'N seconds ago')).toBe(
      `${run}: expected a run that no process is writing to, but process ${pid} of PID namespace ` +
        `${namespace ?? 'unknown'} on ${host} is, ` +
        `since ${since}, last sign of life N seconds ago; wait for it, or stop it there; ` +
        `if it has exited, remove ${path}, or try again once it has given none for 1 minutes`,
    );
    expect(existsSync(path)).toBe(true);
    await sleep(QUICK.limit);
    expect(await refusalOf(run, { every: 40, limit: 60_000 })).toBeInstanceOf(InputError);
    const said: string[] = [];
    const lock = await lockRun(run, (text) => said.push(text), QUICK);
    expect(lock.takenFrom).toMatchObject({ pid, host });
    expect(said).toEqual([`waiting 1 seconds for a sign of life from process ${pid} on ${host}`]);
    lock.release();
  });

  it('does not depend on the clock: a renewed one is alive, whatever its time', async () => {
    for (const secondsAgo of [-7200, 7200]) {
      const run = temporaryFolder();
      const path = await left(run, { host: 'there', boot: 'other' }, secondsAgo);
      let time = Date.now() / 1000 - secondsAgo;
      const beat = setInterval(() => {
        utimesSync(path, (time += 0.04), time);
      }, QUICK.every);
      expect(await refusalOf(run)).toBeInstanceOf(InputError);
      clearInterval(beat);
    }
  });

  it('in a copy of the folder belongs to nobody', async () => {
    const [run, copy] = [temporaryFolder(), join(temporaryFolder(), 'copy')];
    const lock = await lockRun(run);
    cpSync(run, copy, { recursive: true, filter: (name) => !name.endsWith('.socket') });
    writeFileSync(`${claimOf(copy)}.socket`, ''); // as archives keep them
    (await lockRun(copy)).release();
    lock.check();
    lock.release();
  });
});

it('keeps a claim that another made since, and notices that its own is gone', async () => {
  const run = temporaryFolder();
  const lock = await lockRun(run);
  rmSync(claimOf(run));
  expect(() => {
    lock.check();
  }).toThrow(/^.*: expected to hold its lock, but lock-[0-9a-f]{16} is gone: another process may write here by now$/);
  const [socket] = readdirSync(run);
  utimesSync(join(run, socket), 1, 1);
  expect(((await refusalOf(run)) as Error).message).toBe(
    `${run}: expected a run that no process is writing to, but another is, whose lock was removed; wait for it, ` +
      'or stop it',
  );
  lock.release();
  const next = await lockRun(run);
  lock.release();
  next.check();
  next.release();
});

it('is renewed while the process computes', async () => {
  const run = temporaryFolder();
  const lock = await lockRun(run, undefined, QUICK);
  await sleep(300); // a thread takes a while to start
  const path = claimOf(run);
  utimesSync(path, 1, 1);
  for (const end = Date.now() + 300; Date.now() < end;); // nothing else of this thread runs
  const renewed = readFileSync(path, 'utf8');
  expect(Date.now() - statSync(path).mtimeMs).toBeLessThan(300);
  expect(JSON.parse(renewed)).toMatchObject({ pid: process.pid });
  lock.release();
});

it('works under a path longer than sockets may have, and through a link', async () => {
  const folder = join(temporaryFolder(), 'a'.repeat(120), 'b'.repeat(120));
  mkdirSync(folder, { recursive: true });
  const linked = join(temporaryFolder(), 'linked');
  symlinkSync(folder, linked);
  const lock = await lockRun(folder);
  expect(ownerIn(claimOf(folder)).socket).toBe(true);
  expect(await refusalOf(linked)).toBeInstanceOf(InputError);
  const moved = `${folder}-moved`;
  renameSync(folder, moved);
  expect(await refusalOf(moved)).toBeInstanceOf(InputError);
  renameSync(moved, folder);
  lock.release();
  expect(readdirSync(folder)).toEqual([]);
});

it.skipIf(process.getuid?.() === 0)('names a folder that cannot be written', async () => {
  const run = temporaryFolder();
  chmodSync(run, 0o555);
  expect(((await refusalOf(run)) as Error).message).toBe(`${run}/lock: cannot be written: permission denied`);
});

it('is taken by one of ten that try at once, ten times', async () => {
  for (let i = 0; i < 10; i++) {
    const run = temporaryFolder();
    if (i % 2 === 0) await left(run, { started: '1', socket: false });
    const results = await Promise.all(Array.from({ length: 10 }, () => refusalOf(run)));
    const locks = results.filter((result) => !(result instanceof InputError)) as Awaited<ReturnType<typeof lockRun>>[];
    expect(locks).toHaveLength(1);
    locks[0].check();
    locks[0].release();
    expect(readdirSync(run)).toEqual([]);
  }
}, 120_000);

describe('another process', () => {
  it('keeps the lock while it is suspended or computes, and loses it when it is killed', async () => {
    const run = temporaryFolder();
    const { child } = await holder(run, [], 'setTimeout(() => { for (;;); }, 50);');
    await sleep(100);
    for (const signal of ['SIGCONT', 'SIGSTOP'] as const) {
      child.kill(signal);
      expect(((await refusalOf(run)) as Error).message).toContain(`but process ${child.pid} is`);
    }
    await killed(child);
    const lock = await lockRun(run);
    expect(lock.takenFrom?.pid).toBe(child.pid);
    lock.release();
    expect(readdirSync(run)).toEqual([]);
  }, 30_000);

  it.skipIf(!hasNamespaces()).concurrent.each([1, 2])(
    'in a container is refused by one in another, and takes over when that is killed, again and again: %i',
    async () => {
      const run = temporaryFolder();
      let first = await holder(run, IN_NEW_NAMESPACE);
      for (let i = 0; i < 5; i++) {
        const second = await holder(run, IN_NEW_NAMESPACE);
        expect([first.said, second.said]).toEqual([
          'locked',
          expect.stringMatching(
            /but process 1 of PID namespace \d+ on \S+ is, since 2\S+Z; wait for it, or stop it there$/,
          ),
        ]);
        await killed(first.child);
        first = await holder(run, IN_NEW_NAMESPACE);
      }
      expect(await isWritten(run)).toBe(true); // seen from outside, too
      await killed(first.child);
      expect(await isWritten(run)).toBe(false);
    },
    120_000,
  );
});

it('of a disk that has become read-only is released without an error, which would hide the reason', async () => {
  const disk = temporaryFolder();
  const image = join(temporaryFolder(), 'disk');
  writeFileSync(image, Buffer.alloc(8e6));
  const isMounted =
    spawnSync('mkfs.ext4', ['-q', image]).status === 0 &&
    spawnSync('mount', ['-o', 'loop,errors=remount-ro', image, disk]).status === 0;
  if (!isMounted) {
    console.log('skipped: mounting is not allowed here');
    return;
  }
  try {
    const lock = await lockRun(disk);
    const log = openLines(join(disk, 'loss.csv'));
    log.line('1');
    spawnSync('mount', ['-o', 'remount,abort', disk]); // as after an error of the device
    log.line('2'); // waits
    const why = `${disk}/loss.csv: cannot be written: the file system is read-only`;
    expect(() => {
      log.sync();
    }).toThrow(why);
    expect(() => {
      log.close();
    }).toThrow(`${why}; records lost at its end: 1`);
    lock.release();
    expect(readdirSync(disk)).toContain('loss.csv');
  } finally {
    spawnSync('umount', [disk]);
  }
});
