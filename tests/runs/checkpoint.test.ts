import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { NamedValues } from '../../src/distill/engine.js';
import { checkpointName } from '../../src/runs/checkpoint-names.js';
import {
  checkpointBytes,
  pruneCheckpoints,
  writeCheckpoint,
  type CheckpointContents,
} from '../../src/runs/checkpoint.js';
import { findCheckpoint, openCheckpoint, setAside, tidyRun } from '../../src/runs/find-checkpoint.js';
import { INITIAL_STATE } from '../../src/distill/train-state.js';
import { trainerText } from '../../src/runs/trainer-state.js';
import { writePointer } from '../../src/runs/run-folder.js';
import { openSafetensors } from '../../src/weights/safetensors.js';
import { temporaryFolder } from '../cli.js';

let run: string;
beforeEach(() => {
  run = temporaryFolder();
});

const read = (...path: string[]): string => readFileSync(join(run, ...path), 'utf8');
const steps = (): string[] =>
  readdirSync(run)
    .filter((name) => name.startsWith('step-'))
    .sort();

/** A checkpoint of two small parameters; `fails` after the first. */
function contents(step: number, value = step, fails = false): CheckpointContents {
  // oxlint-disable-next-line typescript/require-await -- an async iterable, as engines give one
  async function* parameters(): AsyncIterable<NamedValues> {
    yield { name: 'a', shape: [2], values: Float32Array.of(value, value + 1) };
    if (fails) throw new Error('no more parameters');
    yield { name: 'b.weight', shape: [1, 2], values: Float32Array.of(5, 6) };
  }
  // oxlint-disable-next-line typescript/require-await -- likewise
  async function* moments(): AsyncIterable<NamedValues> {
    yield { name: 'exp_avg/a', shape: [2], values: Float32Array.of(1, 2) };
    yield { name: 'exp_avg_sq/a', shape: [2], values: Float32Array.of(3, 4) };
  }
  writeFileSync(join(run, 'vocab.txt'), '[CLS]\n'); // not the checkpoint's
  return {
    step,
    parameters: parameters(),
    shapes: { a: [2], 'b.weight': [1, 2] },
    config: '{"model_type": "roberta"}\n',
    files: [{ name: 'vocab.txt', bytes: Buffer.from('[CLS]\n') }],
    trainer: trainerOf(step),
    trained: { a: [2] },
    moments: moments(),
  };
}

function trainerOf(step: number): string {
  return trainerText({
    state: { ...INITIAL_STATE, step, position: step },
    updates: step,
    seed: 42,
    fingerprints: { data: 'd' },
    options: {},
  });
}

it('checkpoints are named after their step, so that names sort like steps', () => {
  expect([1, 12345, 123456789].map(checkpointName)).toEqual(['step-00000001', 'step-00012345', 'step-123456789']);
});

describe('writing a checkpoint', () => {
  it('takes as many bytes as `checkpointBytes` says, except for headers and small files', async () => {
    const { shapes, trained, files } = contents(3);
    const folder = join(run, await writeCheckpoint(run, contents(3), false));
    const tensorBytes = (name: string): number => {
      const file = readFileSync(join(folder, name));
      return file.length - 8 - Number(file.readBigUInt64LE(0)); // without the header and its length
    };
    const written = tensorBytes('model.safetensors') + tensorBytes('optimizer.safetensors') + read('vocab.txt').length;
    expect(written).toBe(checkpointBytes(shapes, trained, files));
  });

  it('makes a complete folder, and points last and, if asked, best at it', async () => {
    expect(await writeCheckpoint(run, contents(3), true)).toBe('step-00000003');
    expect(await writeCheckpoint(run, contents(6), false)).toBe('step-00000006');
    expect([read('best'), read('last')]).toEqual(['step-00000003\n', 'step-00000006\n']);
    expect(readdirSync(join(run, 'step-00000006')).sort()).toEqual([
      'config.json',
      'manifest.json',
      'model.safetensors',
      'optimizer.safetensors',
      'trainer.json',
      'vocab.txt',
    ]);
    expect([
      read('step-00000006/vocab.txt'),
      read('step-00000006/config.json'),
      read('step-00000006/trainer.json'),
    ]).toEqual(['[CLS]\n', '{"model_type": "roberta"}\n', trainerOf(6)]);
    const weights = await openSafetensors(join(run, 'step-00000006/model.safetensors'));
    expect([...(await weights.read('a')), ...(await weights.read('b.weight'))]).toEqual([6, 7, 5, 6]);
    await weights.close();
  });

  it('keeps the newer of two with the same step', async () => {
    await writeCheckpoint(run, contents(3, 10), false);
    await writeCheckpoint(run, contents(3, 20), false);
    const weights = await openSafetensors(join(run, 'step-00000003/model.safetensors'));
    expect([...(await weights.read('a'))]).toEqual([20, 21]);
    await weights.close();
  });

  it('keeps the old one if it fails half-way, and can continue from there', async () => {
    await writeCheckpoint(run, contents(3), true);
    await expect(writeCheckpoint(run, contents(6, 6, true), true)).rejects.toThrow('no more parameters');
    expect([steps(), read('best'), read('last')]).toEqual([['step-00000003'], 'step-00000003\n', 'step-00000003\n']);
    await writeCheckpoint(run, contents(6), true);
    expect([steps(), read('best')]).toEqual([['step-00000003', 'step-00000006'], 'step-00000006\n']);
    expect(readdirSync(run).filter((name) => name.includes('tmp'))).toEqual([]);
  });
});

describe('pruning', () => {
  it('keeps the newest and the best, by number', async () => {
    for (const step of [5, 10, 15, 99999999, 100000000]) mkdirSync(join(run, checkpointName(step)));
    mkdirSync(join(run, 'step-by-step'));
    await writePointer(run, 'best', 'step-00000005');
    await pruneCheckpoints(run, 2);
    expect(steps()).toEqual(['step-00000005', 'step-100000000', 'step-99999999', 'step-by-step']);
    await writePointer(run, 'best', 'step-100000000');
    await pruneCheckpoints(run, 1);
    expect(steps()).toEqual(['step-100000000', 'step-by-step']);
  });
});

describe('finding the checkpoint to resume from', () => {
  const flip = (...path: string[]): void => {
    const file = join(run, ...path);
    const bytes = readFileSync(file);
    bytes[bytes.length - 1] ^= 1;
    writeFileSync(file, bytes);
  };
  beforeEach(async () => {
    for (const step of [3, 6, 9]) await writeCheckpoint(run, contents(step), false);
  });

  it.each([
    [
      'a flipped byte',
      () => {
        flip('step-00000009/model.safetensors');
      },
      /^model\.safetensors: expected the SHA-256 [0-9a-f]{12}…, got [0-9a-f]{12}…$/,
    ],
    [
      'a missing file',
      () => {
        rmSync(join(run, 'step-00000009/optimizer.safetensors'));
      },
      /^optimizer\.safetensors: expected \d+ bytes, got no such file or folder$/,
    ],
    [
      'a file cut short',
      () => {
        truncateSync(join(run, 'step-00000009/trainer.json'), 10);
      },
      /^trainer\.json: expected \d+ bytes, got 10 bytes$/,
    ],
    [
      'no manifest',
      () => {
        rmSync(join(run, 'step-00000009/manifest.json'));
      },
      /^manifest\.json: cannot be read: no such file or folder$/,
    ],
    [
      'an empty manifest',
      () => {
        writeFileSync(join(run, 'step-00000009/manifest.json'), '');
      },
      /^manifest\.json: expected JSON, got /,
    ],
    [
      'a manifest that names nothing',
      () => {
        writeFileSync(join(run, 'step-00000009/manifest.json'), '{"files":{}}');
      },
      /^manifest\.json: expected model\.safetensors among its files/,
    ],
  ])('skips one with %s, and says why', async (_, damage, reason) => {
    damage();
    const { found, skipped } = await findCheckpoint(run);
    expect(found).toMatchObject({
      name: 'step-00000006',
      trainer: { state: { step: 6 }, updates: 6, fingerprints: { data: 'd' } },
    });
    expect(skipped).toEqual([{ name: 'step-00000009', reason: expect.stringMatching(reason) as string }]);
    expect(await setAside(run, found?.name)).toEqual(['.aside-step-00000009']);
    expect((await findCheckpoint(run)).skipped).toEqual([]);
  });

  it('does not need last, and returns an older one if asked', async () => {
    writeFileSync(join(run, 'last'), '');
    expect((await findCheckpoint(run)).found?.name).toBe('step-00000009');
    expect((await openCheckpoint(run, 'step-00000003')).trainer.state.step).toBe(3);
    await expect(openCheckpoint(run, 'step-00000004')).rejects.toThrow(
      'manifest.json: cannot be read: no such file or folder',
    );
  });

  it('skips one whose folder has the name of another step', async () => {
    renameSync(join(run, 'step-00000009'), join(run, 'step-00000012'));
    const { found, skipped } = await findCheckpoint(run);
    expect(found?.name).toBe('step-00000006');
    expect(skipped).toEqual([
      { name: 'step-00000012', reason: "trainer.json: expected the step in the folder's name, got 9" },
    ]);
  });

  it('finds none if all are damaged', async () => {
    for (const name of steps()) flip(name, 'config.json');
    const { found, skipped } = await findCheckpoint(run);
    expect([found, skipped.length]).toEqual([undefined, 3]);
  });

  it('removes what a killed process left, and restores what it was replacing', async () => {
    mkdirSync(join(run, '.tmp-step-00000012'));
    renameSync(join(run, 'step-00000009'), join(run, '.replaced-step-00000009'));
    await tidyRun(run);
    expect(readdirSync(run).filter((name) => name.startsWith('.'))).toEqual([]);
    expect((await findCheckpoint(run)).found?.name).toBe('step-00000009');
    expect(existsSync(join(run, 'vocab.txt'))).toBe(true);
  });
});
