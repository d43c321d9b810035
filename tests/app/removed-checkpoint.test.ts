/** @file Checkpoints that training removes just before another command reads them. */
import { cpSync, existsSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openOutput } from '../../src/app/output.js';
import { openEncoder, startEncoder } from '../../src/app/open-encoder.js';
import { fetchModel } from '../../src/app/fetch-model.js';
import { openPretrained } from '../../src/models/pretrained.js';
import { CheckpointRemovedError } from '../../src/runs/removed-checkpoint.js';
import { loadTokenizer } from '../../src/text/tokenizer.js';
import { temporaryFolder } from '../cli.js';
import { kdHere } from '../in-process.js';
import { BACKEND, folderWithPairs, STUDENT, TEACHER } from '../commands/tiny.js';

const OUTPUT = openOutput({ quiet: true });
const home = process.cwd();

let original: string;
let run: string;
beforeAll(async () => {
  original = folderWithPairs(20);
  const args = ['train', '--data', 'pairs.csv', '--teacher', TEACHER, '--student', STUDENT, '--backend', BACKEND];
  const flags = ['--engine', 'eager', '--max-steps', '4', '--save-every', '1', '--keep', '9', '--run', 'first'];
  expect(await kdHere([...args, ...flags], { cwd: original })).toMatchObject({ code: 0 });
});
beforeEach(() => {
  const cwd = temporaryFolder();
  cpSync(original, cwd, { recursive: true });
  writeFileSync(join(cwd, 'texts.txt'), 'a yellow car\n');
  process.chdir(cwd);
  run = 'checkpoints/first';
});
afterAll(() => {
  process.chdir(home);
});

/** Removes a checkpoint as training does, the name first. */
function prune(step: number): void {
  const name = `step-0000000${step}`;
  renameSync(join(run, name), join(run, `.tmp-${name}`));
  rmSync(join(run, `.tmp-${name}`), { recursive: true });
}

/** Opens a name whose checkpoint is removed `times` times before it is open. */
async function openWhilePruned(name: string, times: number, between: (source: string) => void): Promise<string> {
  let done = 0;
  const { source } = await openEncoder({ name, flag: '--model' }, OUTPUT, async (named) => {
    if (done++ < times) between(named.source);
    const folder = await fetchModel(named.source, '--model', OUTPUT, ['config', 'weights']);
    const tokenizer = await loadTokenizer(folder);
    return { ...named, model: await openPretrained(folder, 0), tokenizer, folder, tokenizerFolder: folder };
  });
  return source;
}

const stepOf = (source: string): number => Number(/(\d+)$/.exec(source)![1]);

describe('a checkpoint that is removed before it is opened', () => {
  it.each(['first:last', 'first:best', 'first', 'roberta'])(
    'is followed by the one that %s stands for then',
    async (name) => {
      for (const pointer of ['best', 'last']) writeFileSync(join(run, pointer), 'step-00000001\n');
      const source = await openWhilePruned(name, 2, (removed) => {
        for (const pointer of ['best', 'last'])
          writeFileSync(join(run, pointer), `step-0000000${stepOf(removed) + 1}\n`);
        prune(stepOf(removed));
      });
      expect(source).toBe(join(run, 'step-00000003'));
    },
  );

  it('is reported as removed if its step was named, with the remaining ones', async () => {
    const opening = openWhilePruned('first:2', 1, (source) => {
      prune(stepOf(source));
    });
    await expect(opening).rejects.toThrow(
      '--model first:2: expected step-00000002 in checkpoints/first, which training has removed or never wrote: ' +
        'it keeps the newest (--keep) and the best; there are step-00000001, step-00000003, step-00000004',
    );
  });

  it('is opened again if another one of the same step replaced it', async () => {
    const source = await openWhilePruned('first:2', 1, (folder) => {
      cpSync(folder, `${folder}-again`, { recursive: true });
      prune(2);
      renameSync(`${folder}-again`, folder);
      throw new Error('a file that was there is not'); // as the first attempt finds
    });
    expect(source).toBe(join(run, 'step-00000002'));
  });

  it('does not excuse errors in a checkpoint that exists', async () => {
    rmSync(join(run, 'step-00000002/config.json'));
    await expect(openWhilePruned('first:2', 0, () => undefined)).rejects.toThrow(/config\.json/);
  });
});

describe('a checkpoint that is removed after it was opened', () => {
  it('is reported as removed when its weights are wanted', async () => {
    const opened = await openEncoder({ name: 'first:2', flag: '--model' }, OUTPUT);
    prune(2);
    const starting = startEncoder(opened, { backend: BACKEND, device: 'auto' }, OUTPUT);
    await expect(starting).rejects.toThrow(CheckpointRemovedError);
    await expect(openEncoder({ name: 'first:2', flag: '--model' }, OUTPUT)).rejects.toThrow('step-00000001');
  });

  it('is read to its end if reading has begun', async () => {
    const opened = await openEncoder({ name: 'first:2', flag: '--model' }, OUTPUT);
    const names: string[] = [];
    for await (const [name] of opened.model.parameters()) {
      if (names.push(name) === 1) prune(2);
    }
    expect(names).toHaveLength(Object.keys(opened.model.encoder.shapes).length);
    expect(existsSync(join(run, 'step-00000002'))).toBe(false);
  });
});

it.each([
  ['encode', ['--model', 'checkpoints/first/step-00000002', '--input', 'texts.txt', '--output', 'out.safetensors']],
  ['eval', ['--compare', 'checkpoints/first/step-00000002']],
  ['export', ['checkpoints/first/step-00000002', '--to', 'exported']],
  ['train', ['--data', 'pairs.csv', '--teacher', TEACHER, '--student', 'checkpoints/first/step-00000002']],
])('kd %s says that a checkpoint named by its folder was removed, and which ones remain', async (command, args) => {
  prune(2);
  const { code, stderr } = await kdHere([command, ...args], { cwd: process.cwd() });
  expect(code).toBe(1);
  const line = stderr.trimEnd().split('\n').at(-1)!;
  expect(line).toContain(': expected step-00000002 in checkpoints/first, which ');
  expect(line).toContain(' step-00000001, step-00000003, step-00000004');
  expect(line).toMatch(/keeps the newest.*--keep.* and the best/);
});
