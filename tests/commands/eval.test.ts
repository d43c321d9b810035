import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { openStore, textsOf } from '../../src/data/store/token-store.js';
import type { ModelScores, PairsEvaluation, Retrieval, StsEvaluation } from '../../src/evaluate/evaluation.js';
import { readEvaluations } from '../../src/evaluate/evaluation-file.js';
import { readRunConfig } from '../../src/runs/run-config.js';
import { openSafetensors } from '../../src/weights/safetensors.js';
import { kd, type CliResult } from '../cli.js';
import { BACKEND, folderWithPairs, ownWords, parseLines, readCsv, STUDENT, TEACHER, train, writeModel } from './tiny.js';

/** A folder with a trained run, `tiny`. */
let cwd: string;
beforeAll(() => {
  cwd = folderWithPairs(80);
  const { code, stderr } = train(cwd, ['--epochs', '6', '--batch-size', '4', '--learning-rate', '1e-3', '--valid-fraction', '0.5', '--seed', '7']);
  expect(code, stderr).toBe(0);
}, 120_000);

function compare(flags: readonly string[]): CliResult {
  return kd(['eval', '--backend', BACKEND, ...flags], { cwd });
}

interface Results { readonly pairs: PairsEvaluation; readonly sts: StsEvaluation[] }

function results(flags: readonly string[]): Results {
  const { code, stdout, stderr } = compare([...flags, '--json']);
  expect(code, stderr).toBe(0);
  return parseLines<Results & { event: string }>(stdout).find(({ event }) => event === 'evaluation')!;
}

const modelNamed = <T extends { name: string }>(models: readonly T[], name: string): T => models.find((model) => model.name === name)!;

/** The texts of the run's validation pairs, in their order. */
async function heldOut(): Promise<{ en: string[]; ko: string[] }> {
  const store = await openStore(join(cwd, (await readRunConfig(join(cwd, 'checkpoints/tiny'))).data.store));
  const rows = (await store.validation.read(0, store.validation.count)).map(textsOf);
  await store.close();
  return { en: rows.map(({ en }) => en), ko: rows.map(({ ko }) => ko) };
}

interface Outputs { readonly hidden: Float32Array; readonly pooled: Float32Array; readonly width: number }

/** What `kd encode` gives for texts. */
async function encoded(model: string, texts: readonly string[]): Promise<Outputs> {
  writeFileSync(join(cwd, 'texts.txt'), texts.join('\n'));
  const { code, stderr } = kd(['encode', '--model', model, '--input', 'texts.txt', '--output', 'texts.safetensors', '--backend', BACKEND], { cwd });
  expect(code, stderr).toBe(0);
  const file = await openSafetensors(join(cwd, 'texts.safetensors'));
  const outputs = { hidden: await file.read('last_hidden_state'), pooled: await file.read('pooler_output'), width: file.tensors.get('pooler_output')!.shape[1] };
  await file.close();
  return outputs;
}

const row = (values: Float32Array, i: number, width: number): number[] => [...values.subarray(i * width, (i + 1) * width)];
const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, value, i) => sum + value * b[i], 0);
const cosine = (a: readonly number[], b: readonly number[]): number => dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const rows = (values: Float32Array, width: number): number[][] => Array.from({ length: values.length / width }, (_, i) => row(values, i, width));

/** The mean over 77 positions. */
function meanStates({ hidden, width }: Outputs): number[][] {
  return Array.from({ length: hidden.length / (77 * width) }, (_, text) =>
    Array.from({ length: width }, (_, i) => mean(Array.from({ length: 77 }, (_, token) => hidden[(text * 77 + token) * width + i]))));
}

/** By the rule of docs/evaluation.md: candidates within 2⁻¹⁹ of the translation share the places that they take up. */
function retrieval(from: readonly number[][], to: readonly number[][]): Retrieval {
  const places = from.map((vector, i) => {
    const own = cosine(vector, to[i]);
    const others = to.filter((_, j) => j !== i).map((other) => cosine(vector, other) - own);
    const above = others.filter((difference) => difference > 2 ** -19).length;
    const ties = others.filter((difference) => Math.abs(difference) <= 2 ** -19).length;
    return Array.from({ length: ties + 1 }, (_, tie) => above + 1 + tie);
  });
  const share = (best: number): number => mean(places.map((ranks) => mean(ranks.map((rank) => (rank <= best ? 1 : 0)))));
  return { accuracy: share(1), p10: share(10), mrr: mean(places.map((ranks) => mean(ranks.map((rank) => 1 / rank)))) };
}

describe('kd eval on the pairs that a run held out', () => {
  it('gives what plain loops over the outputs of kd encode give', async () => {
    const { en, ko } = await heldOut();
    const { pairs } = results(['--compare', 'clip,roberta']);
    expect(pairs.data).toMatchObject({ split: 'validation', pairs: en.length, available: en.length });
    expect(pairs.models.map(({ name }) => name)).toEqual(['clip', 'roberta (untrained)', 'roberta']);
    const target = await encoded(TEACHER, en);
    for (const [name, model] of [['clip', TEACHER], ['roberta (untrained)', STUDENT], ['roberta', 'tiny:best']]) {
      const outputs = { en: await encoded(model, en), ko: await encoded(model, ko) };
      const { scores } = modelNamed(pairs.models, name);
      for (const language of ['en', 'ko'] as const) {
        const { hidden, pooled, width } = outputs[language];
        const { distance, translation } = scores[language];
        expect(distance!.mse).toBeCloseTo(mean([...hidden].map((value, i) => (value - target.hidden[i]) ** 2)), 6);
        expect(distance!.mse_pooled).toBeCloseTo(mean([...pooled].map((value, i) => (value - target.pooled[i]) ** 2)), 6);
        expect(distance!.cosine_token).toBeCloseTo(mean(rows(hidden, width).map((vector, i) => cosine(vector, row(target.hidden, i, width)))), 6);
        expect(distance!.cosine_pooled).toBeCloseTo(mean(rows(pooled, width).map((vector, i) => cosine(vector, row(target.pooled, i, width)))), 6);
        const other = outputs[language === 'en' ? 'ko' : 'en'];
        const expected = { pooled: retrieval(rows(pooled, width), rows(other.pooled, width)), mean: retrieval(meanStates(outputs[language]), meanStates(other)) };
        for (const pooling of ['pooled', 'mean'] as const) {
          for (const key of ['accuracy', 'p10', 'mrr'] as const) {
            // Nearer than one place of one text: only what lies at the very edge of a tie may differ.
            expect(Math.abs(translation[pooling][key] - expected[pooling][key]), `${name} ${language} ${pooling} ${key}`).toBeLessThan(0.5 / en.length);
          }
        }
      }
    }
  }, 120_000);

  it('gives the losses of the run: of the untrained student and of the best checkpoint', () => {
    const { pairs } = results(['--compare', 'roberta']);
    const log = readCsv(join(cwd, 'checkpoints/tiny/validation.csv'));
    const losses = (name: string): number[] => (['en', 'ko'] as const).map((language) => modelNamed(pairs.models, name).scores[language].distance!.mse);
    const best = log.slice(1).reduce((a, b) => (b.loss < a.loss ? b : a));
    for (const [name, logged] of [['roberta (untrained)', log[0]], ['roberta', best]] as const) {
      const [en, ko] = losses(name);
      expect(Math.abs(en - logged.loss_en)).toBeLessThan(1e-5 * logged.loss_en);
      expect(Math.abs(ko - logged.loss_ko)).toBeLessThan(1e-5 * logged.loss_ko);
    }
    expect(modelNamed(pairs.models, 'clip').scores.en.distance).toMatchObject({ mse: 0, mse_pooled: 0 });
  });

  it('splits the scores by groups whose means are those of all', () => {
    const { pairs } = results(['--compare', 'roberta', '--no-baselines', '--by', 'corpus,length']);
    expect(pairs.models.map(({ name }) => name)).toEqual(['roberta']);
    const { groups, scores } = pairs.models[0];
    for (const by of ['corpus', 'length']) {
      const parts = groups.filter((group) => group.by === by);
      const whole = (of: (model: Pick<ModelScores, 'scores'>) => number): number => parts.reduce((sum, part) => sum + part.pairs * of(part), 0) / pairs.data.pairs;
      expect(parts.reduce((sum, part) => sum + part.pairs, 0)).toBe(pairs.data.pairs);
      expect(whole((part) => part.scores.ko.distance!.mse)).toBeCloseTo(scores.ko.distance!.mse, 9);
      expect(whole((part) => part.scores.ko.translation.mean.mrr)).toBeCloseTo(scores.ko.translation.mean.mrr, 9);
    }
    expect(groups.filter(({ by }) => by === 'length').length).toBeGreaterThan(1);
  });

  it('draws as many as are asked for, the same with the same seed, and says of how many', () => {
    const drawn = (seed: string): Results => results(['--compare', 'roberta', '--no-baselines', '--samples', '10', '--seed', seed]);
    const [first, again, other] = [drawn('1'), drawn('1'), drawn('2')];
    expect(first.pairs.data).toMatchObject({ pairs: 10, seed: 1 });
    expect(first.pairs.data.available).toBeGreaterThan(10);
    expect(again.pairs.models[0].scores).toEqual(first.pairs.models[0].scores);
    expect(other.pairs.models[0].scores).not.toEqual(first.pairs.models[0].scores);
  });

  it('keeps them in the run, prints a table, and writes every format', async () => {
    const out = ['r.csv', 'r.md', 'r.html', 'r.json'];
    const { code, stdout, stderr } = compare(['--compare', 'clip,tiny:last', '--out', ...out]);
    expect(code, stderr).toBe(0);
    expect(stdout).toContain('Distance to clip on English');
    expect(stdout).toMatch(/^tiny \(untrained\) +ko → en/m);
    const read = (name: string): string => readFileSync(join(cwd, name), 'utf8');
    const { pairs } = JSON.parse(read('r.json')) as Results;
    expect((await readEvaluations(join(cwd, 'checkpoints/tiny')))!.pairs).toEqual(pairs);
    const csv = read('r.csv').trimEnd().split('\n');
    expect(csv).toHaveLength(1 + 2 * pairs.models.length);
    expect(csv[1 + 2 * 2].split(',')[csv[0].split(',').indexOf('mse')]).toBe(String(pairs.models[2].scores.en.distance!.mse));
    expect(read('r.md')).toContain(`| tiny:last | ko | ${pairs.models[2].scores.ko.distance!.mse.toFixed(4)} |`);
    expect(read('r.html')).toMatch(/^<!doctype html>.*<\/html>\n$/s);
    expect(read('r.html')).not.toMatch(/https?:|<script|<link/);
  });
});

describe('kd eval on other data', () => {
  it('takes files of pairs, all of them; says so where the run was trained on them', () => {
    writeFileSync(join(cwd, 'others.csv'), 'ko,en\n빨간 문,a red door\n파란 집,a blue house\n큰 개,a big dog\n');
    const { pairs } = results(['--compare', 'clip,roberta', '--data', 'others.csv']);
    expect(pairs.data).toMatchObject({ source: 'others.csv', split: 'all', pairs: 3, available: 3 });
    expect(compare(['--compare', 'roberta', '--data', 'pairs.csv']).stderr).toContain('pairs.csv is what checkpoints/tiny was trained on');
  });

  it('compares a model of another width by its translations alone, and says why', async () => {
    await writeModel(join(cwd, 'wide'), STUDENT, { hidden_size: 48, num_attention_heads: 4 });
    const { code, stdout, stderr } = compare(['--compare', 'clip,./wide', '--no-baselines']);
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/^\.\/wide +en +–( +–){5}$/m);
    expect(stdout).toMatch(/\(\.\/wide: no distances, width 48 is not the teacher's\)/);
    expect(stdout).toMatch(/^\.\/wide +en → ko +\d/m);
  });

  it('correlates with judged pairs, alone with --no-pairs', async () => {
    const judged = [['5', 'a red door', 'a red door'], ['1.5', 'a red door', 'two big dogs run'], ['3', 'a blue house', 'a blue door'], ['0', '파란 집', '큰 개가 달린다']];
    writeFileSync(join(cwd, 'sts.tsv'), ['score\tsentence1\tsentence2', ...judged.map((fields) => fields.join('\t'))].join('\n'));
    const { pairs, sts } = results(['--compare', 'clip,tiny:best', '--no-pairs', '--no-baselines', '--sts', 'sts.tsv']);
    expect(pairs).toBeUndefined();
    expect(sts).toMatchObject([{ file: 'sts.tsv', pairs: 4 }]);
    const [first, second] = [await encoded('tiny:best', judged.map((fields) => fields[1])), await encoded('tiny:best', judged.map((fields) => fields[2]))];
    const similarities = meanStates(first).map((vector, i) => cosine(vector, meanStates(second)[i]));
    const scores = judged.map(([score]) => Number(score));
    const centred = (values: readonly number[]): number[] => values.map((value) => value - mean(values));
    expect(modelNamed(sts[0].models, 'tiny:best').correlation.mean.pearson).toBeCloseTo(cosine(centred(similarities), centred(scores)), 5);
    const kept = (await readEvaluations(join(cwd, 'checkpoints/tiny')))!;
    expect(kept.sts).toEqual(sts);
    expect(kept.pairs, 'those on pairs stay').toBeDefined();
  });
});

describe('kd eval refuses', () => {
  it.each([
    [['--compare', 'roberta,nowhere'], /^error: --compare nowhere: no such folder; expected a model's folder, or a model on the hub as owner\/name\n$/],
    [['--compare', 'tiny:99999'], /^error: --compare tiny:99999: expected step-00099999 in checkpoints\/tiny, which has step-\d+/],
    [['--compare', 'roberta', '--out', 'results.xls'], /^error: --out results\.xls: expected a name that ends in \.csv, \.md, \.html, \.json/],
    [['--compare', 'roberta', '--out', 'none/results.csv'], /^error: none\/results\.csv: cannot be written: no such file or folder\n$/],
    [['--compare', 'roberta', '--by', 'colour'], /^error: --by: expected corpus or length, got "colour"\n$/],
    [['--compare', 'roberta,'], /^error: .*Expected names with commas between them/],
    [['--compare', 'roberta', '--no-pairs'], /^error: --no-pairs: expected files of judged pairs/],
    [['--compare', 'roberta', '--sts', 'none.tsv'], /^error: none\.tsv: expected a file that can be read/],
  ])('%j in one line', (flags, message) => {
    const { code, stdout, stderr } = compare(flags);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(ownWords(stderr)).toMatch(message);
  });

  it('pairs that it cannot find, with where it looked', () => {
    const empty = join(cwd, 'empty');
    mkdirSync(empty);
    const { code, stderr } = kd(['eval', '--compare', TEACHER, '--teacher', TEACHER], { cwd: empty });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: kd eval: expected a run whose validation pairs can be used, found none under .*checkpoints; train one with kd train, or give pairs with --data\n$/);
    expect(existsSync(join(empty, 'checkpoints'))).toBe(false);
  });
});

describe('docs/evaluation.md', () => {
  const doc = readFileSync(new URL('../../docs/evaluation.md', import.meta.url), 'utf8');
  const commands = [...doc.matchAll(/```sh\n([^]*?)```/g)].flatMap(([, block]) => block.trim().split('\n'));

  it('shows commands that work', () => {
    expect(commands).toHaveLength(3);
    writeFileSync(join(cwd, 'sts-test.tsv'), '5\ta door\ta door\n1\ta door\ta dog\n');
    for (const command of commands) {
      const args = command.replace('klue/roberta-small', STUDENT).split(' ').slice(1); // a download is more than a test can wait for
      const { code, stderr } = kd(args, { cwd });
      expect(code, `${command}: ${stderr}`).toBe(0);
    }
  });
});
