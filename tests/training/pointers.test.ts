/** @file What `best` and `last` name when a run is resumed of which checkpoints are missing. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { INITIAL_STATE, type TrainState } from '../../src/distill/train-state.js';
import { checkpointName } from '../../src/runs/checkpoint-names.js';
import type { FoundCheckpoint } from '../../src/runs/find-checkpoint.js';
import { trainerText, type TrainerFile } from '../../src/runs/trainer-state.js';
import { bestKept, resetPointers } from '../../src/training/pointers.js';
import { temporaryFolder } from '../cli.js';

const validation = (step: number) => ({ step, epoch: 1, loss: 1 / step, lossEn: 0.1, lossKo: 0.1, pairs: 2 });

/** A run's folder with checkpoints: the step of each, and of its best validation so far. */
function runWith(checkpoints: readonly (readonly [step: number, best: number])[]) {
  const run = temporaryFolder();
  const found = checkpoints.map(([step, best]): FoundCheckpoint => {
    const state: TrainState = { ...INITIAL_STATE, step, position: step, best: validation(best) };
    const trainer: TrainerFile = { state, updates: step, seed: 1, fingerprints: {}, options: {} };
    const name = checkpointName(step);
    mkdirSync(join(run, name));
    writeFileSync(join(run, name, 'trainer.json'), trainerText(trainer));
    return { name, folder: join(run, name), trainer };
  });
  return { run, newest: found.at(-1)! };
}

const named = (run: string, pointer: string): string => readFileSync(join(run, pointer), 'utf8').trim();

describe('`best` of a resumed run', () => {
  it('is the best of those left if the best of all was never saved', async () => {
    const { run, newest } = runWith([
      [2, 2],
      [4, 4],
      [5, 4],
      [8, 6],
    ]);
    writeFileSync(join(run, 'best'), 'step-00000004\n');
    await resetPointers(run, newest, true);
    expect([named(run, 'best'), named(run, 'last')]).toEqual(['step-00000004', 'step-00000008']);
    expect(await bestKept(run, newest)).toEqual(validation(4));
  });

  it('is the newest without validation', async () => {
    const { run, newest } = runWith([
      [2, 2],
      [8, 6],
    ]);
    await resetPointers(run, newest, false);
    expect(named(run, 'best')).toBe('step-00000008');
  });

  it('is none if none of those left was the best', async () => {
    const { run, newest } = runWith([
      [5, 4],
      [8, 6],
    ]);
    writeFileSync(join(run, 'best'), 'step-00000004\n');
    await resetPointers(run, newest, true);
    expect(await bestKept(run, newest)).toBeUndefined();
    expect(() => named(run, 'best')).toThrow('ENOENT');
  });
});
