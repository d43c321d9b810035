/** @file A run's folder appears when the run begins: what a start that fails leaves, and what a save that half fails says. */
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { folderWithPairs, ownWords, train } from './tiny.js';

const FLAGS = ['--engine', 'eager', '--batch-size', '4', '--max-steps', '4', '--save-every', '2'];

it('a start that fails leaves no run, and the same command works afterwards', () => {
  const cwd = folderWithPairs(20);
  const runs = (): string[] => readdirSync(join(cwd, 'checkpoints')).filter((name) => !name.startsWith('.'));
  mkdirSync(join(cwd, 'checkpoints/notes'), { recursive: true });
  writeFileSync(join(cwd, 'checkpoints/notes/plan.txt'), 'later');
  for (const flags of [
    ['--teacher', 'nowhere'],
    ['--data', 'nowhere.csv'],
    ['--precision', 'bf16'], // with the eager engine
    ['--cache-teacher', 'pairs.csv'], // a file
  ]) {
    expect(train(cwd, [...FLAGS, ...flags]).code, flags.join(' ')).toBe(1);
    expect(runs(), flags.join(' ')).toEqual(['notes']);
  }
  // The run has its folder when this fails.
  mkdirSync(join(cwd, 'checkpoints/notes/validation.csv')); // a folder: no log can be written there
  expect(train(cwd, [...FLAGS, '--run', 'notes']).code).not.toBe(0);
  expect(readdirSync(join(cwd, 'checkpoints/notes')).sort()).toEqual(['plan.txt', 'validation.csv']);
  rmSync(join(cwd, 'checkpoints/notes/validation.csv'), { recursive: true });
  const result = train(cwd, [...FLAGS, '--run', 'notes']);
  expect(result.code, result.stderr).toBe(0);
  expect(readFileSync(join(cwd, 'checkpoints/notes/plan.txt'), 'utf8')).toBe('later');
});

it('what comes after a save, and fails, does not undo it', () => {
  const cwd = folderWithPairs(20);
  const run = join(cwd, 'checkpoints/tiny');
  mkdirSync(join(run, 'last/in-the-way'), { recursive: true }); // no file can take its place
  const result = train(cwd, FLAGS);
  expect(result.code, result.stderr).toBe(0);
  expect(ownWords(result.stderr)).toMatch(/^warning: step 2 is saved, but `last` does not name it: .*last/m);
  expect(ownWords(result.stderr)).not.toContain('is not saved');
  expect(readdirSync(run).filter((name) => name.startsWith('step-'))).toEqual(['step-00000002', 'step-00000004']);
  expect(statSync(join(run, 'last')).isDirectory()).toBe(true);
});
