/** @file `--valid-pairs` and `--baseline-pairs`: validation on samples, and that a run keeps to its own. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { kdHere } from '../in-process.js';
import { type CliResult } from '../cli.js';
import { folderWithPairs, parseLines, readCsv, readJson, trainArguments } from './tiny.js';

const FLAGS = ['--epochs', '2', '--batch-size', '4', '--valid-fraction', '0.5', '--keep', '9', '--seed', '5'];
const SAMPLED = ['--valid-pairs', '7', '--baseline-pairs', '3'];
const RUN = 'checkpoints/tiny';

/** A folder with 40 pairs and a run that validates on 7 of 23. */
let cwd: string;
let trained: CliResult;
beforeAll(async () => {
  cwd = folderWithPairs(40);
  trained = await kdHere([...trainArguments([...FLAGS, ...SAMPLED]), '--json'], { cwd });
  expect(trained.code, trained.stderr).toBe(0);
});

const validations = (folder: string): object[] => readCsv(join(folder, RUN, 'validation.csv'));

it('reports which pairs it measures on, and records it in the run', () => {
  const words = trained.stderr;
  expect(words).toMatch(/^data: 17 pairs for training, 23 for validation /m);
  expect(words).toMatch(/^validation: 7 of 23 pairs, a uniform sample$/m);
  expect(words).toMatch(/^baselines over 3 of 23 pairs: untrained student /m);
  const { settings, data } = readJson<{ settings: object; data: object }>(join(cwd, RUN, 'config.json'));
  expect(settings).toMatchObject({ validPairs: 7, baselinePairs: 3 });
  expect(data).toMatchObject({ validation_pairs: 23 });
  expect(readCsv(join(cwd, RUN, 'validation.csv')).map(({ pairs }) => pairs)).toEqual([3, 7, 7]);
  const events = parseLines<{ event: string; pairs: number; best: object }>(trained.stdout);
  expect(events.filter(({ event }) => event === 'validation').map(({ pairs }) => pairs)).toEqual([3, 7, 7]);
  expect(events.at(-1)!.best).toMatchObject({ pairs: 7 });
});

it('resumes bit for bit, and only with the same pairs', async () => {
  const losses = validations(cwd);
  const best = readFileSync(join(cwd, RUN, 'best'), 'utf8');
  expect((await kdHere(['train', '--resume', 'tiny:5'], { cwd })).code).toBe(0);
  expect(validations(cwd)).toEqual(losses);
  expect(readFileSync(join(cwd, RUN, 'best'), 'utf8')).toBe(best);
  const { code, stderr } = await kdHere(['train', '--resume', 'tiny:5', '--valid-pairs', 'all'], { cwd });
  expect([code, stderr]).toEqual([
    1,
    expect.stringContaining('--resume: expected the options that the run began with, --valid-pairs 7, not all'),
  ]);
});

it('trains as with all of them', async () => {
  const other = folderWithPairs(40);
  const { code, stdout, stderr } = await kdHere([...trainArguments(FLAGS), '--json'], { cwd: other });
  expect(code, stderr).toBe(0);
  expect(parseLines<{ event: string }>(stdout).find(({ event }) => event === 'baselines')).toMatchObject({ pairs: 23 });
  const [all, sampled] = [other, cwd].map((folder) => readCsv(join(folder, RUN, 'loss.csv')).map(({ loss }) => loss));
  expect(sampled).toEqual(all);
  expect(validations(other)).not.toEqual(validations(cwd));
});
