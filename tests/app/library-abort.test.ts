/** @file Ending a call of the library: by its signal, or because a callback throws. */
import { getEventListeners } from 'node:events';
import { readdirSync, readlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import tf from '../../src/base/tfjs.cjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Listener } from '#dist/index.js';
import { countCpuTime } from '../cpu-time.js';
import { loadBackend } from '#dist/tensorflow/backend.js';
import { temporaryFolder } from '../cli.js';
import { BACKEND } from '../commands/tiny.js';
import { CALLS, folderForCalls, useFolderForCalls, type LibraryCall } from './library-calls.js';

const HOME = process.cwd();

/** How long a call may take to answer an abort, in milliseconds: of the CPU, where others use it, too. */
const ANSWER_MS = 200;

/** How long what native code was computing may take to be freed, in milliseconds. */
const PATIENCE_MS = 20_000;

const { TMPDIR } = process.env;
beforeAll(async () => {
  process.env.TMPDIR = temporaryFolder(); // other tests leave theirs in the usual place
  await loadBackend(BACKEND); // whose tensors are counted
});

const folder = useFolderForCalls();
afterAll(() => {
  if (TMPDIR === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = TMPDIR;
});

/** A listener that calls a function with the number of each call of its own. */
function counting(onCall: (count: number) => void): Listener & { readonly calls: () => number } {
  let calls = 0;
  const call = (): void => {
    onCall(++calls);
  };
  return {
    calls: () => calls,
    ...Object.fromEntries(
      ['onMessage', 'onWarning', 'onEvent', 'onProgress', 'onPicture', 'onRow'].map((name) => [name, call]),
    ),
  };
}

/** What a call may leave behind: tensors, open files, files, and listeners of this process. */
function leftovers(): object {
  const open = readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/self/fd/${fd}`)].filter((path) => path.startsWith('/tmp/'));
    } catch {
      return []; // the one of this listing
    }
  });
  return {
    tensors: tf.memory().numTensors,
    open,
    files: readdirSync(folder(), { recursive: true, encoding: 'utf8' }).sort(),
    temporary: readdirSync(tmpdir()).filter((name) => name.startsWith('kd-work-')),
    listeners: process.eventNames().map((name) => [name, process.listenerCount(name)]),
  };
}

type Outcome = { readonly value: unknown } | { readonly thrown: unknown };

const outcomeOf = (call: Promise<unknown>): Promise<Outcome> =>
  call.then(
    (value) => ({ value }),
    (thrown: unknown) => ({ thrown }),
  );

describe.each(Object.entries(CALLS))('%s', (_, call: LibraryCall) => {
  let total: number;
  beforeAll(async () => {
    process.chdir(folderForCalls()); // what is loaded once is there then
    const listener = counting(() => undefined);
    await call({}, listener);
    total = listener.calls();
    process.chdir(HOME);
  });

  it('does nothing if its signal was aborted before', async () => {
    const before = leftovers();
    const reason = new Error('no time');
    const listener = counting(() => undefined);
    expect(await outcomeOf(call({ signal: AbortSignal.abort(reason) }, listener))).toEqual({ thrown: reason });
    expect([listener.calls(), leftovers()]).toEqual([0, before]);
  });

  it.each([0, 0.3, 0.6, 1])('ends when its signal is aborted %d of its way, and leaves nothing', async (share) => {
    const before = leftovers();
    const stop = new AbortController();
    const reason = new Error('no time');
    let [aborted, computed] = [0, countCpuTime()];
    const listener = counting((count) => {
      if (count < Math.max(1, Math.floor(share * total)) || stop.signal.aborted) return;
      [aborted, computed] = [performance.now(), countCpuTime()];
      stop.abort(reason);
    });
    const outcome = await outcomeOf(call({ signal: stop.signal }, listener));
    const took = Math.min(performance.now() - aborted, computed());
    expect(stop.signal.aborted).toBe(true);
    if (share === 1 && 'value' in outcome) return; // it was done
    expect(outcome).toEqual({ thrown: reason });
    expect(took).toBeLessThan(ANSWER_MS);
    expect(getEventListeners(stop.signal, 'abort')).toEqual([]);
    await expect.poll(leftovers, { timeout: PATIENCE_MS }).toEqual(before);
  });

  it('rejects with what a callback throws', async () => {
    const before = leftovers();
    const reason = new Error('a bug of the program');
    const listener = counting((count) => {
      if (count === Math.max(1, Math.floor(total / 2))) throw reason;
    });
    expect(await outcomeOf(call({}, listener))).toEqual({ thrown: reason });
    await expect.poll(leftovers, { timeout: PATIENCE_MS }).toEqual(before);
  });
});
