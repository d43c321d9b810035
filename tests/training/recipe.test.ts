import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { RECIPE_NAMES } from '../../src/training/recipe-names.js';
import { RECIPES } from '../../src/training/recipes.js';
import { kd, temporaryFolder } from '../cli.js';
import { kdHere } from '../in-process.js';
import { BACKEND, parseLines, readJson } from '../commands/tiny.js';

interface Printed {
  readonly recipe: string | null;
  readonly settings: Record<string, unknown>;
  readonly published: object | null;
}

async function printed(flags: readonly string[]): Promise<Printed & { stderr: string }> {
  const { code, stdout, stderr } = await kdHere(['train', ...flags, '--print', '--json']);
  expect(code, stderr).toBe(0);
  return { ...parseLines<Printed>(stdout)[0], stderr };
}

/** The original's settings, as its code has them. */
const ORIGINAL = {
  teacher: 'openai/clip-vit-large-patch14',
  student: 'klue/roberta-small',
  samples: 250_000,
  epochs: 5,
  batchSize: 32,
  accumulate: 1,
  validFraction: 0.2,
  shuffle: true,
  learningRate: 5e-5,
  weightDecay: 1e-4,
  warmupRatio: 0.1,
  optimizer: 'adamw-legacy',
  loss: 'hidden',
  dropout: 'configured',
};

describe('kd train --recipe … --print', () => {
  it.each([
    ['clip-250k', { student: 'openai/clip-vit-large-patch14' }],
    ['roberta-250k', {}],
    ['roberta-pooler-250k', { loss: 'pooler', learningRate: 5e-4 }],
    ['roberta-1m', { samples: 1_000_000, epochs: 10 }],
  ])('%s has the original settings, and no others', async (recipe, changes) => {
    const { settings, published, stderr, ...rest } = await printed(['--recipe', recipe]);
    expect(stderr).toBe('');
    expect(rest.recipe).toBe(recipe);
    expect(settings).toMatchObject({ ...ORIGINAL, ...changes });
    for (const key of ['maxGradNorm', 'maxSteps', 'project', 'randomWeights']) expect(settings).not.toHaveProperty(key);
    expect(published).toEqual((RECIPES as Record<string, { published?: object }>)[recipe].published);
  });

  it('roberta-1m-fast is the final run without dropout, and says what that changes', async () => {
    const { settings, published, stderr } = await printed(['--recipe', 'roberta-1m-fast']);
    const { settings: slow } = await printed(['--recipe', 'roberta-1m']);
    expect(stderr).toBe('');
    expect(settings).toEqual({ ...slow, dropout: 0 });
    expect(published).toBeNull();
    const { stdout } = await kdHere(['train', '--recipe', 'roberta-1m-fast', '--print']);
    expect(stdout).toMatch(
      /^# roberta-1m-fast: roberta-1m without dropout, .* lowered the validation loss by 5 to 10%\n/,
    );
  });

  it('flags win, and the difference is reported', async () => {
    const { settings, stderr } = await printed([
      '--recipe',
      'roberta-1m',
      '--epochs',
      '3',
      '--batch-size',
      '32',
      '--dropout',
      '0',
    ]);
    expect(settings).toMatchObject({ ...ORIGINAL, samples: 1_000_000, epochs: 3, dropout: 0 });
    expect(stderr).toBe(
      [
        "warning: --epochs 3 instead of the recipe's 10: the run will not be roberta-1m",
        "warning: --dropout 0 instead of the recipe's configured: the run will not be roberta-1m\n",
      ].join('\n'),
    );
  });

  it('shows settings with their sources', async () => {
    const { code, stdout } = await kdHere(['train', '--recipe', 'roberta-pooler-250k', '--seed', '1', '--print']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^# roberta-pooler-250k: the original's experiment 3/);
    expect(stdout).toMatch(/^learningRate: 0\.0005 +# recipe$/m);
    expect(stdout).toMatch(/^seed: 1 +# given$/m);
    expect(stdout).toMatch(/^keep: 2 +# default$/m);
    expect(stdout).toMatch(/^shuffle: true +# recipe$/m);
    expect(stdout).toMatch(/^data: \[ data \] +# default$/m);
    expect(stdout).toMatch(/# published: validation loss 1\.0813 \(en 0\.5319 \+ ko 0\.5494\) after 3 h 04 m/);
  });

  it('an unknown one is refused with the known names', async () => {
    const { code, stderr } = await kdHere(['train', '--recipe', 'roberta-2m']);
    expect(code).toBe(1);
    for (const name of RECIPE_NAMES) expect(stderr).toContain(name);
  });
});

it('the published losses are consistent, and the curve ends at the last of them', () => {
  for (const recipe of ['clip-250k', 'roberta-250k', 'roberta-pooler-250k', 'roberta-1m'] as const) {
    const { loss, lossEn, lossKo } = RECIPES[recipe].published;
    expect(Math.abs(lossEn + lossKo - loss)).toBeLessThan(1.5e-4); // four digits each
  }
  const { lossByEpoch, loss } = RECIPES['roberta-1m'].published;
  expect(lossByEpoch).toHaveLength(10);
  expect(lossByEpoch.at(-1)).toBe(loss);
});

it('the recipe smoke trains, and its name is recorded in the run', () => {
  const cwd = temporaryFolder();
  const { code, stderr } = kd(['train', '--recipe', 'smoke', '--run', 'smoke', '--backend', BACKEND], { cwd });
  expect(code, stderr).toBe(0);
  expect(readJson<{ settings: object }>(join(cwd, 'checkpoints/smoke/config.json')).settings).toMatchObject({
    recipe: 'smoke',
    samples: 240,
    epochs: 1,
    optimizer: 'adamw-legacy',
  });
});
