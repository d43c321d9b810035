/**
 * @file Runs that the first version of this program began: they go on as that version would have gone on, or it is said
 *   why not.
 */
import { createHash } from 'node:crypto';
import { appendFileSync, cpSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { legacyStoreKeys } from '../../src/app/store-key.js';
import { PREPARE_DEFAULTS } from '../../src/data/prepare/settings.js';
import { loadTokenizer } from '../../src/text/tokenizer.js';
import { temporaryFolder, type CliResult } from '../cli.js';
import { PARITY } from '../fixtures/index.js';
import { kdHere } from '../in-process.js';
import { readCsv, readJson } from './tiny.js';

const EARLIER = join(import.meta.dirname, '../fixtures/earlier-run');
const RUN = 'checkpoints/first';
const STORE = 'checkpoints/.prepared/3be5e8ee4d11ba02';
const TOKENIZER = ['tokenizer.json', 'tokenizer_config.json', 'special_tokens_map.json'];

/** A new folder as the first version left it when the run was stopped. */
function project(): string {
  const cwd = temporaryFolder();
  cpSync(join(EARLIER, 'pairs.csv'), join(cwd, 'pairs.csv'));
  cpSync(join(EARLIER, 'run'), join(cwd, RUN), { recursive: true });
  cpSync(join(EARLIER, 'prepared'), join(cwd, STORE), { recursive: true });
  const places = { teacher: ['teacher'], student: ['student', `${RUN}/step-00000009`, `${RUN}/step-00000012`] };
  for (const [role, folders] of Object.entries(places))
    for (const folder of folders) {
      mkdirSync(join(cwd, folder), { recursive: true });
      for (const name of TOKENIZER) cpSync(join(PARITY, role, name), join(cwd, folder, name));
    }
  cpSync(join(EARLIER, 'models'), cwd, { recursive: true });
  return cwd;
}

const resume = (cwd: string, ...flags: string[]): Promise<CliResult> =>
  kdHere(['train', '--resume', 'first', ...flags], { cwd });

/** Losses and learning rates of a log; on how many pairs was validated, the first version did not say. */
const lossesIn = (path: string): object[] =>
  readCsv(path).map((row) => ({
    ...row,
    ...(path.endsWith('validation.csv') ? { pairs: 0 } : {}),
    pairs_per_second: 0,
    ...('grad_norm' in row ? { grad_norm: 0 } : {}),
  }));

const normsIn = (path: string): number[] => readCsv(path).map((row) => row.grad_norm);

/**
 * How far apart norms may be that are summed in another order, relative: each addition of float32 rounds by at most its
 * unit roundoff, the student has 24 parameters, and a square root halves the error.
 */
const NORM_ROUNDING = (2 * 24 * 2 ** -24) / 2;

function expectFinished(cwd: string): void {
  for (const log of ['loss.csv', 'validation.csv'])
    expect(lossesIn(join(cwd, RUN, log))).toEqual(lossesIn(join(EARLIER, 'finished', log)));
  const [norms, expected] = [join(cwd, RUN), join(EARLIER, 'finished')].map((run) => normsIn(join(run, 'loss.csv')));
  // the first version added the squares of the parameters in no fixed order
  for (const [i, norm] of norms.entries()) expect(Math.abs(norm / expected[i] - 1)).toBeLessThan(NORM_ROUNDING);
  const sums = readFileSync(join(EARLIER, 'finished/step-00000027.sha256'), 'utf8').trimEnd().split('\n');
  expect(sums).toHaveLength(2);
  for (const [sum, name] of sums.map((line) => line.split(/ +/))) {
    const bytes = readFileSync(join(cwd, RUN, 'step-00000027', name));
    expect(createHash('sha256').update(bytes).digest('hex'), name).toBe(sum);
  }
}

/** Makes the store one that the first version made of the pairs as they are now. */
async function makeTheStoreOfTheFiles(cwd: string): Promise<string> {
  const [teacher, student] = await Promise.all(['teacher', 'student'].map((role) => loadTokenizer(join(cwd, role))));
  const { validFraction, seed, shuffle } = readJson<{ settings: Record<string, unknown> }>(
    join(cwd, RUN, 'config.json'),
  ).settings;
  const options = { ...PREPARE_DEFAULTS, samples: undefined, validFraction, seed, shuffle };
  const [key] = await legacyStoreKeys([join(cwd, 'pairs.csv')], options, { teacher, student });
  const store = `checkpoints/.prepared/${key}`;
  renameSync(join(cwd, STORE), join(cwd, store));
  const config = readFileSync(join(cwd, RUN, 'config.json'), 'utf8');
  writeFileSync(join(cwd, RUN, 'config.json'), config.replaceAll(STORE, store));
  return store;
}

describe('a run of the first version', () => {
  it('resumes bit for bit, with its pairs prepared again', async () => {
    const cwd = project();
    const { code, stderr } = await resume(cwd);
    expect(code, stderr).toBe(0);
    expectFinished(cwd);
  });

  it('resumes bit for bit from its original store', async () => {
    const cwd = project();
    rmSync(join(cwd, 'pairs.csv'));
    const { code, stderr } = await resume(cwd, '--data', STORE);
    expect(code, stderr).toBe(0);
    expectFinished(cwd);
  });

  it('is refused if today’s rules select other pairs from the same files, and resumes from its store', async () => {
    const cwd = project();
    appendFileSync(join(cwd, 'pairs.csv'), '하나\u200b,one\n하나,one\u200b\n');
    const store = await makeTheStoreOfTheFiles(cwd);
    const { code, stderr } = await resume(cwd);
    expect([code, stderr.split('\n').at(-2)]).toEqual([
      1,
      expect.stringMatching(
        /^error: .*\/first: expected the pairs that the run began with \(46ae87ad6b0f\), got others \([0-9a-f]{12}\): the files are as they were, but this version of kd chooses pairs by other rules than the one that began the run; resume with the pairs that it began with: --data checkpoints\/\.prepared\/[0-9a-f]{16}$/,
      ),
    ]);
    const onward = await resume(cwd, '--data', store);
    expect(onward.code, onward.stderr).toBe(0);
    expectFinished(cwd);
  });

  it('is refused if the files have changed', async () => {
    const cwd = project();
    appendFileSync(join(cwd, 'pairs.csv'), '하나,one\n');
    expect((await resume(cwd)).stderr).toContain(
      ': the files, or the rules by which pairs are chosen, have changed; resume with the pairs that it began ' +
        `with: --data ${STORE}\n`,
    );
    rmSync(join(cwd, STORE), { recursive: true });
    expect((await resume(cwd)).stderr).toContain('have changed; restore the files, or start another run\n');
  });

  it('is refused with another tokenizer, and with a store of ids that its tokenizer no longer gives', async () => {
    const cwd = project();
    const path = join(cwd, 'teacher/tokenizer.json');
    const text = readFileSync(path, 'utf8');
    writeFileSync(path, text.replace(/\n$/, '') + '\n\n');
    expect((await resume(cwd)).stderr).toMatch(
      /error: .*expected what the run began with, but these have changed: teacher tokenizer \(9e0d42c05d06, now [0-9a-f]{12}\)/,
    );
    writeFileSync(path, text);
    const manifest = join(cwd, STORE, 'manifest.json');
    writeFileSync(manifest, readFileSync(manifest, 'utf8').replace(/"pad_id": \d+/, '"pad_id": 0'));
    expect((await resume(cwd, '--data', STORE)).stderr).toMatch(
      /error: .*3be5e8ee4d11ba02: expected ids of this teacher's tokenizer \([0-9a-f]{12}\), got ids by the rules of an earlier version; prepare the data again/,
    );
  });
});
