/** @file The state of runs whose process ended without recording how, from their newest checkpoint. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { INITIAL_STATE } from '../../src/distill/train-state.js';
import { runState } from '../../src/runs/run-state.js';
import { trainerText } from '../../src/runs/trainer-state.js';
import { temporaryFolder } from '../cli.js';

/** A run of 20 steps with a checkpoint after step 4, or after its last. */
function savedAt(step: number, validated = false): string {
  const run = temporaryFolder();
  const checkpoint = join(run, `step-${String(step).padStart(8, '0')}`);
  mkdirSync(checkpoint);
  const state = { ...INITIAL_STATE, step, validated };
  const text = trainerText({ state, updates: step, seed: 1, fingerprints: {}, options: {} });
  writeFileSync(join(checkpoint, 'trainer.json'), text);
  return run;
}

const PLAN = { totalSteps: 20, stepsPerEpoch: 10, epochs: 2 };

it.each([
  ['stopped if its last step is saved', savedAt(4), 4, { state: 'stopped' }],
  [
    'failed if a step was logged after its checkpoint',
    savedAt(4),
    5,
    { state: 'failed', error: 'its last steps were not saved: it resumes from step 4' },
  ],
  ['finished once its last step is validated', savedAt(20, true), 20, { state: 'finished' }],
  ['stopped before its last validation', savedAt(20), 20, { state: 'stopped' }],
  ['finished if its checkpoints were removed after its last step', temporaryFolder(), 20, { state: 'finished' }],
  ['stopped if it has no checkpoint and has not come to its end', temporaryFolder(), 19, { state: 'stopped' }],
])('%s', async (_, run, step, expected) => {
  expect(await runState(run, PLAN, step)).toEqual(expected);
});
