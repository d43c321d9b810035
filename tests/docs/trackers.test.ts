/** @file What docs/trackers.md shows of Trackio and Weights & Biases, where a Python has them; without a network. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { folderWithPairs, trainArguments } from '../commands/tiny.js';
import { kdHere } from '../in-process.js';
import { blocksOf } from './documents.js';

const PYTHON = process.env.KD_PYTHON ?? 'python3';
const has = (modules: string): boolean => spawnSync(PYTHON, ['-c', `import ${modules}`]).status === 0;
const hasTrackio = has('trackio, tbparse');
const hasWandb = has('wandb, tensorboard');

const blockWith = (text: string): string =>
  blocksOf('docs/trackers.md', 'python').find((block) => block.includes(text))!;

let cwd: string;

/** Runs Python on a folder of its own for what trackers keep, and returns what it prints. */
function python(code: string, args: readonly string[] = []): string {
  const env = { ...process.env, HOME: cwd, TRACKIO_DIR: join(cwd, 'trackio'), WANDB_MODE: 'offline' };
  const { status, stdout, stderr } = spawnSync(PYTHON, ['-c', code, ...args], { cwd, env, encoding: 'utf8' });
  expect(status, stderr).toBe(0);
  return stdout;
}

/** A column of a run's file, with its steps, as event files hold it: in float32. */
function logged(file: string, column: string): { step: number; value: number }[] {
  const [header, ...rows] = readFileSync(join(cwd, 'checkpoints/first', file), 'utf8')
    .trim()
    .split('\n');
  const at = header.split(',').indexOf(column);
  return rows.map((row) => ({ step: Number(row.split(',')[0]), value: Math.fround(Number(row.split(',')[at])) }));
}

describe.skipIf(!hasTrackio && !hasWandb)('docs/trackers.md', () => {
  beforeAll(async () => {
    cwd = folderWithPairs(12);
    const flags = ['--run', 'first', '--max-steps', '3', '--log-every', '1'];
    expect((await kdHere(trainArguments(flags), { cwd })).code).toBe(0);
  });

  it.skipIf(!hasTrackio)(
    'shows how to import runs into Trackio',
    () => {
      expect(python(blockWith('import trackio'))).toContain("as run 'first'");
      const get = (metric: string): unknown => {
        const args = ['get', 'metric', '--project', 'kd', '--run', 'first', '--json', '--metric', metric];
        return JSON.parse(python('from trackio.cli import main; main()', args));
      };
      const expectLogged = (metric: string, file: string, column: string): void => {
        const values = logged(file, column).map((row) => expect.objectContaining(row) as unknown);
        expect(get(metric)).toMatchObject({ values });
      };
      expectLogged('train/loss_ko', 'loss.csv', 'loss_ko');
      expectLogged('validation/loss', 'validation.csv', 'loss');
    },
    120_000,
  );

  it.skipIf(!hasWandb)(
    'shows how to import a run into Weights & Biases',
    () => {
      // Within the block's `with`, as a run that is finished tells no more; a step is counted when the next one begins.
      const added = '    import json; run.log({}, step=step + 1); print("summary", json.dumps(dict(run.summary)))';
      const [, summary] = /^summary (.*)$/m.exec(python(blockWith('import wandb') + added))!;
      expect(JSON.parse(summary)).toMatchObject({
        _step: 3,
        'train/grad_norm': logged('loss.csv', 'grad_norm').at(-1)!.value,
        'validation/loss_en': logged('validation.csv', 'loss_en').at(-1)!.value,
      });
    },
    120_000,
  );
});
