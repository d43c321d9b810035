/** @file What is made of a run of which a file is damaged, or something else has the file's name. */
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { lockRun } from '../../src/runs/run-lock.js';
import { temporaryFolder, type CliResult } from '../cli.js';
import { kdHere } from '../in-process.js';
import { folderWithPairs, parseLines, readJson, train } from './tiny.js';

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
const lastLine = ({ stderr }: CliResult): string => stderr.trimEnd().split('\n').at(-1)!;

describe('a file that cannot be written is reported before the run changes', () => {
  it.each([
    'loss.csv',
    'loss.jsonl',
    'validation.csv',
    'outputs.csv',
    'skipped.csv',
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
    const why = 'checkpoints/tiny/loss.csv: expected a file, found a folder; move it away';
    const result = await kdHere(['report', 'tiny', '--no-encode'], { cwd });
    expect([result.code, lastLine(result)]).toEqual([1, `error: ${why}`]);
    const { stdout } = await kdHere(['runs'], { cwd });
    expect(stdout).toMatch(/^tiny +damaged /m);
    expect(stdout).toContain(`(tiny: ${why})`);
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
  ])('is reported as damaged by %s %s', async (...args) => {
    const result = await kdHere(args, { cwd: damaged() });
    expect([result.code, lastLine(result)]).toEqual([
      1,
      expect.stringMatching(
        /^error: \S*checkpoints\/tiny\/config\.json: .*; restore (it|the run's configuration) from a copy/,
      ),
    ]);
  });

  it('does not hide its run from the list', async () => {
    const result = await encode(damaged(), 'tin');
    expect(lastLine(result)).toMatch(/found none of that name; the runs, newest first: tiny$/);
  });
});

it('a model folder under checkpoints/ is not listed as a run', async () => {
  const { cwd, run } = copied();
  cpSync(join(run, 'step-00000006'), join(cwd, 'checkpoints/model'), { recursive: true });
  expect(lastLine(await encode(cwd, 'tin'))).toMatch(/the runs, newest first: tiny$/);
  expect((await encode(cwd, 'checkpoints/model')).code).toBe(0);
});

it('`best` and `last` of a finished run are repaired if they name no checkpoint', async () => {
  const { cwd, run } = copied();
  const before = contentsOf(run);
  writeFileSync(join(run, 'best'), 'step-00000099\n');
  rmSync(join(run, 'last'));
  const { code, stdout, stderr } = await kdHere(['train', '--resume', 'tiny'], { cwd });
  expect([code, stdout]).toEqual([0, expect.stringMatching(/^checkpoints\/tiny: finished at step 6;/)]);
  expect(stderr).toBe(
    '`best` now names step-00000006, as it should have\n`last` now names step-00000006, as it should have\n',
  );
  expect(contentsOf(run)).toEqual(before);
});

describe('rows missing from a log', () => {
  const said = async (cwd: string): Promise<string | undefined> => {
    const { code, stderr } = await kdHere(['train', '--resume', 'tiny:4'], { cwd });
    expect(code, stderr).toBe(0);
    return /^warning: .*the logs up to .*$/m.exec(stderr)?.[0];
  };

  it('are told once, by name', async () => {
    const { cwd, run } = copied();
    writeFileSync(join(run, 'loss.csv'), textOf(join(run, 'loss.csv')).replace(/^[23],.*\n/gm, ''));
    rmSync(join(run, 'loss.jsonl'));
    expect(await said(cwd)).toBe(
      'warning: checkpoints/tiny: the logs up to step 4 are not what was logged: loss.csv (expected 4 rows, found 2), ' +
        'loss.jsonl (expected 4 rows, found 0); training is not affected, but reports show what is there',
    );
    const more = await kdHere(['train', '--resume', 'tiny', '--max-steps', '8'], { cwd });
    expect(more.code, more.stderr).toBe(0);
    expect(more.stderr).not.toContain('the logs up to');
  });

  it('are not told if none are missing, or if an earlier version saved the checkpoint', async () => {
    const { cwd, run } = copied();
    expect(await said(cwd)).toBeUndefined();
    const manifest = join(run, 'step-00000004/manifest.json');
    const trainer = join(run, 'step-00000004/trainer.json');
    const text = JSON.stringify({ ...readJson<object>(trainer), logged: undefined });
    const json = readJson<{ files: Record<string, object> }>(manifest);
    const sha256 = createHash('sha256').update(text).digest('hex');
    json.files['trainer.json'] = { bytes: Buffer.byteLength(text), sha256 };
    writeFileSync(trainer, text);
    writeFileSync(manifest, JSON.stringify(json));
    writeFileSync(join(run, 'loss.csv'), '');
    expect(await said(cwd)).toBeUndefined();
  });
});

describe('a checkpoint of another run', () => {
  /** Changes a checkpoint's `trainer.json`, and the manifest with it, so that the checkpoint is whole. */
  function changeTrainer(run: string, name: string, change: (text: string) => string): void {
    const [trainer, manifest] = ['trainer.json', 'manifest.json'].map((file) => join(run, name, file));
    const text = change(readFileSync(trainer, 'utf8'));
    writeFileSync(trainer, text);
    const json = readJson<{ files: Record<string, object> }>(manifest);
    json.files['trainer.json'] = {
      bytes: Buffer.byteLength(text),
      sha256: createHash('sha256').update(text).digest('hex'),
    };
    writeFileSync(manifest, JSON.stringify(json));
  }
  const resume = (cwd: string, ...args: string[]): Promise<CliResult> =>
    kdHere(['train', '--resume', ...args, '--dry-run'], { cwd });

  it.each([
    ['"learningRate": 0.00005', '"learningRate": 0.01', '--learning-rate 0.00005, as .*, got 0.01'],
    ['"seed": 42,\n    "', '"seed": 7,\n    "', '--seed 42, as .*, got 7'],
    [/"data": "\w{64}"/, `"data": "${'0'.repeat(64)}"`, "data \\w+, as the run's config.json has, got 0{12}"],
  ])('with a different %s is skipped, or refused if it is named', async (from, to, difference) => {
    const { cwd, run } = copied();
    changeTrainer(run, 'step-00000006', (text) => {
      expect(text.replace(from, to)).not.toBe(text);
      return text.replace(from, to);
    });
    const named = await resume(cwd, 'tiny:6');
    expect([named.code, lastLine(named)]).toEqual([
      1,
      expect.stringMatching(
        `^error: --resume checkpoints/tiny:6: expected an intact checkpoint, but in step-00000006 trainer.json: expected ${difference}`,
      ),
    ]);
    const newest = await resume(cwd, 'tiny');
    expect(newest.code, newest.stderr).toBe(0);
    expect(newest.stderr).toMatch(
      new RegExp(`^warning: skipped step-00000006: trainer.json: expected ${difference}`, 'm'),
    );
  });

  it('is every checkpoint if the configuration was edited, which is refused', async () => {
    const { cwd, run } = copied();
    const config = join(run, 'config.json');
    writeFileSync(config, readFileSync(config, 'utf8').replace('"warmupRatio": 0.1', '"warmupRatio": 0.2'));
    const result = await resume(cwd, 'tiny');
    expect([result.code, lastLine(result)]).toEqual([
      1,
      expect.stringMatching(
        /found none: step-00000006 \(trainer\.json: expected --warmup-ratio 0\.2, as the run's config\.json has, got 0\.1\).*; restore what has changed, or start another run$/,
      ),
    ]);
  });

  it("of a later version's format is not skipped", async () => {
    const { cwd, run } = copied();
    changeTrainer(run, 'step-00000006', (text) => text.replace('"version": 1', '"version": 2'));
    const result = await resume(cwd, 'tiny');
    expect([result.code, lastLine(result)]).toEqual([
      1,
      expect.stringMatching(/of version 1, got .* of version 2; a later version of kd made it: use that one$/),
    ]);
  });
});

it('a run that is resumed from another folder says where its files are', async () => {
  const { cwd, run } = copied();
  const elsewhere = temporaryFolder();
  for (const flags of [[], ['--dry-run']]) {
    const result = await kdHere(['train', '--resume', `${run}:4`, ...flags], { cwd: elsewhere });
    expect([result.code, lastLine(result)]).toEqual([
      1,
      `error: --resume ${relative(elsewhere, run)}: expected --data pairs.csv in this folder, but it is in ${cwd}; ` +
        'resume the run from there, or give its place with --data',
    ]);
  }
  const inside = await kdHere(['train', '--resume', '.:4', '--dry-run'], { cwd: run });
  expect(lastLine(inside)).toMatch(/^error: --resume \.: expected --data pairs\.csv in this folder, but it is in /);
  const given = await kdHere(['train', '--resume', `${run}:4`, '--data', join(cwd, 'pairs.csv'), '--dry-run'], {
    cwd: elsewhere,
  });
  expect(given.code, given.stderr).toBe(0);
});

it('a run with an unknown setting is not resumed', async () => {
  const { cwd, run } = copied();
  const config = join(run, 'config.json');
  writeFileSync(config, readFileSync(config, 'utf8').replace('"epochs"', '"labelSmoothing": 0.1, "epochs"'));
  const result = await kdHere(['train', '--resume', 'tiny:4'], { cwd });
  expect([result.code, lastLine(result)]).toEqual([
    1,
    expect.stringMatching(
      /config\.json: expected settings that kd \S+ has, got "labelSmoothing"; resume with the version of kd that began the run$/,
    ),
  ]);
});

it('a run that was killed during its last validation is not finished', async () => {
  const { cwd, run } = copied();
  for (const name of ['ended.json', 'step-00000006']) rmSync(join(run, name), { recursive: true });
  const states = async (): Promise<unknown> => parseLines((await kdHere(['runs', '--json'], { cwd })).stdout);
  const unsaved = 'its last steps were not saved: it resumes from step 4';
  expect(await states()).toMatchObject([{ state: 'failed', step: 6, error: unsaved }]);
  const lock = await lockRun(run);
  expect(await states()).toMatchObject([{ state: 'training', step: 6 }]);
  lock.release();
  writeFileSync(join(run, 'lock-0123456789abcdef'), '{"pid":4194305}');
  expect(await states()).toMatchObject([{ state: 'failed', step: 6, error: 'its process was killed' }]);
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
    const taken = `${message.replace(/; give one as$/, '')}; step-00000006 is taken\n`;
    const usual = await kdHere(['encode', '--model', 'tiny', '--input', 'texts.txt', '--output', 'usual.safetensors'], {
      cwd,
    });
    expect([usual.code, usual.stderr]).toEqual([
      0,
      expect.stringContaining(
        `warning: --model tiny: expected \`best\` to name a checkpoint of checkpoints/tiny, ${taken}`,
      ),
    ]);
    const report = await kdHere(['report', 'tiny'], { cwd });
    expect([report.code, report.stderr]).toEqual([
      0,
      expect.stringContaining(`warning: report: expected \`best\` to name a checkpoint of checkpoints/tiny, ${taken}`),
    ]);
    expect(readFileSync(join(run, 'translations.json'), 'utf8')).toContain('"checkpoint":"step-00000006"');
    expect(readFileSync(join(run, 'report.html'), 'utf8')).not.toContain('step-00000099');
  });
});
