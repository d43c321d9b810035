/** @file What is made of a run of which a file is damaged, or something else has the file's name. */
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder, type CliResult } from '../cli.js';
import { kdHere } from '../in-process.js';
import { folderWithPairs, ownWords, train } from './tiny.js';

let original: string;
beforeAll(() => {
  original = folderWithPairs(20);
  const flags = ['--engine', 'eager', '--batch-size', '4', '--max-steps', '6', '--save-every', '2', '--log-every', '1'];
  const result = train(original, flags);
  expect(result.code, result.stderr).toBe(0);
  writeFileSync(join(original, 'texts.txt'), 'a red car\n');
});

function copied(): { cwd: string; run: string } {
  const cwd = temporaryFolder();
  cpSync(original, cwd, { recursive: true });
  return { cwd, run: join(cwd, 'checkpoints/tiny') };
}

/** Everything in a run's folder: the contents of its small files, and the names of the others. */
function contentsOf(run: string): string[] {
  return readdirSync(run, { recursive: true, encoding: 'utf8' })
    .sort()
    .map((name) => (/json$|csv$|best$|last$/.test(name) ? `${name}: ${textOf(join(run, name))}` : name));
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return 'a folder';
  }
}

const encode = (cwd: string, model: string): Promise<CliResult> =>
  kdHere(['encode', '--model', model, '--input', 'texts.txt', '--output', 'out.safetensors', '--quiet'], { cwd });
const lastLine = ({ stderr }: CliResult): string => ownWords(stderr).trimEnd().split('\n').at(-1)!;

describe('a file that cannot be written is said before anything of the run changes', () => {
  it.each([
    'loss.csv',
    'loss.jsonl',
    'validation.csv',
    'outputs.csv',
    'best',
    'last',
    'events.out.tfevents.1.host.1.0',
  ])('%s is a folder', async (name) => {
    const { cwd, run } = copied();
    rmSync(join(run, name), { force: true });
    mkdirSync(join(run, name));
    const before = contentsOf(run);
    for (const flags of [[], ['--dry-run'], ['--print']]) {
      const result = await kdHere(['train', '--resume', 'tiny:4', ...flags], { cwd });
      expect([result.code, lastLine(result)]).toEqual([
        1,
        `error: ${run}/${name}: expected a file, or nothing there, found a folder; move it away`,
      ]);
      expect(result.stderr).not.toContain('set aside');
    }
    expect(contentsOf(run)).toEqual(before);
  });

  it('the log that a report reads is a folder', async () => {
    const { cwd, run } = copied();
    rmSync(join(run, 'loss.csv'));
    mkdirSync(join(run, 'loss.csv'));
    const result = await kdHere(['report', 'tiny', '--no-encode'], { cwd });
    expect([result.code, lastLine(result)]).toEqual([
      1,
      'error: checkpoints/tiny/loss.csv: expected a file, found a folder',
    ]);
  });
});

describe.each([
  ['is cut short', '{"order": 1, "sett'],
  ['is empty', ''],
  ['is not there', undefined],
])("a run's config.json that %s", (_, text) => {
  function damaged(): string {
    const { cwd, run } = copied();
    rmSync(join(run, 'config.json'));
    if (text !== undefined) writeFileSync(join(run, 'config.json'), text);
    return cwd;
  }

  it.each(['tiny', 'tiny:4', 'tiny:best', 'checkpoints/tiny'])('is not needed to encode with %s', async (model) => {
    const { code, stderr } = await encode(damaged(), model);
    expect([code, stderr]).toEqual([0, '']);
  });

  it.each([
    ['train', '--resume', 'tiny'],
    ['train', '--resume'],
    ['report', 'tiny'],
    ['report'],
    ['export', 'tiny', '--to', 'out'],
    ['encode', '--model', 'clip', '--input', 'texts.txt', '--output', 'out.safetensors'],
  ])('is said to be damaged by %s %s', async (...args) => {
    const result = await kdHere(args, { cwd: damaged() });
    expect([result.code, lastLine(result)]).toEqual([
      1,
      expect.stringMatching(
        /^error: \S*checkpoints\/tiny\/config\.json: .*; restore (it|the run's configuration) from a copy/,
      ),
    ]);
  });

  it('does not make its run unknown where the runs are listed', async () => {
    const result = await encode(damaged(), 'tin');
    expect(lastLine(result)).toMatch(/found none of that name; the runs, newest first: tiny$/);
  });
});

it("a model's folder under checkpoints/ is not listed as a run", async () => {
  const { cwd, run } = copied();
  cpSync(join(run, 'step-00000006'), join(cwd, 'checkpoints/model'), { recursive: true });
  expect(lastLine(await encode(cwd, 'tin'))).toMatch(/the runs, newest first: tiny$/);
  expect((await encode(cwd, 'checkpoints/model')).code).toBe(0);
});

describe('`best` that names no checkpoint', () => {
  const there = 'which has step-00000004, step-00000006';
  it.each([
    ['one that is not there', 'step-00000099\n', `${there}, but it names step-00000099; give one as`],
    ['nothing', '', `${there}, but it is not there, or damaged; give one as`],
    ['what is no name', 'a\u0000b\nc', `${there}, but it is not there, or damaged; give one as`],
    ['what is elsewhere', '../../elsewhere', `${there}, but it is not there, or damaged; give one as`],
  ])('but %s', async (_, text, message) => {
    const { cwd, run } = copied();
    writeFileSync(join(run, 'best'), text);
    rmSync(join(run, 'translations.json'), { force: true });
    const named = await encode(cwd, 'tiny:best');
    expect([named.code, lastLine(named)]).toEqual([
      1,
      expect.stringContaining(
        `error: --model tiny:best: expected \`best\` to name a checkpoint of checkpoints/tiny, ${message}`,
      ),
    ]);
    expect((await encode(cwd, 'tiny')).code).toBe(0);
    const report = await kdHere(['report', 'tiny'], { cwd });
    expect([report.code, ownWords(report.stderr)]).toEqual([0, expect.not.stringContaining('warning')]);
    expect(readFileSync(join(run, 'translations.json'), 'utf8')).toContain('"checkpoint":"step-00000006"');
    expect(readFileSync(join(run, 'report.html'), 'utf8')).not.toContain('step-00000099');
  });
});
