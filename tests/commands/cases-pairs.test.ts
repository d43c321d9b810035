import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readReport } from '../../src/data/prepare/report.js';
import { temporaryFolder, type CliResult } from '../cli.js';
import { readTexts } from '../data/prepare/support.js';
import { PARITY } from '../fixtures/index.js';
import { kdHere } from '../in-process.js';

const CASES = fileURLToPath(new URL('../fixtures/cases/data', import.meta.url));
const MODELS = ['--teacher', join(PARITY, 'teacher'), '--student', join(PARITY, 'student')];

async function prepare(data: string, out: string, ...flags: string[]): Promise<CliResult> {
  return kdHere(['prepare', '--data', join(CASES, data), '--out', out, '--valid-fraction', '0.5', ...MODELS, ...flags]);
}

describe('swapped pairs', () => {
  it('are turned round and counted by file, in text, page and JSON', async () => {
    const out = temporaryFolder();
    const { code, stdout, stderr } = await prepare('reversed-direction/d23', out, '--report');
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/\nswapped Korean and English in 5 pairs: \S*B0\.json \(1\), .* and 2 more files\n/);
    const { training, validation } = await readTexts(out);
    const pairs = [...training, ...validation];
    expect(pairs).toHaveLength(10);
    for (const [ko, en] of pairs) expect([/[가-힣]/.test(ko), /[가-힣]/.test(en)]).toEqual([true, false]);
    const report = JSON.parse(readFileSync(join(out, 'report.json'), 'utf8')) as {
      swapped: { pairs: number; files: { file: string; pairs: number }[] };
    };
    expect(report.swapped.pairs).toBe(5);
    expect(report.swapped.files.map(({ file, pairs: count }) => `${file.slice(-7)} ${count}`)).toEqual(
      [0, 1, 2, 3, 4].map((i) => `B${i}.json 1`),
    );
    expect(readFileSync(join(out, 'report.html'), 'utf8')).toContain('"swapped":{"pairs":5,');
    const { swapped, ...rest } = report;
    writeFileSync(join(out, 'report.json'), JSON.stringify({ ...rest, turned: swapped })); // an earlier version's
    expect(await readReport(out)).toEqual({ ...rest, swapped });
  });

  it('are turned round if columns are named and most pairs match the names', async () => {
    const out = temporaryFolder();
    const { code, stdout } = await prepare(
      'reversed-direction/d23',
      out,
      '--ko-column',
      '원문',
      '--en-column',
      '최종번역문',
    );
    expect([code, stdout.includes('swapped Korean and English in 5 pairs')]).toEqual([0, true]);
  });

  it('are refused if the user named all columns the wrong way round', async () => {
    const { code, stderr } = await prepare(
      'reversed-direction/sw',
      temporaryFolder(),
      '--ko-column',
      'b',
      '--en-column',
      'a',
    );
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^error: .*: expected pairs of texts, got 2 rows of which none is of use \(2 no Hangul in the Korean text\): the columns seem to be the wrong way round; swap --ko-column and --en-column\n$/,
    );
  });
});

it('texts that differ only in invisible characters count as equal, or as empty', async () => {
  const out = temporaryFolder();
  const { code, stderr } = await prepare('invisible-characters', out, '--json');
  expect(code, stderr).toBe(0);
  const { total } = JSON.parse(readFileSync(join(out, 'report.json'), 'utf8')) as { total: object };
  expect(total).toMatchObject({ read: 13, dropped: { empty: 4, duplicate_pair: 5 }, training: 2, validation: 2 });
  const { training, validation } = await readTexts(out);
  const english = [...training, ...validation].map(([, en]) => en).sort();
  expect(english).toEqual([1, 2, 6, 7].map((i) => `${i} red balls are on a box`));
});

describe('judged pairs', () => {
  it.each(['stsb-sts-test.csv', 'sts.tsv'])('of %s need no teacher', async (name) => {
    const args = ['eval', '--compare', join(PARITY, 'student'), '--teacher', '/nowhere/teacher', '--no-pairs'];
    const judged = ['--sts', join(CASES, name), '--json'];
    const { code, stdout, stderr } = await kdHere([...args, '--no-baselines', ...judged]);
    expect(code, stderr).toBe(0);
    const { sts } = JSON.parse(stdout) as { sts: { pairs: number; models: { role: string }[] }[] };
    expect(sts.map(({ pairs, models }) => [pairs, models.map(({ role }) => role)])).toEqual([[40, ['student']]]);
    const withBaselines = await kdHere([...args, ...judged]);
    expect([withBaselines.code, withBaselines.stdout.includes('"student"')]).toEqual([0, true]);
    expect(withBaselines.stderr).toContain('compared without the teacher: ');
  });
});
