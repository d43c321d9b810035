/** @file Files that explain a run or its data, and that nothing is made from: a damaged one stops no work. */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder, type CliResult } from '../cli.js';
import { kdHere } from '../in-process.js';
import { BACKEND, folderWithPairs, STUDENT, TEACHER } from './tiny.js';

const FLAGS = ['--engine', 'eager', '--backend', BACKEND, '--batch-size', '4', '--log-every', '1'];
/** `kd train` on data that lie in one place: a store that was made belongs to it. */
const train = (data: string, ...flags: string[]): string[] => [
  ...['train', '--data', data, '--teacher', TEACHER, '--student', STUDENT, ...FLAGS, ...flags],
];

let original: string;
beforeAll(async () => {
  original = folderWithPairs(22);
  expect(
    await kdHere(train(join(original, 'pairs.csv'), '--max-steps', '2', '--run', 'tiny'), { cwd: original }),
  ).toMatchObject({ code: 0 });
  expect(await kdHere(['eval', '--compare', 'tiny', '--backend', BACKEND], { cwd: original })).toMatchObject({
    code: 0,
  });
});

function copied(): { cwd: string; run: string; store: string; here: (...args: string[]) => Promise<CliResult> } {
  const cwd = temporaryFolder();
  cpSync(original, cwd, { recursive: true });
  const stores = join(cwd, 'checkpoints/.prepared');
  const [store] = readdirSync(stores);
  return {
    cwd,
    run: join(cwd, 'checkpoints/tiny'),
    store: join(stores, store),
    here: (...args) => kdHere(args, { cwd }),
  };
}

/** A file made unreadable in one way or another. */
const DAMAGES: Readonly<Record<string, (path: string) => void>> = {
  missing: (path) => {
    rmSync(path);
  },
  'a folder': (path) => {
    rmSync(path);
    mkdirSync(path);
  },
  ...Object.fromEntries(
    ['', '{', 'null', '[]', '{}', '7', '{"total": {}, "corpora": 1, "lengths": {}, "sts": [null], "format": "x"}'].map(
      (text) => [
        JSON.stringify(text),
        (path: string) => {
          writeFileSync(path, text);
        },
      ],
    ),
  ),
};

describe("a store's report.json", () => {
  it.each(Object.keys(DAMAGES))('may be damaged: %s', async (damage) => {
    const { cwd, run, store, here } = copied();
    DAMAGES[damage](join(store, 'report.json'));
    const resumed = await here('train', '--resume', 'tiny', '--max-steps', '3');
    expect(resumed.code, resumed.stderr).toBe(0);
    expect(readdirSync(join(cwd, 'checkpoints/.prepared'))).toHaveLength(1); // the store that was there
    const warnings = resumed.stderr.match(/^warning: .*$/gm);
    expect(warnings, resumed.stderr).toHaveLength(1);
    expect(warnings![0]).toMatch(/\.prepared\/.*report.*; dropped rows are not shown$/);
    const few = ['--no-baselines', '--samples', '2'];
    const evaluated = await here('eval', '--compare', 'tiny', '--backend', BACKEND, ...few);
    expect(evaluated.code, evaluated.stderr).toBe(0);
    const report = await here('report', 'tiny', '--no-encode');
    expect(report.code, report.stderr).toBe(0);
    expect(readFileSync(join(run, 'report.html'), 'utf8')).not.toContain('"data":{"corpora"');
  });

  it('may be missing from a store that is trained on', async () => {
    const { store, here } = copied();
    rmSync(join(store, 'report.json'));
    const { code, stderr } = await here(...train(store, '--max-steps', '2', '--run', 'second'));
    expect(code, stderr).toBe(0);
  });
});

describe("a store's manifest.json", () => {
  it.each([
    ['"kd token store"', /expected "kd token store" of version 1, got /],
    ['{"format": "kd token store", "version": 1}', /expected a value, got nothing \(max_length\); prepare it again /],
    [
      '{"format": "kd token store", "version": 1, "shards": {}}',
      /expected a value, got nothing \(max_length\); prepare it again /,
    ],
    ['{"format": "kd token store", "version": 1,', /expected JSON, got .*; prepare it again /],
  ])('is essential, and its damage is refused in one line: %s', async (text, message) => {
    const { store, here } = copied();
    writeFileSync(join(store, 'manifest.json'), text);
    const { code, stderr } = await here(...train(store, '--max-steps', '2', '--run', 'second'));
    expect(code, stderr).toBe(1);
    expect(stderr.trimEnd().split('\n').at(-1)).toMatch(message);
  });
});

describe("descriptive files in a run's folder", () => {
  const [unparsed, empty, other] = ['"{"', '""', Object.keys(DAMAGES).at(-1)!];
  it.each([
    ...['evaluation.json', 'translations.json'].flatMap((file) =>
      ['missing', 'a folder', '"null"', other].map((damage) => [file, damage]),
    ),
    ...['loss.csv', 'validation.csv'].flatMap((file) => ['missing', unparsed, empty].map((damage) => [file, damage])),
    ['loss.jsonl', unparsed],
    ['report.html', unparsed],
  ])('may be damaged: %s, %s', async (file, damage) => {
    const { cwd, run, here } = copied();
    DAMAGES[damage](join(run, file));
    const report = await here('report', 'tiny', '--no-encode');
    expect(report.code, report.stderr).toBe(0);
    const resumed = await here('train', '--resume', 'tiny', '--max-steps', '3');
    expect(resumed.code, resumed.stderr).toBe(0);
    expect(existsSync(join(run, 'step-00000003'))).toBe(true);
    if (file !== 'validation.csv') return;
    const exported = await here('export', 'tiny', '--to', 'exported', '--backend', BACKEND);
    expect(exported.code, exported.stderr).toBe(0);
    expect(readFileSync(join(cwd, 'exported/README.md'), 'utf8')).not.toContain('NaN');
  });

  it('an evaluation that cannot be saved is still printed', async () => {
    const { run, here } = copied();
    writeFileSync(join(run, 'evaluation.json'), '{"format": "kd evaluation", "version": 1, "sts": [null]}');
    const { code, stdout, stderr } = await here('eval', '--compare', 'tiny', '--backend', BACKEND);
    expect(code, stderr).toBe(0);
    expect(stdout).toContain('tiny');
    expect(stderr).toMatch(
      /^warning: not saved in the run: .*evaluation\.json: expected an object, got null \(sts\[0\]\); delete it, /m,
    );
  });
});
