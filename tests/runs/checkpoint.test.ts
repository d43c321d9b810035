import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { NamedValues } from '../../src/distill/engine.js';
import { checkpointName, pruneCheckpoints, writeCheckpoint, type CheckpointContents } from '../../src/runs/checkpoint.js';
import { pointAt } from '../../src/runs/run-folder.js';
import { openSafetensors } from '../../src/weights/safetensors.js';
import { temporaryFolder } from '../cli.js';

let run: string;
beforeEach(() => { run = temporaryFolder(); });

const read = (...path: string[]): string => readFileSync(join(run, ...path), 'utf8');
const steps = (): string[] => readdirSync(run).filter((name) => name.startsWith('step-')).sort();

/** A checkpoint of two small parameters; `fails` after the first. */
function contents(step: number, value = step, fails = false): CheckpointContents {
  // eslint-disable-next-line @typescript-eslint/require-await -- an async iterable, as engines give one
  async function* parameters(): AsyncIterable<NamedValues> {
    yield { name: 'a', shape: [2], values: Float32Array.of(value, value + 1) };
    if (fails) throw new Error('no more parameters');
    yield { name: 'b.weight', shape: [1, 2], values: Float32Array.of(5, 6) };
  }
  writeFileSync(join(run, 'vocab.txt'), '[CLS]\n');
  return {
    step, parameters: parameters(), shapes: { a: [2], 'b.weight': [1, 2] }, config: '{"model_type": "roberta"}\n',
    files: [join(run, 'vocab.txt')], trainer: { step },
  };
}

it('a checkpoint is called by its step, so that names sort as steps do', () => {
  expect([1, 12345, 123456789].map(checkpointName)).toEqual(['step-00000001', 'step-00012345', 'step-123456789']);
});

describe('writing a checkpoint', () => {
  it('makes a whole folder, and points last and if asked best at it', async () => {
    expect(await writeCheckpoint(run, contents(3), true)).toBe('step-00000003');
    expect(await writeCheckpoint(run, contents(6), false)).toBe('step-00000006');
    expect([read('best'), read('last')]).toEqual(['step-00000003\n', 'step-00000006\n']);
    expect(readdirSync(join(run, 'step-00000006')).sort()).toEqual(['config.json', 'manifest.json', 'model.safetensors', 'trainer.json', 'vocab.txt']);
    expect([read('step-00000006/vocab.txt'), read('step-00000006/config.json'), read('step-00000006/trainer.json')]).toEqual(['[CLS]\n', '{"model_type": "roberta"}\n', '{\n  "step": 6\n}\n']);
    const weights = await openSafetensors(join(run, 'step-00000006/model.safetensors'));
    expect([...await weights.read('a'), ...await weights.read('b.weight')]).toEqual([6, 7, 5, 6]);
    await weights.close();
  });

  it('takes the newer of two of one step', async () => {
    await writeCheckpoint(run, contents(3, 10), false);
    await writeCheckpoint(run, contents(3, 20), false);
    const weights = await openSafetensors(join(run, 'step-00000003/model.safetensors'));
    expect([...await weights.read('a')]).toEqual([20, 21]);
    await weights.close();
  });

  it('leaves what was there where it fails half-way, and goes on from there', async () => {
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
    await pointAt(run, 'best', 'step-00000005');
    await pruneCheckpoints(run, 2);
    expect(steps()).toEqual(['step-00000005', 'step-100000000', 'step-99999999', 'step-by-step']);
    await pointAt(run, 'best', 'step-100000000');
    await pruneCheckpoints(run, 1);
    expect(steps()).toEqual(['step-100000000', 'step-by-step']);
  });
});
