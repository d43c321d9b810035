import { mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { InputError } from '../../src/base/errors.js';
import { findRun } from '../../src/runs/find-run.js';
import { recordResumption, type RunConfig } from '../../src/runs/run-config.js';
import {
  beginRun,
  checkRunIsNew,
  defaultRunName,
  makeRunFolder,
  newestRun,
  writePointer,
  pointerTarget,
  removeIfEmpty,
  discardRun,
} from '../../src/runs/run-folder.js';
import { temporaryFolder } from '../cli.js';
import { newRun } from './new-run.js';

const home = process.cwd();
let cwd: string;
beforeEach(() => {
  cwd = temporaryFolder();
  process.chdir(cwd);
});
afterEach(() => {
  process.chdir(home);
});

it('a run is named after its start time', () => {
  expect(defaultRunName(new Date(2026, 0, 2, 3, 4, 5))).toBe('2026-01-02-030405');
  expect(defaultRunName(new Date(2026, 10, 22, 23, 59, 0))).toBe('2026-11-22-235900');
});

describe('a new run', () => {
  it('is a folder with its configuration', async () => {
    const folder = await newRun('first', { epochs: 2 });
    expect(folder).toBe(join(process.cwd(), 'checkpoints/first'));
    expect(readFileSync(join(folder, 'config.json'), 'utf8')).toBe('{\n  "order": 1,\n  "epochs": 2\n}\n');
  });

  it('may use a folder that does not contain a run', async () => {
    mkdirSync('checkpoints/notes', { recursive: true });
    writeFileSync('checkpoints/notes/plan.txt', 'later');
    await newRun('notes', {});
    expect(readFileSync('checkpoints/notes/plan.txt', 'utf8')).toBe('later');
  });

  it.each(['step-00000010', 'loss.csv'])('takes no folder in which %s was left', async (left) => {
    mkdirSync('checkpoints/first', { recursive: true });
    if (left === 'loss.csv') writeFileSync(join('checkpoints/first', left), '');
    else mkdirSync(join('checkpoints/first', left));
    const taken =
      `checkpoints/first: expected no run there yet, found ${left}, but no config.json; choose another --run, or ` +
      'move it away';
    await expect(checkRunIsNew('first')).rejects.toThrow(taken);
    await expect(makeRunFolder('first')).rejects.toThrow(taken);
  });

  it('does not replace another', async () => {
    await newRun('first', { epochs: 1 });
    const taken = new InputError(
      'checkpoints/first: expected no run there yet, found one; resume it with --resume first, choose another ' +
        '--run, or delete it',
    );
    await expect(newRun('first', { epochs: 2 })).rejects.toThrow(taken);
    await expect(checkRunIsNew('first')).rejects.toThrow(taken);
    await expect(makeRunFolder('first')).rejects.toThrow(taken);
    // another process was quicker
    await expect(beginRun(join(cwd, 'checkpoints/first'), { epochs: 2 })).rejects.toThrow(taken);
    expect(readFileSync('checkpoints/first/config.json', 'utf8')).toContain('"epochs": 1');
  });

  it.each(['', '.', '..', 'a/b', '/a', 'a/'])('is not called %j', async (name) => {
    await expect(newRun(name, {})).rejects.toThrow(
      `--run: expected the name of a folder under checkpoints/, got ${JSON.stringify(name)}: ` +
        `it is ${name === '' ? 'empty' : 'a path'}; choose another`,
    );
  });

  // Each is what another command would take for something else, or could not be given.
  it.each([
    ['a:b', 'a colon comes between a run and its checkpoint, as in first:300'],
    ['x,y', 'commas come between names, as in --compare first,second'],
    ['clip', 'clip and roberta stand for models of a run'],
    ['roberta', 'clip and roberta stand for models of a run'],
    ['.prepared', 'a folder whose name begins with a dot is not a run'],
    ['-v', 'it looks like a flag'],
    ['step-00000001', 'that is how a checkpoint is named'],
    ['step-1', 'that is how a checkpoint is named'],
    ['best', 'that is how a checkpoint is named'],
    ['last', 'that is how a checkpoint is named'],
    ['a\nb', 'it has characters that cannot be shown'],
    ['a\u0000', 'it has characters that cannot be shown'],
    ['a\u202eb', 'it has characters that cannot be shown'],
    ['   ', 'it is empty'],
    ['\u3000', 'it is empty'],
    ['first ', 'it begins or ends with a space'],
    [' first', 'it begins or ends with a space'],
    ['first.', 'it ends with a dot'],
    ['글'.repeat(86), 'it has more than 255 bytes'],
  ])('cannot be called %j: %s', async (name, flaw) => {
    await expect(checkRunIsNew(name)).rejects.toThrow(`: ${flaw}; choose another`);
  });

  it.each(['first', '첫째', 'my run', '2026-11-22-103000', 'v1.2', 'a+b=c', 'step', 'best-of-3', '글'.repeat(85)])(
    'may be called %j',
    async (name) => {
      await newRun(name, { settings: {} });
      expect(await findRun(name)).toEqual({ folder: `checkpoints/${name}`, name, checkpoint: undefined });
    },
  );

  it('does not replace a file', async () => {
    mkdirSync('checkpoints');
    writeFileSync('checkpoints/first', '');
    await expect(checkRunIsNew('first')).rejects.toThrow(
      'checkpoints/first: expected a folder or nothing there, found a file; choose another --run',
    );
  });

  it('that is removed again leaves nothing of its own', async () => {
    mkdirSync('checkpoints/notes', { recursive: true });
    writeFileSync('checkpoints/notes/plan.txt', 'later');
    for (const [name, before] of [
      ['first', []],
      ['notes', ['plan.txt']],
    ] as const) {
      const folder = await newRun(name, {});
      writeFileSync(join(folder, 'loss.csv'), 'step\n');
      discardRun(folder, before);
      removeIfEmpty(folder);
    }
    expect(readdirSync('checkpoints')).toEqual(['notes']);
    expect(readdirSync('checkpoints/notes')).toEqual(['plan.txt']);
  });

  it('reports system errors', async () => {
    writeFileSync('checkpoints', 'a file');
    await expect(newRun('first', {})).rejects.toThrow(
      /^\S+\/checkpoints\/first: cannot be made: a part of the path is not a folder$/,
    );
  });
});

it('best and last each name a checkpoint, or none yet', async () => {
  const run = await newRun('first', {});
  expect(await pointerTarget(run, 'best')).toBeUndefined();
  await writePointer(run, 'best', 'step-00000010');
  await writePointer(run, 'last', 'step-00000020');
  await writePointer(run, 'last', 'step-00000030');
  expect([await pointerTarget(run, 'best'), await pointerTarget(run, 'last')]).toEqual([
    'step-00000010',
    'step-00000030',
  ]);
  expect(readFileSync(join(run, 'last'), 'utf8')).toBe('step-00000030\n');
});

describe('the newest run', () => {
  it("is the last one started, whatever its name and the clock's changes", async () => {
    expect(await newestRun()).toBeUndefined();
    for (const [name, time] of [
      ['b', 300],
      ['c', 100],
      ['a', 200],
    ] as const) {
      const folder = await newRun(name, { settings: {} });
      utimesSync(join(folder, 'config.json'), time, time);
    }
    mkdirSync('checkpoints/z-not-a-run');
    expect(await newestRun()).toBe('checkpoints/a');
  });

  it('is the last one resumed', async () => {
    const first = await newRun('first', { settings: {} });
    await newRun('second', { settings: {} });
    await recordResumption(first, { resumed: [] } as unknown as RunConfig, {}, 3);
    expect(await newestRun()).toBe('checkpoints/first');
    expect(readFileSync(join(first, 'config.json'), 'utf8')).toMatch(/"order": 3/);
  });

  it('is found by time among those without an order in their configuration, which come last', async () => {
    for (const [name, text, time] of [
      ['b', '{"settings": {}}', 300],
      ['c', '{', 400],
      ['a', '{"order": "9", "settings": {}}', 200],
    ] as const) {
      mkdirSync(join('checkpoints', name, 'step-00000001'), { recursive: true });
      writeFileSync(join('checkpoints', name, 'config.json'), text);
      utimesSync(join('checkpoints', name, 'config.json'), time, time);
    }
    expect(await newestRun()).toBe('checkpoints/c');
    utimesSync(join(await newRun('d', { settings: {} }), 'config.json'), 100, 100);
    expect(await newestRun()).toBe('checkpoints/d');
  });
});
