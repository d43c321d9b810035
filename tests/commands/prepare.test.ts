import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readManifest } from '../../src/data/store/manifest.js';
import { kd, temporaryFolder, type CliResult } from '../cli.js';
import { checksums, generate, readTexts, writePairs } from '../data/prepare/support.js';
import { PARITY } from '../fixtures/index.js';
import { kdHere } from '../in-process.js';

const BIN = fileURLToPath(new URL('../../bin/kd.js', import.meta.url));
const MODELS = ['--teacher', join(PARITY, 'teacher'), '--student', join(PARITY, 'student')];

/** Runs `kd prepare` and expects it to go well: here, or in a process of its own if it is to start workers. */
async function prepared(data: string, out: string, ...flags: string[]): Promise<CliResult> {
  const run = flags.includes('--threads') ? kd : kdHere;
  const result = await run(['prepare', '--data', data, '--out', out, ...MODELS, ...flags]);
  expect(result.code, result.stderr).toBe(0);
  return result;
}

describe('kd prepare', () => {
  const corpora = generate(2000);

  it('prints pairs by corpus and drops by reason, as tables or as JSON', async () => {
    const out = temporaryFolder();
    const { stdout } = await prepared(corpora.folder, out, '--report', '--long', 'truncate');
    expect(stdout).toMatch(
      /^corpus +rows read +dropped +not sampled +training +validation\nparallel +655 +\d+ +0 +\d+ +\d+\n/,
    );
    expect(stdout).toMatch(
      /\nall +2,000 +\d+ +0 +1,\d+ +\d+\n\ndropped for +rows +the first one\nrow that cannot be read +9 +\S/,
    );
    const { total } = JSON.parse((await prepared(corpora.folder, out, '--json', '--long', 'truncate')).stdout) as {
      total: { read: number };
    };
    expect(total.read).toBe(2000);
  });

  it('writes the report as a self-contained page and as JSON', async () => {
    const out = temporaryFolder();
    await prepared(corpora.folder, out, '--report');
    const page = readFileSync(join(out, 'report.html'), 'utf8');
    expect(page).toContain("default-src 'none'; script-src 'sha256-");
    const report = JSON.parse(readFileSync(join(out, 'report.json'), 'utf8')) as {
      lengths: Record<string, number[]>;
      total: { training: number };
    };
    expect(JSON.parse(/id="report">(.*)<\/script>/.exec(page)![1])).toMatchObject({
      kind: 'preparation',
      folder: out,
      sources: [corpora.folder],
      teacher: MODELS[MODELS.indexOf('--teacher') + 1],
      options: [
        ['--valid-fraction', '0.2'],
        ['--seed', '42'],
        ['--long', 'drop'],
      ],
      report,
    });
    expect(Object.keys(report.lengths)).toEqual(['teacher_en', 'student_en', 'student_ko']);
  });

  it('makes the same store, bit for bit, with one worker and with two', async () => {
    const [one, two] = [temporaryFolder(), temporaryFolder()];
    await prepared(corpora.folder, one, '--threads', '1', '--quiet');
    await prepared(corpora.folder, two, '--threads', '2', '--quiet');
    expect(checksums(two)).toEqual(checksums(one));
    const { training } = await readTexts(one);
    expect(training.length).toBeGreaterThan(1000);
  });

  it("reports a worker's error in one line, and leaves nothing behind", () => {
    const folder = temporaryFolder();
    const file = join(folder, 'cut.json');
    writeFileSync(file, `[${'{"ko": "차", "en": "car"},\n'.repeat(50_000)}{"ko": "배", "e`);
    const out = join(folder, 'out');
    const { code, stdout, stderr } = kd(['prepare', '--data', file, '--out', out, ...MODELS, '--threads', '2']);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^error: [^\n]*cut\.json[^\n]*\n$/);
    expect(readdirSync(folder)).toEqual(['cut.json']);
  });

  it('explains what flags expect', async () => {
    const refused = async (...flags: string[]): Promise<string> =>
      (await kdHere(['prepare', '--out', 'out', ...flags])).stderr;
    expect(await refused('--keep-duplicates', 'ko,jp')).toBe(
      "error: option '--keep-duplicates <kinds>' argument 'ko,jp' is invalid. Expected values separated by " +
        'commas, each one of pair, ko, en.\n',
    );
    expect(await refused('--long', 'keep')).toBe(
      "error: option '--long <choice>' argument 'keep' is invalid. Allowed choices are drop, truncate.\n",
    );
    expect(await refused('--threads', '9999')).toMatch(
      /^error: --threads: expected at most \d+, as there (is 1 core|are \d+ cores), got 9999; leave it out for one per core\n$/,
    );
    expect((await kdHere(['prepare'])).stderr).toBe(
      "error: required option '--out <folder>' not specified; `kd prepare --help` shows examples\n",
    );
  });
});

describe('an unfinished preparation', () => {
  const pairs = Array.from({ length: 25_000 }, (_, i): [string, string] => [
    `한국어 문장 ${i}`,
    `the sentence with the number ${i}`,
  ]);
  const file = writePairs(pairs);

  /** Starts `kd prepare` and gives a signal once it has begun to write. */
  async function interrupted(out: string, signal: NodeJS.Signals): Promise<{ code: number | null; stderr: string }> {
    const child = spawn(process.execPath, [BIN, 'prepare', '--data', file, '--out', out, ...MODELS, '--threads', '2']);
    let stderr = '';
    child.stderr.on('data', (text: Buffer) => {
      stderr += text.toString();
    });
    const ended = new Promise<number | null>((resolve) => {
      child.on('exit', resolve);
    });
    while (!hasRows(out) && child.exitCode === null) await wait(5);
    child.kill(signal);
    return { code: await ended, stderr };
  }

  function hasRows(out: string): boolean {
    const partial = existsSync(out) ? readdirSync(out).find((name) => name.startsWith('.partial-')) : undefined;
    const rows = partial === undefined ? '' : join(out, partial, 'rows');
    return existsSync(rows) && readdirSync(rows).some((name) => statSync(join(rows, name)).size > 0);
  }

  it('leaves nothing that looks complete when killed, and the next one starts over', async () => {
    const out = join(temporaryFolder(), 'out');
    await interrupted(out, 'SIGKILL');
    expect(readdirSync(out).map((name) => name.replace(/[0-9a-f-]+$/, ''))).toEqual(['.partial']);
    const training = await kdHere(['train', '--data', out, ...MODELS]);
    expect(training.code).toBe(1);

    await prepared(file, out, '--quiet');
    expect(readdirSync(out).filter((name) => name.startsWith('.'))).toEqual([]);
    const whole = temporaryFolder();
    await prepared(file, whole, '--quiet');
    expect(checksums(out)).toEqual(checksums(whole));
  });

  it('leaves nothing when stopped', async () => {
    const out = join(temporaryFolder(), 'out');
    const { code, stderr } = await interrupted(out, 'SIGINT');
    expect(code, stderr).toBe(130);
    expect(stderr).toContain('warning: stopped; nothing was written\n');
    expect(existsSync(out)).toBe(false);
  });

  it('keeps the existing store', async () => {
    const out = temporaryFolder();
    await prepared(
      writePairs([
        ['차', 'car'],
        ['배', 'ship'],
      ]),
      out,
      '--quiet',
    );
    const before = checksums(out);
    await interrupted(out, 'SIGKILL');
    expect(checksums(out)).toEqual(before);
    expect((await readManifest(out)).inputs.rows).toBe(2);
  });

  describe.skipIf(process.getuid?.() !== 0)('on a full disk (a small tmpfs, which root alone can mount)', () => {
    const disk = temporaryFolder();
    let isMounted = false;
    beforeAll(() => {
      isMounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk]).status === 0;
    });
    afterAll(() => {
      if (isMounted) spawnSync('umount', [disk]);
    });

    it.for(['1', '2'])('says so in one line and leaves it as it was, with %s workers', (threads, { skip }) => {
      skip(!isMounted, 'this machine does not let tmpfs be mounted');
      const out = join(disk, 'out');
      const { code, stderr } = kd(['prepare', '--data', file, '--out', out, ...MODELS, '--threads', threads]);
      expect(stderr).toMatch(/^error: \S+: cannot be written: no space left on the device\n$/);
      expect(code).toBe(1);
      expect(readdirSync(disk)).toEqual([]);
    });
  });
});

describe('kd train', () => {
  const pairs = Array.from({ length: 200 }, (_, i): [string, string] => [`차 ${i}`, `car ${i}`]);
  const steps = ['--max-steps', '1', '--batch-size', '4', '--backend', 'cpu'];

  it('uses a prepared store unchanged', async () => {
    const cwd = temporaryFolder();
    await prepared(writePairs(pairs), join(cwd, 'store'), '--samples', '100', '--quiet');
    const { code, stderr } = await kdHere(
      ['train', '--data', 'store', ...MODELS, ...steps, '--samples', '50', '--run', 'a'],
      {
        cwd,
      },
    );
    expect(code, stderr).toBe(0);
    expect(stderr).toContain(
      'warning: --samples 50: not applied because store is prepared and used as it is (100 pairs)\n',
    );
    expect(readdirSync(join(cwd, 'checkpoints'))).toEqual(['a']);
    const { data } = JSON.parse(readFileSync(join(cwd, 'checkpoints/a/config.json'), 'utf8')) as {
      data: Record<string, unknown>;
    };
    expect(Number(data.training_pairs) + Number(data.validation_pairs)).toBe(100);
  });

  it('refuses a store of other tokenizers', async () => {
    const cwd = temporaryFolder();
    await prepared(writePairs(pairs), join(cwd, 'store'), '--quiet');
    const swapped = ['--teacher', join(PARITY, 'teacher'), '--student', join(PARITY, 'teacher')];
    const { code, stderr } = await kdHere(['train', '--data', 'store', ...swapped, ...steps, '--quiet'], { cwd });
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^error: store: expected ids of this student's tokenizer \([0-9a-f]{12}\), got ids of another \([0-9a-f]{12}\); prepare the data again with this --student, or train with the student it was prepared for\n$/m,
    );
  });

  it('prepares raw data once, and again after it is edited', async () => {
    const cwd = temporaryFolder();
    mkdirSync(join(cwd, 'data'));
    const write = (count: number): void => {
      writeFileSync(
        join(cwd, 'data/pairs.csv'),
        ['ko,en', ...pairs.slice(0, count).map((pair) => pair.join())].join('\n'),
      );
    };
    const run = async (name: string): Promise<{ made: string[]; times: number[] }> => {
      const { code, stderr } = await kdHere(['train', ...MODELS, ...steps, '--run', name, '--quiet'], { cwd });
      expect(code, stderr).toBe(0);
      const stores = join(cwd, 'checkpoints/.prepared');
      const made = readdirSync(stores).sort();
      return { made, times: made.map((store) => statSync(join(stores, store, 'manifest.json')).mtimeMs) };
    };
    write(100);
    const first = await run('a');
    expect(first.made).toHaveLength(1);
    expect(await run('b')).toEqual(first);
    write(150);
    expect((await run('c')).made).toHaveLength(2);
  });
});
