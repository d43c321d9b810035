/** @file A run whose folder is moved or removed, in whole or in part, while it trains. */
import { existsSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { kdMeanwhile, temporaryFolder } from '../cli.js';
import { kdHere } from '../in-process.js';
import { copyOf, folderWithPairs, STUDENT, trainArguments } from './tiny.js';

/**
 * The last line of a run that would take hours, of which something is moved or removed once it has saved a checkpoint.
 */
async function lastLineAfter(disturb: (run: string) => void) {
  const temporary = temporaryFolder();
  const cwd = folderWithPairs(20);
  const run = join(cwd, 'checkpoints/tiny');
  const flags = ['--engine', 'eager', '--batch-size', '2', '--epochs', '100000', '--log-every', '1'];
  const training = kdMeanwhile(trainArguments([...flags, '--save-every', '5', '--keep', '1000']), {
    cwd,
    env: { TMPDIR: temporary },
  });
  while (!existsSync(join(run, 'step-00000010'))) await sleep(20);
  disturb(run);
  const { code, stderr } = await training;
  expect(code, stderr).toBe(1);
  return { said: stderr.trimEnd().split('\n').at(-1)!, run, cwd };
}

const GONE = 'expected the folder being written to, but it was moved or removed meanwhile';
const COPY = /a copy is in (\S+\/kd-saved-\w+\/step-\d{8})/;
const BACK = 'if the folder was moved, move it back; resume with: ';

it('moved: its old folder is not recreated, its state is copied, and the message says how to resume', async () => {
  const { said, run, cwd } = await lastLineAfter((folder) => {
    renameSync(folder, `${folder}-moved`);
  });
  const copy = COPY.exec(said)?.[1] ?? '';
  const command = `mv ${copy} ${run} && rmdir ${dirname(copy)} && kd train --resume tiny`;
  expect(said).toBe(`error: ${run}: ${GONE}; a copy is in ${copy}; ${BACK}${command}`);
  expect(readdirSync(join(cwd, 'checkpoints')).filter((name) => !name.startsWith('.'))).toEqual(['tiny-moved']);
  renameSync(`${run}-moved`, run);
  renameSync(copy, join(run, basename(copy)));
  const step = Number(basename(copy).slice('step-'.length));
  const resumed = await kdHere(['train', '--resume', '--max-steps', String(step)], { cwd });
  expect(resumed.stdout).toMatch(new RegExp(`^checkpoints/tiny: ${step} steps in`)); // only validated
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

it('without its configuration and its lock: says what to restore first', async () => {
  const { said } = await lastLineAfter((folder) => {
    rmSync(join(folder, 'config.json'));
    for (const name of readdirSync(folder)) if (name.startsWith('lock-')) rmSync(join(folder, name));
  });
  expect(said).toMatch(/; restore config\.json there from a copy, then resume with: kd train --resume tiny$/);
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
