/** @file `kd train --group-by-length --padding shared`: that such a run continues as if it had never stopped. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { kd } from '../cli.js';
import { kdHere } from '../in-process.js';
import { BACKEND, folderWithPairs, readCsv, readJson, trainArguments } from './tiny.js';

const FLAGS = ['--epochs', '2', '--batch-size', '4', '--log-every', '1', '--save-every', '2', '--keep', '9'];
const GROUPED = ['--group-by-length', '--padding', 'shared', '--dropout', '0.1'];
const RUN = 'checkpoints/tiny';

const lossesIn = (cwd: string): number[][] =>
  readCsv(join(cwd, RUN, 'loss.csv')).map(({ step, loss_en, loss_ko }) => [step, loss_en, loss_ko]);

const ENGINES = BACKEND === 'tensorflow' ? ['compiled', 'eager'] : ['eager'];

describe.each(ENGINES)('pairs grouped by length, padding with shared masks, %s engine', (engine) => {
  it('are a distinct run, which resumes bit for bit', async () => {
    const cwd = folderWithPairs(24);
    const trained = await kdHere(trainArguments([...FLAGS, ...GROUPED, '--engine', engine]), { cwd });
    expect(trained.code, trained.stderr).toBe(0);
    expect(readJson<{ settings: object }>(join(cwd, RUN, 'config.json')).settings).toMatchObject({
      groupByLength: true,
      padding: 'shared',
    });
    const losses = lossesIn(cwd);
    expect(losses).toHaveLength(8);
    const last = readFileSync(join(cwd, RUN, 'last'), 'utf8').trim();
    const student = readFileSync(join(cwd, RUN, last, 'model.safetensors'));

    const again = kd(['train', '--resume', 'tiny:6'], { cwd }); // within the second epoch
    expect(again.code, again.stderr).toBe(0);
    expect(lossesIn(cwd)).toEqual(losses);
    expect(readFileSync(join(cwd, RUN, last, 'model.safetensors')).equals(student)).toBe(true);

    const refused = await kdHere(['train', '--resume', 'tiny:6', '--padding', 'each'], { cwd });
    expect([refused.code, refused.stderr]).toEqual([
      1,
      expect.stringContaining('--resume: expected the options that the run began with, --padding shared, not each'),
    ]);

    const other = folderWithPairs(24);
    const plain = [...FLAGS, '--dropout', '0.1', '--engine', engine, '--epochs', '1'];
    expect((await kdHere(trainArguments(plain), { cwd: other })).code).toBe(0);
    const ungrouped = lossesIn(other);
    expect(ungrouped).not.toEqual(losses.slice(0, ungrouped.length));
  });
});
