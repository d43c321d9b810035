/** @file `train` as a program calls it: stopped, with callbacks that throw, and beside other calls. */
import { existsSync, readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  encode,
  exportStudent,
  InputError,
  train,
  type EncodedTexts,
  type Listener,
  type ReportedEvent,
} from '#dist/index.js';
import { computed, PAIRS, STUDENT, TEACHER } from '../commands/tiny.js';
import { MACHINE, TRAINING, useFolderForCalls } from './library-calls.js';

const TEXTS = PAIRS.slice(0, 40).flat();

const folder = useFolderForCalls();

const failureOf = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => undefined,
    (error: unknown) => error,
  );

/** A listener that calls a function after a step of a run. */
const atStep = (step: number, onStep: () => void): Listener => ({
  onProgress: ({ unit, value }) => {
    if (unit === 'steps' && value === step) onStep();
  },
});

const encodedBy = (model: string): Promise<EncodedTexts> => encode({ ...MACHINE, model, texts: TEXTS, batchSize: 8 });

describe('train', () => {
  it('stopped before its first step rejects with the reason, and makes no run', async () => {
    const reason = new Error('no time');
    expect(await failureOf(train({ ...TRAINING, run: 'tiny', signal: AbortSignal.abort(reason) }))).toBe(reason);
    expect(existsSync('checkpoints')).toBe(false);
    const stop = new AbortController();
    const asked = performance.now();
    const stopping = train(
      { ...TRAINING, run: 'tiny', signal: stop.signal },
      {
        onMessage: () => {
          stop.abort(reason);
        },
      },
    );
    expect(await failureOf(stopping)).toBe(reason);
    expect(performance.now() - asked).toBeLessThan(60_000);
    expect(existsSync('checkpoints/tiny')).toBe(false);
  });

  it('stopped while it trains saves the run, which then continues to the same end', async () => {
    const whole = await train({ ...TRAINING, run: 'whole' });
    expect(whole).toMatchObject({ steps: 10, stopped: false });
    const stop = new AbortController();
    const stopping = atStep(4, () => {
      stop.abort();
    });
    const stopped = await train({ ...TRAINING, run: 'parts', signal: stop.signal }, stopping);
    expect(stopped).toMatchObject({ steps: 4, stopped: true });
    const ended = await train({ resume: 'parts' });
    expect(ended).toEqual({ ...whole, run: ended.run });
    const [one, other] = ['whole', 'parts'].map((run) => computed(folder(), run, '00000010'));
    expect(other).toEqual(one);
  });

  it('resumed with a signal that was aborted leaves the run as it is', async () => {
    await train({ ...TRAINING, run: 'tiny', maxSteps: 4 });
    const before = readdirSync('checkpoints', { recursive: true }).sort();
    const stop = new AbortController();
    const stopping = train(
      { resume: 'tiny', maxSteps: 8, signal: stop.signal },
      {
        onMessage: () => {
          stop.abort();
        },
      },
    );
    expect(await failureOf(stopping)).toBe(stop.signal.reason);
    expect(readdirSync('checkpoints', { recursive: true }).sort()).toEqual(before);
  });

  it('saves the run if a callback throws, and rejects with what it threw', async () => {
    const reason = new Error('a bug of the program');
    const failing = atStep(3, () => {
      throw reason;
    });
    expect(await failureOf(train({ ...TRAINING, run: 'tiny' }, failing))).toBe(reason);
    expect(existsSync('checkpoints/tiny/step-00000003/manifest.json')).toBe(true);
    const onEvent: unknown = async ({ event }: ReportedEvent): Promise<void> => {
      await Promise.resolve();
      if (event === 'validation') throw reason;
    };
    const later = { onEvent } as Listener;
    expect(await failureOf(train({ resume: 'tiny' }, later))).toBe(reason);
  });

  it('of one run at a time: the other is refused', async () => {
    const both = [train({ ...TRAINING, run: 'tiny' }), train({ ...TRAINING, run: 'tiny' })];
    const outcomes = await Promise.allSettled(both);
    const refused = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as unknown] : []));
    expect(refused).toHaveLength(1);
    expect(refused[0]).toBeInstanceOf(InputError);
  });
});

describe('calls at once', () => {
  it('give what they give one after the other', async () => {
    const alone = [await encodedBy(STUDENT), await encodedBy(TEACHER)];
    await train({ ...TRAINING, run: 'alone' });
    const [student, teacher, one, other] = await Promise.all([
      encodedBy(STUDENT),
      encodedBy(TEACHER),
      train({ ...TRAINING, run: 'one' }),
      train({ ...TRAINING, run: 'other', seed: 43 }),
    ]);
    expect([student, teacher]).toEqual(alone);
    expect([one.steps, other.steps]).toEqual([10, 10]);
    expect(computed(folder(), 'one', '00000010')).toEqual(computed(folder(), 'alone', '00000010'));
  });

  it('may export and encode what is being trained', async () => {
    await train({ ...TRAINING, run: 'tiny', maxSteps: 4 });
    const [, exported, encoded] = await Promise.all([
      train({ resume: 'tiny', maxSteps: 10 }),
      exportStudent({ ...MACHINE, model: 'tiny:4', to: 'exported' }),
      encodedBy('tiny:4'),
    ]);
    expect(exported.model).toContain('step-00000004');
    expect(await encodedBy('exported')).toEqual(encoded);
  });

  it('work after one that was stopped, and with frozen options', async () => {
    const expected = await encodedBy(STUDENT);
    const stop = new AbortController();
    const stopping = encode(
      { ...MACHINE, model: STUDENT, texts: TEXTS, batchSize: 8, signal: stop.signal },
      {
        onProgress: () => {
          stop.abort();
        },
      },
    );
    const [error, beside] = await Promise.all([failureOf(stopping), encodedBy(STUDENT)]);
    expect(error).toBe(stop.signal.reason);
    const frozen = Object.freeze({ ...MACHINE, model: STUDENT, texts: Object.freeze([...TEXTS]), batchSize: 8 });
    expect([beside, await encode(frozen, Object.freeze({}))]).toEqual([expected, expected]);
  });
});
