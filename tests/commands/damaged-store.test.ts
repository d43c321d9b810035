import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { kdHere } from '../in-process.js';
import { BACKEND, folderWithPairs, STUDENT, TEACHER } from './tiny.js';

const MODELS = ['--teacher', TEACHER, '--student', STUDENT];

/** Every file below a folder, with the hash of what is in it. */
function contents(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => statSync(join(folder, name)).isFile())
    .map(
      (name) =>
        `${name} ${createHash('sha256')
          .update(readFileSync(join(folder, name)))
          .digest('hex')}`,
    )
    .sort();
}

function flipByte(path: string): void {
  const bytes = readFileSync(path);
  bytes[bytes.length >> 1] ^= 1;
  writeFileSync(path, bytes);
}

it('a run does not resume with corrupted data, and is unchanged; a store in .prepared is made again', async () => {
  const cwd = folderWithPairs(12);
  const train = (...flags: string[]) => kdHere(['train', ...MODELS, '--backend', BACKEND, ...flags], { cwd });
  const prepared = await kdHere(['prepare', '--data', 'pairs.csv', '--out', 'store', ...MODELS], { cwd });
  expect(prepared.code, prepared.stderr).toBe(0);
  const first = await train('--data', 'store', '--batch-size', '4', '--epochs', '2', '--run', 'first');
  expect(first.code, first.stderr).toBe(0);

  flipByte(join(cwd, 'store/training-00000.arrow'));
  const before = contents(join(cwd, 'checkpoints/first'));
  const steps = before.filter((line) => /^step-\d+\/trainer\.json /.test(line));
  expect(steps.length).toBe(2);
  const refused = await train('--resume', `first/${steps[0].split('/')[0]}`, '--epochs', '3');
  expect(refused.stderr).toMatch(/training-00000\.arrow: expected the SHA-256 .*; prepare the data again\n$/);
  expect([refused.code, contents(join(cwd, 'checkpoints/first'))]).toEqual([1, before]);

  const flags = ['--data', 'pairs.csv', '--batch-size', '4', '--max-steps', '2'];
  expect((await train(...flags, '--run', 'second')).code).toBe(0);
  const kept = join(cwd, 'checkpoints/.prepared');
  const shard = join(kept, readdirSync(kept)[0], 'training-00000.arrow');
  const whole = readFileSync(shard);
  flipByte(shard);
  const third = await train(...flags, '--run', 'third');
  expect(third.code, third.stderr).toBe(0);
  expect(third.stderr).toMatch(/^warning: .*training-00000\.arrow: expected the SHA-256 .*: preparing it again$/m);
  expect(readFileSync(shard).equals(whole)).toBe(true);
});
