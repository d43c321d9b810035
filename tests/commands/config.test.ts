/** @file `kd train --config`: settings from a file, and runs that are trained once more. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { printableLines } from '../../src/base/errors.js';
import type { CliResult } from '../cli.js';
import { kdHere } from '../in-process.js';
import { folderWithPairs, parseLines, readCsv, readJson, STUDENT, TEACHER, trainArguments } from './tiny.js';

let cwd: string;
beforeAll(() => {
  cwd = folderWithPairs(40);
});
const here = (...args: string[]): Promise<CliResult> => kdHere(args, { cwd });
const write = (name: string, text: string): void => {
  writeFileSync(join(cwd, name), text);
};
const settingsOf = (run: string): Record<string, unknown> =>
  readJson<{ settings: Record<string, unknown> }>(join(cwd, 'checkpoints', run, 'config.json')).settings;

describe('a run trained once more from its config.json', () => {
  const losses = (run: string): object[] =>
    readCsv(join(cwd, 'checkpoints', run, 'loss.csv')).map((row) => ({ ...row, pairs_per_second: 0 }));

  it.each(['its config.json', 'what --print writes'])('from %s has equal losses', async (source) => {
    const name = source === 'its config.json' ? 'first' : 'second';
    const flags = ['--epochs', '2', '--batch-size', '8', '--log-every', '1', '--learning-rate', '1e-3', '--run', name];
    expect(await here(...trainArguments(flags))).toMatchObject({ code: 0 });
    if (name === 'second') write('second.yaml', (await here(...trainArguments([...flags, '--print']))).stdout);
    const file = name === 'first' ? 'checkpoints/first/config.json' : 'second.yaml';
    const again = await here('train', '--config', file, '--run', `${name}-again`);
    expect(again.code, again.stderr).toBe(0);
    expect(losses(`${name}-again`)).toEqual(losses(name));
    expect(losses(name)).toHaveLength(8);
    const { run, ...settings } = settingsOf(`${name}-again`);
    expect([run, settings]).toEqual([`${name}-again`, { ...settingsOf(name), run: undefined }]);
    for (const each of ['best', 'last'])
      expect(readFileSync(join(cwd, `checkpoints/${name}-again`, each), 'utf8')).toBe(
        readFileSync(join(cwd, 'checkpoints', name, each), 'utf8'),
      );
  });
});

describe('--config', () => {
  const printed = async (...flags: string[]): Promise<Record<string, unknown> & { said: string }> => {
    const { code, stdout, stderr } = await here('train', ...flags, '--print', '--json');
    expect(code, stderr).toBe(0);
    return { ...parseLines<{ settings: Record<string, unknown> }>(stdout)[0].settings, said: stderr };
  };

  it('accepts YAML, and flags win with a message', async () => {
    write('run.yaml', 'data: pairs.csv # one\nlearningRate: 1e-3\nshuffle: false\nsamples:\nbatchSize: auto\n');
    expect(await printed('--config', 'run.yaml', '--learning-rate', '2e-3', '--seed', '7')).toMatchObject({
      data: ['pairs.csv'],
      learningRate: 2e-3,
      shuffle: false,
      batchSize: 'auto',
      seed: 7,
      epochs: 10,
      said: '--learning-rate 0.002 instead of 0.001 in run.yaml\n',
    });
  });

  it('escapes what a terminal would interpret in names, in messages and in what it prints, which is read back', async () => {
    const [evil, shown] = ['a\u001b[31m\u009b\u202e\u2028\u007f.csv', String.raw`a\u001b[31m\u009b\u202e\u2028\u007f`];
    const file = 'b\u001b[2J.yaml';
    write(file, JSON.stringify({ data: [evil], teacher: 't\u202e', seed: 3 }));
    const { code, stdout, stderr } = await here('train', '--config', file, '--seed', '7', '--print');
    expect([code, stderr]).toEqual([0, '--seed 7 instead of 3 in b\\u001b[2J.yaml\n']);
    expect(stdout).toMatch(/^teacher: "t\\u202e" +# given$/m);
    expect(printableLines(stdout)).toBe(stdout);
    write('printed.yaml', stdout);
    const { data, teacher } = await printed('--config', 'printed.yaml');
    expect([data, teacher]).toEqual([[evil], 't\u202e']);
    expect((await here('train', '--config', file, '--print', '--json')).stdout).toContain(shown);
  });

  it('overrides a recipe and is overridden by flags', async () => {
    write('recipe.yaml', 'recipe: smoke\nepochs: 3\n');
    const { epochs, samples, seed, said } = await printed('--config', 'recipe.yaml', '--seed', '3');
    expect([epochs, samples, seed]).toEqual([3, 240, 3]);
    expect(said).toBe("warning: --epochs 3 instead of the recipe's 1: the run will not be smoke\n");
  });

  it.each([
    ['the precision that the machine chose', 'bf16', { precision: 'bf16' }, 'bf16'],
    ['that which it measured', 'fp32', { precision: 'fp32', precisionReason: '2 GFLOP/s in float32' }, 'fp32'],
    ['the choice, where there was none', 'fp32', { precision: 'fp32' }, 'auto'],
  ])("keeps a run's value: %s", async (_, name, engine, expected) => {
    const config = { settings: { precision: 'auto', epochs: 2 }, engine: { engine: 'compiled', ...engine } };
    write(`${name}.json`, JSON.stringify(config));
    expect(await printed('--config', `${name}.json`)).toMatchObject({ epochs: 2, precision: expected });
  });

  it("uses what an older run did for newer settings, and today's default without a run", async () => {
    write('older.json', JSON.stringify({ settings: { epochs: 2 }, engine: {} }));
    expect(await printed('--config', 'older.json')).toMatchObject({ dropout: 'configured', groupByLength: false });
    write('settings.yaml', 'epochs: 2\n');
    expect(await printed('--config', 'settings.yaml')).toMatchObject({ dropout: 0 });
  });

  it("reads the configuration of a recipe's run without a message", async () => {
    const settings = { recipe: 'smoke', run: 'smoked', samples: 240, epochs: 1, randomWeights: false };
    write('smoked.json', JSON.stringify({ created: 'then', settings, data: {} }));
    const { said, run, randomWeights } = await printed('--config', 'smoked.json');
    expect([said, run, randomWeights]).toEqual(['', undefined, false]);
  });

  it.each([
    ['long.yaml', '- 1\n'.repeat(2 ** 17), 'long.yaml: expected YAML of at most 262,144 characters, got 524,288; '],
    ['absent.yaml', undefined, 'absent.yaml: expected a file that can be read, but there is none at '],
    ['list.yaml', '- 1\n', 'list.yaml: expected an object, got a list of 1; name a run'],
    ['broken.yaml', 'a: 1\n  b: [\n', 'broken.yaml line 1: expected YAML, got a mistake: '],
    [
      'twice.yaml',
      'epochs: 1\nseed: 1\n"seed" : 2\n',
      'twice.yaml line 3: expected each setting once, got "seed" twice; ',
    ],
    [
      'twice.json',
      '{"epochs": 1, "epochs": 2}',
      'twice.json: expected each setting once, got epochs twice; leave one out',
    ],
    ['two.yaml', 'epochs: 1\n---\nepochs: 2\n', 'two.yaml line 2: expected one YAML document, got another after ---; '],
    ['empty.yaml', ' \n', 'empty.yaml: expected settings, got an empty file; name a run'],
    ['broken.json', '{"a": ', 'broken.json: expected JSON, got '],
    ['unknown.yaml', 'batches: 8\n', 'unknown.yaml: expected some of recipe, data, '],
    ['hyphen.yaml', 'batch-size: 8\n', 'hyphen.yaml: expected batchSize, got "batch-size"; write it so'],
    ['python.json', '{"Batch_Size": 8}', 'python.json: expected batchSize, got "Batch_Size"; write it so'],
    ['key.yaml', '? [a]\n: 1\n', 'key.yaml: expected some of recipe, data, '],
    ['kind.yaml', 'epochs: many\n', 'kind.yaml: expected a whole number of at least 1, got "many" (epochs)'],
    ['bomb.yaml', `a: &a [x, x]\n${bomb()}`, 'bomb.yaml: expected YAML, got Excessive alias count'],
  ])('refuses %s in one line', async (name, text, message) => {
    if (text !== undefined) write(name, text);
    const warnings = vi.spyOn(process, 'emitWarning');
    const { code, stderr } = await here('train', '--config', name);
    expect([code, stderr]).toEqual([1, expect.stringContaining(`error: ${message}`)]);
    expect(stderr.trimEnd()).not.toContain('\n');
    expect(warnings).not.toHaveBeenCalled(); // Node writes them to standard error, too
    warnings.mockRestore();
  });

  it('cannot be combined with --resume, nor with an invalid run name', async () => {
    write('run.yaml', 'epochs: 1\n');
    const { code, stderr } = await here('train', '--config', 'run.yaml', '--resume');
    expect([code, stderr]).toEqual([1, expect.stringContaining('expected no settings beside --resume')]);
    write('name.yaml', 'run: a/b\n');
    expect((await here('train', '--config', 'name.yaml')).stderr).toContain('--run: expected the name of a folder');
  });

  it('may name the models', async () => {
    write('models.yaml', `teacher: ${TEACHER}\nstudent: ${STUDENT}\n`);
    expect(await printed('--config', 'models.yaml')).toMatchObject({ teacher: TEACHER, student: STUDENT });
  });
});

/** Aliases of aliases: 2^30 values. */
function bomb(): string {
  const names = Array.from({ length: 30 }, (_, i) => `a${i}`);
  return names.map((name, i) => `${name}: &${name} [*${names[i - 1] ?? 'a'}, *${names[i - 1] ?? 'a'}]`).join('\n');
}
