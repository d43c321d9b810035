/** @file The last state of a run that cannot be saved: it is tried again, and a stop request says what is lost. */
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { InputError } from '../../src/base/errors.js';
import { openTrainingStop } from '../../src/commands/train/stop.js';
import { INITIAL_STATE } from '../../src/distill/train-state.js';
import { FOLDER_MOVED } from '../../src/runs/run-lock.js';
import { saveLast } from '../../src/training/last-save.js';
import { stopOf, type TrainingStop } from '../../src/training/stopping.js';
import { temporaryFolder } from '../cli.js';

/** How many seconds were waited before each try. */
let pauses: number[] = [];
vi.mock('node:timers/promises', () => ({
  setTimeout: (milliseconds: number, value: unknown, { signal }: { signal?: AbortSignal }) => {
    if (signal?.aborted === true) return Promise.reject(new Error('aborted'));
    pauses.push(milliseconds / 1000);
    return Promise.resolve(value);
  },
}));

beforeEach(() => {
  pauses = [];
});
afterEach(() => {
  vi.restoreAllMocks();
});

/** What is said, and what becomes of a state that is saved at the `saved`th try; its copy's path, if there is one. */
async function save(
  saved: number,
  stop: TrainingStop,
  {
    hasCopy = true,
    error,
    moved = Infinity,
    refusal = () => 'no space',
  }: { hasCopy?: boolean; error?: Error; moved?: number; refusal?: (tries: number) => string } = {},
) {
  const said: string[] = [];
  const say = (text: string): void => {
    said.push(text);
  };
  const events: object[] = [];
  const copy = join(temporaryFolder(), 'step-00000006');
  let tries = 0;
  const result = await saveLast(
    { ...INITIAL_STATE, step: 6 },
    { error },
    {
      attempt: () => {
        if (++tries >= moved) return Promise.reject(new InputError('moved', { code: FOLDER_MOVED }));
        return Promise.resolve(tries === saved ? { name: 'step-00000006' } : { refusal: refusal(tries) });
      },
      saveElsewhere: () => {
        if (!hasCopy) return Promise.resolve(undefined);
        mkdirSync(copy);
        return Promise.resolve(copy);
      },
      reporter: {
        message: say,
        warn: say,
        event: (event) => {
          events.push(event);
        },
        progress: () => ({ update: () => undefined, stop: () => undefined }),
      },
      stop,
      left: (place) => (place === undefined ? 'last good checkpoint: none' : `a copy is in ${place}`),
      isValidationOnly: false,
    },
  );
  return { result, said, events, copy };
}

const program = (): ReturnType<typeof stopOf> => stopOf(new AbortController().signal);

it('is saved at once if it can be, without a word', async () => {
  expect(await save(1, program())).toMatchObject({ result: { name: 'step-00000006' }, said: [], events: [] });
});

it('is tried again, and its copy removed once it is saved', async () => {
  const { result, said, events, copy } = await save(4, program());
  expect(result).toEqual({ name: 'step-00000006' });
  expect(pauses).toEqual([30, 30, 60]);
  expect(said).toEqual([
    `training has ended, but step 6 could not be saved: no space; a copy is in ${copy}; trying again for an hour; Ctrl-C ends that`,
    'step 6 is saved now',
  ]);
  expect(events).toEqual([{ event: 'unsaved', step: 6, reason: 'no space', copy }]);
  expect(existsSync(copy)).toBe(false);
});

it('is given up after an hour, and its copy stays', async () => {
  const { result, said, copy } = await save(Infinity, program(), { error: new Error('NaN') });
  expect(result).toEqual({ refusal: 'no space', copy });
  expect(pauses.reduce((sum, seconds) => sum + seconds, 0)).toBe(3600);
  expect(said).toEqual([expect.stringMatching(/^training has failed \(NaN\), but step 6 could not be saved: /)]);
  expect(existsSync(copy)).toBe(true);
});

it('is lost for the reason of the last try', async () => {
  const stop = program();
  const refusal = (tries: number): string => (tries < 3 ? 'no space' : 'read-only');
  const { said, copy } = await save(Infinity, stop, { refusal });
  expect(said.slice(1)).toEqual(['step 6 still could not be saved: read-only']);
  expect(stop.lost()?.message).toBe(`step 6 is not saved: read-only; a copy is in ${copy}`);
});

it.each([
  ['at once', 1, []],
  ['while it is tried again', 3, [30, 30]],
])('is copied once, and not tried again, if its folder was moved: %s', async (_, moved, waited) => {
  const { result, copy } = await save(Infinity, program(), { moved });
  expect(result).toEqual({ refusal: 'moved', copy });
  expect(pauses).toEqual(waited);
  expect(existsSync(copy)).toBe(true);
});

it('is not tried again for a program that has stopped the run', async () => {
  const controller = new AbortController();
  controller.abort();
  const { result, copy } = await save(2, stopOf(controller.signal));
  expect(result).toEqual({ refusal: 'no space', copy });
  expect(pauses).toEqual([]);
});

it.each([
  ['SIGINT', 130, true],
  ['SIGTERM', 143, true],
  ['SIGHUP', 129, false],
  ['SIGUSR2', 140, true],
] as const)(
  'a stop request (%s) ends the process at once, and says what is lost',
  async (signal, exitCode, hasCopy) => {
    const exit = vi.spyOn(process, 'exit').mockImplementation(() => undefined as never);
    const said: string[] = [];
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => said.push(String(text)) > 0);
    const events: object[] = [];
    const reporter = {
      warn: (text: string) => {
        said.push(text);
      },
      event: (event: object) => {
        events.push(event);
      },
    };
    const stop = openTrainingStop(reporter, () => undefined);
    try {
      const { copy } = await save(Infinity, stop, { hasCopy });
      process.emit(signal, signal);
      const message = hasCopy
        ? `step 6 is not saved: no space; a copy is in ${copy}`
        : 'step 6 is not saved, and lost: no space; last good checkpoint: none';
      expect(exit.mock.calls[0]).toEqual([exitCode]);
      expect(said[0]).toBe(`error: ${message}\n`);
      expect(events).toContainEqual({ event: 'error', code: 'NOT_SAVED', message });
    } finally {
      stop.dispose();
    }
  },
);
