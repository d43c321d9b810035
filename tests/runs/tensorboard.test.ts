import { appendFileSync, mkdtempSync, readFileSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { keepEvents, openEventFile } from '../../src/runs/tensorboard.js';

it("writes frames that TensorBoard's own reader accepts, checksums included", () => {
  const folder = mkdtempSync(join(tmpdir(), 'kd-events-'));
  const file = openEventFile(folder, 0, () => 1_700_000_000_250);
  file.scalars(300, { 'train/loss': 1.5, 'train/learning_rate': 5e-5 });
  file.scalars(70_000, { 'train/loss': -0.25 });
  file.close();

  const [name] = readdirSync(folder);
  expect(name).toMatch(/^events\.out\.tfevents\.1700000000\./);
  // These bytes were read back with tensorboard 2.21's EventFileLoader, which checks every frame.
  expect(readFileSync(join(folder, name)).toString('hex')).toBe(
    '1800000000000000a37f4b220900001040fc54d9411a0d627261696e2e4576656e743a32338d2fe9' +
      '0f000000000000006d532b090900001040fc54d94110003a020801b3f1e96a' + // SessionLog START at step 0
      '3d000000000000006049f1ec0900001040fc54d94110ac022a2f0a110a0a747261696e2f6c6f7373150000c03f' +
      '0a1a0a13747261696e2f6c6561726e696e675f726174651517b75138e908cb22' +
      '220000000000000078113dfd0900001040fc54d94110f0a2042a130a110a0a747261696e2f6c6f737315000080beceb5ef62',
  );
});

it('tells TensorBoard to discard the steps after the one that a run resumes from', () => {
  const folder = mkdtempSync(join(tmpdir(), 'kd-events-'));
  openEventFile(folder, 300, () => 1_700_000_000_250).close();
  const bytes = readFileSync(join(folder, readdirSync(folder)[0])).toString('hex');
  expect(bytes).toContain('10ad023a020801'); // SessionLog START at step 301
});

it('names files in increasing order, even within a second and if the clock was set back', () => {
  const folder = mkdtempSync(join(tmpdir(), 'kd-events-'));
  const names: string[] = [];
  for (const now of [1_700_000_000_250, 1_700_000_000_750, 1_600_000_000_000, 1_700_000_009_000]) {
    openEventFile(folder, 1, () => now).close();
    names.push(readdirSync(folder).find((name) => !names.includes(name))!);
  }
  expect(names.map((name) => name.split('.')[3])).toEqual(['1700000000', '1700000001', '1700000002', '1700000009']);
  expect([...names].sort()).toEqual(names);
});

it('removes events after a step and what a killed process left unfinished', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'kd-events-'));
  const bytes = (): Buffer => readFileSync(join(folder, readdirSync(folder)[0]));
  const file = openEventFile(folder, 0, () => 1_700_000_000_250);
  file.scalars(300, { 'train/loss': 1.5 });
  file.scalars(300, { 'validation/loss': 1.5 });
  const kept = bytes();
  file.scalars(70_000, { 'train/loss': -0.25 });
  file.close();
  appendFileSync(join(folder, readdirSync(folder)[0]), kept.subarray(0, 20));
  await keepEvents(folder, (step, tag) => step <= 300 && /^(train|validation)\/loss$/.test(tag));
  expect(bytes().equals(kept)).toBe(true);
  await keepEvents(folder, (step, tag) => tag === 'train/loss' && step === 300);
  expect(bytes().length).toBeLessThan(kept.length);
});
