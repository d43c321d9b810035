import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { openSafetensors } from '../../src/weights/safetensors.js';
import { folderWithPairs, parseLines, STUDENT, train, writeModel } from './tiny.js';

let cwd: string;
beforeAll(async () => {
  cwd = folderWithPairs(20);
  await writeModel(join(cwd, 'narrow'), STUDENT, { hidden_size: 32, intermediate_size: 64, model_type: 'bert' });
});

const FLAGS = ['--student', 'narrow', '--epochs', '2', '--batch-size', '4', '--learning-rate', '0.01'];

describe('kd train --project', () => {
  it('is suggested if a student has another width, and nothing is written', () => {
    const { code, stderr } = train(cwd, FLAGS);
    expect([code, stderr.split('\n').at(-2)]).toEqual([
      1,
      "error: --student: expected the teacher's width of 48, got 32; choose a student as wide as the teacher, " +
        'or let it learn a projection with --project',
    ]);
    expect(existsSync(join(cwd, 'checkpoints'))).toBe(false);
  });

  it.each(['compiled', 'eager'])('learns a projection along on the %s engine, and saves it', async (engine) => {
    const { code, stdout, stderr } = train(cwd, [
      ...FLAGS,
      '--project',
      '--json',
      '--run',
      engine,
      '--engine',
      engine === 'compiled' ? 'auto' : engine,
    ]);
    expect(code, stderr).toBe(0);
    const losses = parseLines<{ event: string; loss: number; path: string }>(stdout);
    const [first, ...later] = losses.filter(({ event }) => event === 'validation').map(({ loss }) => loss);
    expect(later.at(-1)!).toBeLessThan(0.9 * first);
    const { path } = losses.findLast(({ event }) => event === 'checkpoint')!;
    const file = await openSafetensors(join(path, 'projection.safetensors'));
    expect([...file.tensors.values()].map(({ name, shape }) => [name, [...shape]])).toEqual(
      expect.arrayContaining([
        ['weight', [48, 32]],
        ['bias', [48]],
      ]),
    );
    expect(Math.max(...(await file.read('bias')).map(Math.abs))).toBeGreaterThan(0.001); // it starts at 0
    await file.close();
    expect(
      Object.keys((JSON.parse(readFileSync(join(path, 'manifest.json'), 'utf8')) as { files: object }).files),
    ).toContain('projection.safetensors');
  });

  it('does nothing for a student as wide as the teacher', () => {
    const { code, stderr } = train(cwd, ['--project', '--max-steps', '1', '--run', 'wide']);
    expect(code, stderr).toBe(0);
    expect(stderr).not.toContain('projection');
  });
});
