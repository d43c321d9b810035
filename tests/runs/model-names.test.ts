import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { resolveModelName } from '../../src/runs/model-names.js';
import { isRun, readRunConfig } from '../../src/runs/run-config.js';
import { pointAt } from '../../src/runs/run-folder.js';
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

it('a run is its best checkpoint, else the last, else the newest', async () => {
  const folder = await run('first', [100, 200, 300]);
  expect(await resolveModelName('first', '--model')).toEqual({
    label: 'first',
    source: 'checkpoints/first/step-00000300',
    run: 'checkpoints/first',
  });
  await pointAt(folder, 'last', 'step-00000200');
  expect((await resolveModelName('first', '--model')).source).toBe('checkpoints/first/step-00000200');
  await pointAt(folder, 'best', 'step-00000100');
  expect((await resolveModelName('first', '--model')).source).toBe('checkpoints/first/step-00000100');
  expect((await resolveModelName(folder, '--model')).source).toBe(join(folder, 'step-00000100'));
});

it('a checkpoint of a run is named by its step, or as best or last', async () => {
  const folder = await run('first', [100, 200]);
  await pointAt(folder, 'last', 'step-00000200');
  expect((await resolveModelName('first:100', '--model')).source).toBe('checkpoints/first/step-00000100');
  expect((await resolveModelName('first:last', '--model')).source).toBe('checkpoints/first/step-00000200');
  await expect(resolveModelName('first:150', '--model')).rejects.toThrow(
    '--model first:150: expected step-00000150 in checkpoints/first, which has step-00000100, step-00000200; give one as run:step, run:best or run:last',
  );
  await expect(resolveModelName('first:best', '--model')).rejects.toThrow(
    'expected a checkpoint in checkpoints/first, which has',
  );
});

it('clip and roberta are the teacher and the student of the newest run, or of the one in hand', async () => {
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

it('anything else is a folder or a hub id, a model folder of a run among them', async () => {
  await run('first', [100]);
  for (const name of [
    'klue/roberta-small',
    'klue/roberta-small@main',
    'checkpoints/first/step-00000100',
    './model',
    'nowhere',
  ]) {
    expect(await resolveModelName(name, '--model')).toEqual({ label: name, source: name });
  }
});

it('the configuration of a model is none of a run', async () => {
  const folder = await run('first', []);
  expect(await isRun(folder)).toBe(true);
  expect((await readRunConfig(folder)).teacher.source).toBe('models/teacher');
  mkdirSync('model');
  writeFileSync('model/config.json', '{"model_type": "roberta"}');
  expect(await isRun('model')).toBe(false);
  await expect(readRunConfig('model')).rejects.toThrow(
    'model/config.json: expected the configuration of a run, got a file without created; name a folder that kd train made',
  );
  writeFileSync('model/config.json', '{');
  await expect(readRunConfig('model')).rejects.toThrow(/^model\/config\.json: expected JSON, got /);
  await expect(readRunConfig('nowhere')).rejects.toThrow('nowhere/config.json: cannot be read: no such file or folder');
});
