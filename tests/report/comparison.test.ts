import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { differencesOf, followComparison } from '../../src/report/comparison.js';
import { comparisonText } from '../../src/report/comparison-text.js';
import { lineSeries } from '../../src/report/curve-series.js';
import { PALETTES } from '../../src/report/palette.js';
import { endOffsets, valueScale } from '../../src/report/value-axis.js';
import { withoutCopies } from '../../src/report/evaluated-models.js';
import { EVALUATION_FILE, keepEvaluations, readEvaluations } from '../../src/evaluate/evaluation-file.js';
import { sectionsOf } from '../../src/report/run-sections.js';
import { keepBaselines } from '../../src/runs/baselines-file.js';
import { readRunConfig } from '../../src/runs/run-config.js';
import { addEvaluation, makeRun } from './run-of.js';

describe('a comparison', () => {
  it('only has what differs, whichever run has it', () => {
    const runs = [
      [
        ['--seed', '1'],
        ['--epochs', '3'],
        ['--run', 'a'],
      ],
      [
        ['--seed', '2'],
        ['--epochs', '3'],
        ['--run', 'b'],
        ['--project', ''],
      ],
    ] as const;
    expect(differencesOf(runs, true)).toEqual([
      { name: '--seed', isSetting: true, values: ['1', '2'] },
      { name: '--project', isSetting: true, values: [null, ''] },
    ]);
  });

  it('says if a run was validated on a sample', async () => {
    const runs = [makeRun({ validated: 5 }), makeRun({ name: 'second' })];
    const text = comparisonText(await followComparison(runs).comparison(false));
    expect(text.match(/^\(.*\)$/gm)).toEqual(['(first: validated on a sample of 5 of 8 pairs)']);
  });

  it.each([
    ['another teacher', { settings: { teacher: 'other' } }, 0.75],
    ['another loss', { settings: { loss: 'pooler' } }, 0.75],
    ['other pairs', {}, 0.5],
  ])('does not compare losses with those of %s', async (_, options, mean) => {
    const [first, same, other] = [makeRun(), makeRun({ name: 'same' }), makeRun({ name: 'other', ...options })];
    for (const run of [first, same]) await keepBaselines(run, { untrained: 3, mean: 0.75, pairs: 8 });
    await keepBaselines(other, { untrained: 3, mean, pairs: 8 });
    const compared = async (...runs: string[]): Promise<string> =>
      comparisonText(await followComparison(runs).comparison(false));
    expect(await compared(first, same)).not.toContain('cannot be compared');
    expect(await compared(first, same, other)).toMatch(
      /^\(teacher, loss or validation pairs differ .* cannot be compared\)$/m,
    );
  });

  it('shows lists without brackets', async () => {
    const runs = [makeRun({ settings: { data: ['a', 'b'] } }), makeRun({ name: 'second' })];
    const config = join(runs[0], 'config.json');
    const known = JSON.parse(readFileSync(config, 'utf8')) as { engine: object };
    writeFileSync(config, JSON.stringify({ ...known, engine: { ...known.engine, textLengths: [16, 77] } }));
    const { differences } = await followComparison(runs).comparison(false);
    expect(differences.map(({ name, values }) => [name, ...values])).toEqual([
      ['--data', 'a b', 'data'],
      ['textLengths', '16, 77', null],
    ]);
  });

  it('calls a run by its name, although it was evaluated as the newest', async () => {
    const first = makeRun();
    await addEvaluation(first);
    const path = join(first, EVALUATION_FILE);
    const kept = readFileSync(path, 'utf8')
      .replaceAll('"name": "first', '"name": "roberta')
      .replaceAll('"source": "first"', '"source": "checkpoints/first/step-00000600"');
    expect(kept.match(/"roberta/g)).toHaveLength(2);
    writeFileSync(path, kept);
    const { evaluations } = await sectionsOf(first, await readRunConfig(first));
    expect(evaluations!.pairs!.models.map(({ name }) => name)).toEqual(['clip', 'first (untrained)', 'first']);
    writeFileSync(path, kept.replace('"name": "clip"', '"name": "first"')); // both names are taken
    const both = await sectionsOf(first, await readRunConfig(first));
    expect(both.evaluations!.pairs!.models.at(-1)!.name).toBe('roberta');
  });

  it('has a baseline shared by runs once, and every student', async () => {
    const model = { source: 's', parameters: 1, bytes: 1, width: 1 };
    const untrained = { ...model, role: 'untrained', scores: [1] } as const;
    const student = { ...model, role: 'student', scores: [1] } as const;
    const teacher = { ...model, role: 'teacher', name: 'clip' } as const;
    const names = withoutCopies([
      { ...untrained, name: 'a (untrained)' },
      { ...student, name: 'a' },
      { ...untrained, name: 'b (untrained)' },
      { ...untrained, name: 'c (untrained)', scores: [2] },
      { ...student, name: 'b' },
      teacher,
      teacher,
    ]).map(({ name }) => name);
    expect(names).toEqual(['clip', '', 'c (untrained)', 'a', 'b']);

    const runs = [makeRun({ name: 'a' }), makeRun({ name: 'b' })];
    for (const run of runs) await addEvaluation(run);
    const { evaluations } = await followComparison(runs).comparison(false);
    expect(evaluations).toHaveLength(1); // on the same pairs
    // its students are of other runs
    expect(evaluations[0].pairs!.models.map(({ role }) => role)).toEqual(['teacher', 'untrained']);
  });

  it('does not merge evaluations with different teachers of one name', async () => {
    const runs = [makeRun({ name: 'a' }), makeRun({ name: 'b' })];
    for (const run of runs) {
      await addEvaluation(run);
      const { pairs } = (await readEvaluations(run))!;
      const correlation = { spearman: 0.5, pearson: 0.5 };
      const models = pairs!.models.map((model) => ({
        ...model,
        correlation: { mean: correlation, pooled: correlation },
      }));
      await keepEvaluations(run, { sts: [{ ...pairs!, file: 'sts.tsv', pairs: 9, models }] });
    }
    const path = join(runs[1], EVALUATION_FILE);
    writeFileSync(path, readFileSync(path, 'utf8').replaceAll('"source": "clip"', '"source": "data/other"'));
    const comparison = await followComparison(runs).comparison(false);
    const text = comparisonText(comparison);
    expect([...new Set(text.match(/^(Distance|Similarity|clip).*?(?= {2}|,|$)/gm))]).toEqual([
      'Distance to clip (clip) on English',
      'clip (clip)',
      'Distance to clip (data/other) on English',
      'clip (data/other)',
      'Similarity as people judge it: sts.tsv',
    ]);
    expect(text).toContain(
      '\n(evaluated on different pairs or with different teachers: compare scores within a table only)\n',
    );
  });

  it('distinguishes data by their pairs, not by where they are stored', async () => {
    const store = 'checkpoints/.prepared/other';
    const first = makeRun();
    const same = makeRun({ name: 'second', data: { store } });
    expect((await followComparison([first, same]).comparison(false)).differences).toEqual([]);

    const other = makeRun({ name: 'second', data: { store, fingerprint: 'def', validation_pairs: 9 } });
    const comparison = await followComparison([first, other]).comparison(false);
    expect(comparisonText(comparison)).toMatch(
      /^differs +first +second\npairs \(training \+ validation\) +6,400 \+ 8 +6,400 \+ 9\nfingerprint of the pairs +abc +def$/m,
    );
  });

  it('distinguishes runs of the same name by their folders', async () => {
    const { runs, differences } = await followComparison([makeRun(), makeRun()]).comparison(false);
    expect(new Set(runs.map(({ run }) => run.name)).size).toBe(2);
    expect(differences).toEqual([]);
  });
});

it('labels at the ends of lines do not overlap, and are inside the plot', () => {
  const line = (value: number) => ({ name: '', colour: '', style: 'marks' as const, points: [[1, value] as const] });
  const lines = [line(0), line(0.001), line(1), line(0.5), { ...line(0.5), style: 'curve' as const }];
  const data = { lines, log: false, range: [0, 1] as const };
  const places = endOffsets(data, [0, 1], 100).map((offset, i) => 100 * (1 - lines[i].points[0][1]) + offset);
  expect(places[2]).toBe(0);
  expect(places[3]).toBe(50);
  expect(Math.max(...places)).toBe(100);
  expect(Math.abs(places[0] - places[1])).toBeGreaterThanOrEqual(14);
  expect(endOffsets(data, [0, 1], 100)[4]).toBe(0);
});

it('labels at the ends of lines cover the lines behind them', () => {
  const points = [[0, 1] as const, [1, 0.5] as const];
  const marks = { name: '', colour: '#123456', style: 'marks' as const, points };
  const style = { palette: PALETTES.dark, log: false, endLabels: true };
  const label = { color: '#123456', backgroundColor: PALETTES.dark.paper };
  expect(lineSeries(marks, 0, style, 0)).toMatchObject([{ endLabel: label }]);
});

it('labels of lines that end at other steps stay where they are', () => {
  const line = (step: number) => ({
    name: '',
    colour: '',
    style: 'marks' as const,
    points: [[0, 1] as const, [step, 0.5] as const],
  });
  const lines = [line(2), line(3), line(3.1), line(4)];
  expect(endOffsets({ lines, log: false, range: [0, 4] }, [0, 1], 100)).toEqual([0, 0, 14, 0]);
});

it('the axis of constant values has short ticks around them', () => {
  const scaleOf = (...values: number[]) => {
    const points = values.map((value, step) => [step, value] as const);
    return valueScale({ lines: [{ name: '', colour: '', style: 'curve', points }], log: false, range: [0, 9] });
  };
  const rounded = (...values: number[]) => scaleOf(...values).map((value) => Number(value.toPrecision(6)));
  expect(rounded(5e-5, 5e-5)).toEqual([4.5e-5, 5.5e-5]);
  expect(rounded(0)).toEqual([0, 1]);
  expect(rounded(0.5, 0.6)).toEqual([0.495, 0.605]);
});
