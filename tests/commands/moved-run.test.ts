/** @file A run whose folder is moved or removed, in whole or in part, while it trains. */
import { existsSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { kdMeanwhile } from '../cli.js';
import { copyOf, folderWithPairs, STUDENT, trainArguments } from './tiny.js';

/**
 * The last line of a run that would take hours, of which something is moved or removed once it has saved a checkpoint.
 */
async function lastLineAfter(disturb: (run: string) => void): Promise<{ said: string; run: string; cwd: string }> {
  const cwd = folderWithPairs(20);
  const run = join(cwd, 'checkpoints/tiny');
  const flags = ['--engine', 'eager', '--batch-size', '2', '--epochs', '100000', '--log-every', '1'];
  const training = kdMeanwhile(trainArguments([...flags, '--save-every', '5', '--keep', '1000']), { cwd });
  while (!existsSync(join(run, 'step-00000010'))) await sleep(20);
  disturb(run);
  const { code, stderr } = await training;
  expect(code, stderr).toBe(1);
  return { said: stderr.trimEnd().split('\n').at(-1)!, run, cwd };
}

const GONE = 'expected the folder being written to, but it was moved or removed meanwhile';
const BACK = 'if it was moved, move it back, and resume with: kd train --resume tiny';

it('moved: its old folder is not recreated, and the message says how to resume', async () => {
  const { said, run, cwd } = await lastLineAfter((folder) => {
    renameSync(folder, `${folder}-moved`);
  });
  expect(said).toMatch(new RegExp(`^error: ${run}: ${GONE}; the last checkpoint saved in it is step-\\d{8}; ${BACK}$`));
  expect(readdirSync(join(cwd, 'checkpoints')).filter((name) => !name.startsWith('.'))).toEqual(['tiny-moved']);
  const saved = /step-\d{8}/.exec(said)![0];
  expect(existsSync(join(`${run}-moved`, saved, 'manifest.json'))).toBe(true);
});

it('removed: no checkpoint is named as if it existed', async () => {
  const { said, run, cwd } = await lastLineAfter((folder) => {
    renameSync(folder, `${folder}-removed`); // at once
    rmSync(`${folder}-removed`, { recursive: true });
  });
  expect(said).toContain(`error: ${run}: ${GONE}; `);
  expect(said).not.toContain(`${run}/step-`);
  expect(readdirSync(join(cwd, 'checkpoints')).filter((name) => !name.startsWith('.'))).toEqual([]);
});

it('goes on saving if the folder of its tokenizer is removed', async () => {
  const cwd = folderWithPairs(20);
  const run = join(cwd, 'checkpoints/tiny');
  const flags = ['--engine', 'eager', '--batch-size', '2', '--max-steps', '40', '--save-every', '5', '--keep', '9'];
  const student = copyOf(STUDENT, join(cwd, 'student'));
  const training = kdMeanwhile(trainArguments([...flags, '--student', student]), { cwd });
  while (!existsSync(join(run, 'step-00000005'))) await sleep(5);
  rmSync(student, { recursive: true });
  const { code, stderr } = await training;
  expect(code, stderr).toBe(0);
  expect(stderr).not.toContain('not saved');
  expect(readFileSync(join(run, 'step-00000040/vocab.txt'))).toEqual(readFileSync(join(STUDENT, 'vocab.txt')));
});

it('without its lock: the named checkpoint exists', async () => {
  const { said, run } = await lastLineAfter((folder) => {
    const names = readdirSync(folder).filter((each) => /^(lock-|step-)/.test(each) && each !== 'step-00000005');
    for (const name of names.sort().reverse()) rmSync(join(folder, name), { recursive: true }); // the lock last
  });
  const [, named] = /last good checkpoint: (\S+);/.exec(said)!;
  expect(existsSync(named)).toBe(true);
  expect(said).toContain(`error: ${run}: expected to hold its lock, but lock-`);
});
