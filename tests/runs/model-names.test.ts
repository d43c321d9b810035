import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { InputError } from '../../src/base/errors.js';
import { resolveModelName } from '../../src/runs/model-names.js';
import { readRunConfig } from '../../src/runs/run-config.js';
import { isRun } from '../../src/runs/run-list.js';
import { writePointer } from '../../src/runs/run-folder.js';
import { temporaryFolder } from '../cli.js';
import { newRun } from './new-run.js';

const home = process.cwd();
beforeEach(() => {
  process.chdir(temporaryFolder());
});
afterEach(() => {
  process.chdir(home);
});

const config = (settings: object = {}): object => ({
  created: '2026-01-02T03:04:05.000Z',
  settings,
  teacher: { source: 'models/teacher', parameters: 1 },
  student: { source: 'klue/roberta-small', parameters: 2 },
  data: { fingerprint: 'f', training_pairs: 8, validation_pairs: 2, store: 'store' },
  fingerprints: { data: 'f' },
  engine: { engine: 'compiled', precision: 'fp32', device: 'cpu', backend: 'tensorflow' },
});

async function run(name: string, steps: readonly number[], settings?: object): Promise<string> {
  const folder = await newRun(name, config(settings));
  for (const step of steps) mkdirSync(join(folder, `step-${String(step).padStart(8, '0')}`));
  return folder;
}

it("a run's name means its best checkpoint, else the last, else the newest", async () => {
  const folder = await run('first', [100, 200, 300]);
  expect(await resolveModelName('first', '--model')).toEqual({
    label: 'first',
    source: 'checkpoints/first/step-00000300',
    run: 'checkpoints/first',
  });
  await writePointer(folder, 'last', 'step-00000200');
  expect((await resolveModelName('first', '--model')).source).toBe('checkpoints/first/step-00000200');
  await writePointer(folder, 'best', 'step-00000100');
  expect((await resolveModelName('first', '--model')).source).toBe('checkpoints/first/step-00000100');
  expect((await resolveModelName(folder, '--model')).source).toBe(join(folder, 'step-00000100'));
});

it('a checkpoint of a run is named by its step, or as best or last', async () => {
  const folder = await run('first', [100, 200]);
  await writePointer(folder, 'last', 'step-00000200');
  expect((await resolveModelName('first:100', '--model')).source).toBe('checkpoints/first/step-00000100');
  expect((await resolveModelName('first:last', '--model')).source).toBe('checkpoints/first/step-00000200');
  await expect(resolveModelName('first:150', '--model')).rejects.toThrow(
    '--model first:150: expected step-00000150 in checkpoints/first, which has step-00000100, step-00000200; ' +
      'give one as run:step, run:best or run:last',
  );
  await expect(resolveModelName('first:best', '--model')).rejects.toThrow(
    'expected `best` to name a checkpoint of checkpoints/first, which has step-00000100, step-00000200, but it ' +
      'is not there',
  );
});

it('clip and roberta are the teacher and the student of the newest run, or of the given one', async () => {
  await expect(resolveModelName('roberta', '--compare')).rejects.toThrow(
    /^--compare roberta: expected a run under \S+checkpoints, found none; train one/,
  );
  expect(await resolveModelName('clip', '--compare')).toEqual({
    label: 'clip',
    source: 'openai/clip-vit-large-patch14',
  });
  const folder = await run('first', [100], { teacherTokenizer: 'models/words' });
  expect(await resolveModelName('clip', '--compare')).toEqual({
    label: 'clip',
    source: 'models/teacher',
    tokenizerSource: 'models/words',
  });
  expect(await resolveModelName('roberta', '--compare', folder)).toEqual({
    label: 'roberta',
    source: join(folder, 'step-00000100'),
    run: folder,
  });
});

it('all names of a checkpoint refer to it, with its run', async () => {
  const folder = await run('first', [100, 200]);
  const found = { source: 'checkpoints/first/step-00000100', run: 'checkpoints/first' };
  for (const name of [
    'first:100',
    'first:step-00000100',
    'first:step-100',
    'first/step-00000100',
    'first/step-100',
    'checkpoints/first:100',
    'checkpoints/first/step-00000100',
    'checkpoints/first/step-00000100/',
  ])
    expect(await resolveModelName(name, '--model'), name).toEqual({ label: name, ...found });
  await writePointer(folder, 'best', 'step-00000100');
  for (const name of ['first', 'first:best', 'first/best', 'checkpoints/first/', 'checkpoints/first/best'])
    expect(await resolveModelName(name, '--model'), name).toEqual({ label: name, ...found });
  process.chdir(folder);
  expect((await resolveModelName('.', '--model')).source).toBe('step-00000100');
});

it('a name that only a run could have, and none has, is rejected with a list of runs', async () => {
  await expect(resolveModelName('first', '--model')).rejects.toThrow(
    /^--model first: expected a run, .*, found none of that name; there is no run under \S+\/checkpoints yet$/,
  );
  for (const name of ['first', 'second', 'third', 'a', 'b', 'c', 'd']) await run(name, [100]);
  for (const name of [
    'frist',
    'frist:300',
    'frist:best',
    'frist/step-100',
    'checkpoints/frist',
    'checkpoints/x/step-1',
  ])
    await expect(resolveModelName(name, '--model'), name).rejects.toThrow(
      new InputError(
        `--model ${name}: expected a run, its folder, a model's folder or a model on the hub as owner/name, ` +
          'found none of that name; the runs, newest first: d, c, b, a, third and 2 more',
      ),
    );
  mkdirSync('model');
  expect(await resolveModelName('model', '--model')).toEqual({ label: 'model', source: 'model' });
});

it('of many checkpoints, only the newest are named', async () => {
  await run('first', [1, 2, 3, 4, 5, 6, 7]);
  await expect(resolveModelName('first:9', '--model')).rejects.toThrow(
    'which has 2 older, step-00000003, step-00000004, step-00000005, step-00000006, step-00000007; give one as',
  );
});

it('anything else is a folder or a hub id', async () => {
  await run('first', [100]);
  for (const name of ['klue/roberta-small', 'klue/roberta-small@main', './model', './checkpoints', 'models/nowhere']) {
    expect(await resolveModelName(name, '--model')).toEqual({ label: name, source: name });
  }
});

it("a model's configuration is not a run's", async () => {
  const folder = await run('first', []);
  expect(await isRun(folder)).toBe(true);
  expect((await readRunConfig(folder)).teacher.source).toBe('models/teacher');
  mkdirSync('model');
  writeFileSync('model/config.json', '{"model_type": "roberta"}');
  expect(await isRun('model')).toBe(false);
  await expect(readRunConfig('model')).rejects.toThrow(
    "model/config.json: expected a value, got nothing (created); restore the run's configuration from a copy",
  );
  writeFileSync('model/config.json', '{');
  await expect(readRunConfig('model')).rejects.toThrow(/^model\/config\.json: expected JSON, got /);
  await expect(readRunConfig('nowhere')).rejects.toThrow('nowhere/config.json: cannot be read: no such file or folder');
});
