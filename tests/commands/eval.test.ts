import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { openStore, textsOf } from '../../src/data/store/token-store.js';
import {
  LANGUAGES,
  POOLINGS,
  type Language,
  type ModelScores,
  type PairsEvaluation,
  type Pooling,
  type Retrieval,
  type StsEvaluation,
} from '../../src/evaluate/evaluation.js';
import { readEvaluations } from '../../src/evaluate/evaluation-file.js';
import { readRunConfig } from '../../src/runs/run-config.js';
import { openSafetensors } from '../../src/weights/safetensors.js';
import { kd, temporaryFolder, type CliResult } from '../cli.js';
import { argumentsOf, commandsOf } from '../docs/documents.js';
import { kdHere } from '../in-process.js';
import { PARITY } from '../fixtures/index.js';
import { BACKEND, copyOf, parseLines, readCsv, STUDENT, TEACHER, writeModel } from './tiny.js';

const DATA = fileURLToPath(new URL('../../data', import.meta.url));
const MODELS = { teacher: 'data/tiny/teacher', student: 'data/tiny/student' };

/** Judged pairs: score, two sentences. */
const JUDGED = [
  ['5', 'a red door', 'a red door'],
  ['1.5', 'a red door', 'two big dogs run'],
  ['3', 'a blue house', 'a blue door'],
  ['0', '파란 집', '큰 개가 달린다'],
];

interface Results {
  readonly pairs: PairsEvaluation;
  readonly sts: StsEvaluation[];
}

/** A folder with `data/`, a run, `tiny`, a model of another width, and one comparison of all. */
let cwd: string;
let table: string;
let results: Results;
beforeAll(async () => {
  cwd = temporaryFolder();
  symlinkSync(DATA, join(cwd, 'data'));
  const { code, stderr } = await kdHere(
    [
      'train',
      '--run',
      'tiny',
      '--data',
      'data/sample',
      '--teacher',
      MODELS.teacher,
      '--student',
      MODELS.student,
      '--backend',
      BACKEND,
      '--samples',
      '600',
      '--valid-fraction',
      '0.1',
      '--epochs',
      '5',
      '--batch-size',
      '12',
      '--learning-rate',
      '2e-3',
      '--dropout',
      '0',
    ],
    { cwd },
  );
  expect(code, stderr).toBe(0);
  await writeModel(join(cwd, 'wide'), STUDENT, {});
  writeFileSync(
    join(cwd, 'judged.tsv'),
    ['score\tsentence1\tsentence2', ...JUDGED.map((fields) => fields.join('\t'))].join('\n'),
  );
  const compared = kd(
    [
      'eval',
      '--backend',
      BACKEND,
      '--compare',
      'clip,roberta,./wide',
      '--by',
      'corpus,length',
      '--sts',
      'judged.tsv',
      '--out',
      'r.csv',
      'r.md',
      'r.html',
      'r.json',
    ],
    { cwd },
  );
  expect(compared.code, compared.stderr).toBe(0);
  table = compared.stdout;
  results = JSON.parse(read('r.json')) as Results;
}, 300_000);

const read = (name: string): string => readFileSync(join(cwd, name), 'utf8');

function compare(flags: readonly string[]): Promise<CliResult> {
  return kdHere(['eval', '--backend', BACKEND, ...flags], { cwd });
}

const modelNamed = <T extends { name: string }>(models: readonly T[], name: string): T =>
  models.find((model) => model.name === name)!;

/** The texts of the run's validation pairs, in their order. */
async function heldOut(): Promise<{ en: string[]; ko: string[] }> {
  const store = await openStore(join(cwd, (await readRunConfig(join(cwd, 'checkpoints/tiny'))).data.store));
  const rows = (await store.validation.read(0, store.validation.count)).map(textsOf);
  await store.close();
  return { en: rows.map(({ en }) => en), ko: rows.map(({ ko }) => ko) };
}

/** A model's outputs for some texts: hidden states text by text and position by position. */
interface Outputs {
  readonly hidden: readonly (readonly number[])[][];
  readonly pooled: readonly (readonly number[])[];
}

/** What `kd encode` gives for lists of texts, all in one go. */
async function encoded(model: string, lists: readonly (readonly string[])[]): Promise<Outputs[]> {
  writeFileSync(join(cwd, 'texts.txt'), lists.flat().join('\n'));
  const { code, stderr } = await kdHere(
    ['encode', '--model', model, '--input', 'texts.txt', '--output', 'texts.safetensors', '--backend', BACKEND],
    { cwd },
  );
  expect(code, stderr).toBe(0);
  const file = await openSafetensors(join(cwd, 'texts.safetensors'));
  const width = file.tensors.get('pooler_output')!.shape[1];
  const positions = rowsOf(await file.read('last_hidden_state'), width);
  const pooled = rowsOf(await file.read('pooler_output'), width);
  await file.close();
  expect(pooled).toHaveLength(lists.flat().length);
  let start = 0;
  return lists.map(({ length }) => {
    const texts = Array.from({ length }, (_, i) => start + i);
    start += length;
    return {
      hidden: texts.map((text) => positions.slice(77 * text, 77 * (text + 1))),
      pooled: texts.map((text) => pooled[text]),
    };
  });
}

const rowsOf = (values: Float32Array, width: number): number[][] =>
  Array.from({ length: values.length / width }, (_, i) => [...values.subarray(i * width, (i + 1) * width)]);
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, value, i) => sum + value * b[i], 0);
const cosine = (a: readonly number[], b: readonly number[]): number => dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
const squaredError = (a: readonly number[], b: readonly number[]): number =>
  mean(a.map((value, i) => (value - b[i]) ** 2));
const meanBy = (
  f: (a: readonly number[], b: readonly number[]) => number,
  a: readonly (readonly number[])[],
  b: readonly (readonly number[])[],
): number => mean(a.map((row, i) => f(row, b[i])));

/** A vector a text, as each pooling makes it. */
function vectorsOf({ hidden, pooled }: Outputs): Record<Pooling, readonly (readonly number[])[]> {
  return {
    pooled,
    mean: hidden.map((positions) => positions[0].map((_, i) => mean(positions.map((position) => position[i])))),
  };
}

/** By the rule of docs/evaluation.md: candidates within 2⁻¹⁹ of the translation share the places that they take up. */
function retrieval(from: readonly (readonly number[])[], to: readonly (readonly number[])[]): Retrieval {
  const places = from.map((vector, i) => {
    const own = cosine(vector, to[i]);
    const others = to.filter((_, j) => j !== i).map((other) => cosine(vector, other) - own);
    const above = others.filter((difference) => difference > 2 ** -19).length;
    const ties = others.filter((difference) => Math.abs(difference) <= 2 ** -19).length;
    return Array.from({ length: ties + 1 }, (_, tie) => above + 1 + tie);
  });
  const share = (best: number): number =>
    mean(places.map((ranks) => mean(ranks.map((rank) => (rank <= best ? 1 : 0)))));
  return { accuracy: share(1), p10: share(10), mrr: mean(places.map((ranks) => mean(ranks.map((rank) => 1 / rank)))) };
}

describe('kd eval on the pairs that a run held out', () => {
  it('equals plain loops over the outputs of kd encode', async () => {
    const { en, ko } = await heldOut();
    const judged = [1, 2].map((place) => JUDGED.map((fields) => fields[place]));
    const { pairs, sts } = results;
    expect(en.length).toBeGreaterThan(40);
    expect(pairs.data).toMatchObject({ split: 'validation', pairs: en.length, available: en.length });
    expect(sts).toMatchObject([{ file: 'judged.tsv', pairs: JUDGED.length }]);
    let target: Outputs | undefined;
    for (const [name, model] of [
      ['clip', MODELS.teacher],
      ['roberta (untrained)', MODELS.student],
      ['roberta', 'tiny:best'],
    ]) {
      const [english, korean, first, second] = await encoded(model, [en, ko, ...judged]);
      target ??= english;
      const outputs: Record<Language, Outputs> = { en: english, ko: korean };
      const { scores } = modelNamed(pairs.models, name);
      for (const [language, other] of [
        ['en', 'ko'],
        ['ko', 'en'],
      ] as const) {
        const { distance, translation } = scores[language];
        const { hidden, pooled } = outputs[language];
        expect(distance!.mse).toBeCloseTo(meanBy(squaredError, hidden.flat(), target.hidden.flat()), 6);
        expect(distance!.mse_pooled).toBeCloseTo(meanBy(squaredError, pooled, target.pooled), 6);
        expect(distance!.cosine_token).toBeCloseTo(meanBy(cosine, hidden.flat(), target.hidden.flat()), 6);
        expect(distance!.cosine_pooled).toBeCloseTo(meanBy(cosine, pooled, target.pooled), 6);
        for (const pooling of POOLINGS) {
          const expected = retrieval(vectorsOf(outputs[language])[pooling], vectorsOf(outputs[other])[pooling]);
          for (const key of ['accuracy', 'p10', 'mrr'] as const) {
            // Nearer than one place of one text: only what lies at the very edge of a tie may differ.
            expect(
              Math.abs(translation[pooling][key] - expected[key]),
              `${name} ${language} ${pooling} ${key}`,
            ).toBeLessThan(0.5 / en.length);
          }
        }
      }
      for (const pooling of POOLINGS) {
        const similarities = vectorsOf(first)[pooling].map((vector, i) =>
          cosine(vector, vectorsOf(second)[pooling][i]),
        );
        const centred = (values: readonly number[]): number[] => values.map((value) => value - mean(values));
        const pearson = cosine(centred(similarities), centred(JUDGED.map(([score]) => Number(score))));
        expect(modelNamed(sts[0].models, name).correlation[pooling].pearson).toBeCloseTo(pearson, 4);
      }
    }
  }, 180_000);

  it('equals the losses of the run: untrained student and best checkpoint', () => {
    const log = readCsv(join(cwd, 'checkpoints/tiny/validation.csv'));
    const best = log.slice(1).reduce((a, b) => (b.loss < a.loss ? b : a));
    for (const [name, logged] of [
      ['roberta (untrained)', log[0]],
      ['roberta', best],
    ] as const) {
      const { en, ko } = modelNamed(results.pairs.models, name).scores;
      expect(Math.abs(en.distance!.mse - logged.loss_en)).toBeLessThan(1e-5 * logged.loss_en);
      expect(Math.abs(ko.distance!.mse - logged.loss_ko)).toBeLessThan(1e-5 * logged.loss_ko);
    }
    expect(modelNamed(results.pairs.models, 'clip').scores.en.distance).toMatchObject({ mse: 0, mse_pooled: 0 });
  });

  it(
    'shows that training pays: mean hidden states find over a tenth of the translations, and over twice what the ' +
      "untrained student's find",
    () => {
      const accuracy = (name: string, language: Language): number =>
        modelNamed(results.pairs.models, name).scores[language].translation.mean.accuracy;
      for (const language of LANGUAGES) {
        expect(accuracy('roberta', language)).toBeGreaterThan(0.1);
        expect(accuracy('roberta', language)).toBeGreaterThan(2 * accuracy('roberta (untrained)', language));
      }
    },
  );

  it('splits the scores by groups, whose means are the totals', () => {
    const { groups, scores } = modelNamed(results.pairs.models, 'roberta');
    for (const by of ['corpus', 'length']) {
      const parts = groups.filter((group) => group.by === by);
      const whole = (of: (model: Pick<ModelScores, 'scores'>) => number): number =>
        parts.reduce((sum, part) => sum + part.pairs * of(part), 0) / results.pairs.data.pairs;
      expect(parts.length).toBeGreaterThan(2);
      expect(parts.reduce((sum, part) => sum + part.pairs, 0)).toBe(results.pairs.data.pairs);
      expect(whole((part) => part.scores.ko.distance!.mse)).toBeCloseTo(scores.ko.distance!.mse, 9);
      expect(whole((part) => part.scores.ko.translation.mean.mrr)).toBeCloseTo(scores.ko.translation.mean.mrr, 9);
    }
    expect(groups.filter(({ by }) => by === 'corpus').map(({ group }) => group)).toContain('technology');
  });

  it('compares a model of another width by its translations only, and says why', () => {
    const wide = modelNamed(results.pairs.models, './wide');
    expect(wide).toMatchObject({
      width: 48,
      no_distance: expect.stringContaining('48') as string,
      scores: { en: { distance: null }, ko: { distance: null } },
    });
    // All its parameters are 0, so that all sentences are the same to it: it guesses.
    expect(wide.scores.en.translation.mean.accuracy).toBeCloseTo(1 / results.pairs.data.pairs, 9);
    expect(table).toMatch(/^\.\/wide +en +–( +–){4,}$/m);
    expect(table).toMatch(/\(\.\/wide: no distances, width 48 is not the teacher's\)/);
    expect(table).toMatch(/^\.\/wide +en → ko +\d/m);
  });

  it('saves them in the run, prints a table, and writes every format', async () => {
    const { pairs, sts } = results;
    expect(await readEvaluations(join(cwd, 'checkpoints/tiny'))).toEqual({ pairs, sts });
    expect(pairs.models.map(({ name }) => name)).toEqual(['clip', 'roberta (untrained)', 'roberta', './wide']);
    expect(table).toContain('Distance to clip on English');
    expect(table).toMatch(/^roberta \(untrained\) +ko → en/m);
    const { mse } = pairs.models[2].scores.en.distance!;
    const [header, ...lines] = read('r.csv')
      .trimEnd()
      .split('\n')
      .map((line) => line.split(','));
    const whole = lines.find((fields) => fields.includes('roberta') && fields.includes('en'))!;
    expect(whole[header.indexOf('mse')]).toBe(String(mse));
    for (const fields of lines) expect(fields).toHaveLength(header.length);
    expect(read('r.md')).toContain(`| roberta | en | ${mse.toFixed(4)} |`);
    expect(read('r.html')).toMatch(/^<!doctype html>.*<\/html>\n$/s);
    const page = /id="report">(.*)<\/script>/.exec(read('r.html'))![1];
    expect(JSON.parse(page)).toMatchObject({ kind: 'evaluation', evaluations: { pairs, sts } });
  });
});

describe('kd eval on other data', () => {
  it('draws from raw files of pairs, by the seed, and says if the run was trained on them', async () => {
    const drawnBy = async (seed: string): Promise<PairsEvaluation> => {
      const { code, stdout, stderr } = await compare([
        '--compare',
        'tiny:last',
        '--no-baselines',
        '--data',
        'data/sample',
        '--samples',
        '10',
        '--seed',
        seed,
        '--json',
      ]);
      expect(code, stderr).toBe(0);
      expect(stderr).toContain('checkpoints/tiny was trained on data/sample, so ');
      return parseLines<Results & { event: string }>(stdout).find(({ event }) => event === 'evaluation')!.pairs;
    };
    const [first, other] = [await drawnBy('1'), await drawnBy('2')];
    expect(first.data).toMatchObject({ source: 'data/sample', split: 'all', pairs: 10, seed: 1 });
    expect(first.models.map(({ name }) => name)).toEqual(['tiny:last']);
    expect(other.models[0].scores).not.toEqual(first.models[0].scores);
  }, 120_000);
});

describe('kd eval warns', () => {
  it('that a model without a pooler has random pooled outputs', async () => {
    const model = copyOf(STUDENT, join(cwd, 'no-pooler'));
    rmSync(join(model, 'model.safetensors'));
    for (const name of ['config.json', 'pytorch_model.bin'])
      cpSync(join(PARITY, 'variants/student-masked-lm-bin', name), join(model, name));
    writeFileSync(join(cwd, 'judged.tsv'), '1\ta car\ta yellow car\n5\ta cat\tthe cat\n');
    const { code, stderr } = await compare([
      '--compare',
      './no-pooler',
      '--no-pairs',
      '--no-baselines',
      '--sts',
      'judged.tsv',
    ]);
    expect(code, stderr).toBe(0);
    expect(stderr).toContain(
      'warning: ./no-pooler lacks pooler.dense.weight, pooler.dense.bias: its pooled outputs come from random values ' +
        'in their place\n',
    );
  });
});

describe('kd eval of one model under two names', () => {
  it('shows the teacher once', async () => {
    writeFileSync(join(cwd, 'judged.tsv'), '1\ta car\ta yellow car\n5\ta cat\tthe cat\n');
    const flags = ['--no-pairs', '--no-baselines', '--sts', 'judged.tsv', '--json'];
    const { code, stdout, stderr } = await compare(['--compare', `clip,${MODELS.teacher}`, ...flags]);
    expect(code, stderr).toBe(0);
    const { sts } = parseLines<{ sts: StsEvaluation[] }>(stdout).at(-1)!;
    expect(sts[0].models.map(({ name }) => name)).toEqual(['clip']);
  });
});

describe('kd eval refuses', () => {
  it.each([
    [
      ['--compare', 'roberta,nowhere'],
      /^error: --compare nowhere: expected a run, its folder, a model's folder or a model on the hub as owner\/name, found none of that name; the runs, newest first: tiny\n$/,
    ],
    [
      ['--compare', 'tiny:99999'],
      /^error: --compare tiny:99999: expected step-00099999 in checkpoints\/tiny, which has step-\d+/,
    ],
    [
      ['--compare', 'roberta', '--out', 'results.xls'],
      /^error: --out results\.xls: expected a name that ends in \.csv, \.md, \.html, \.json/,
    ],
    [
      ['--compare', 'clip,tiny,clip'],
      /^error: --compare clip,tiny,clip: expected every model once, got clip twice; leave one out\n$/,
    ],
    [
      ['--compare', 'roberta', '--by', 'colour'],
      /^error: option '--by <what>' argument 'colour' is invalid\. Expected values separated by commas, each one of corpus, length\.\n$/,
    ],
    [['--compare', 'roberta', '--sts', 'none.tsv'], /^error: none\.tsv: expected a file that can be read/],
  ])('%j in one line', async (flags, message) => {
    const { code, stdout, stderr } = await compare(flags);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(message);
  });

  it('to replace files that are not earlier results, before the work; earlier results are replaced', async () => {
    const said = async (out: readonly string[]): Promise<string> =>
      (await compare(['--compare', 'roberta', '--sts', 'none.tsv', '--out', ...out])).stderr;
    writeFileSync(join(cwd, 'empty.csv'), '');
    expect(await said(['r.csv', 'r.md', 'r.html', 'r.json', 'empty.csv'])).toMatch(/^error: none\.tsv: /);
    for (const [name, text] of [
      ['other.csv', 'ko,en\n'],
      ['other.md', '# Notes\n'],
      ['other.html', '<!doctype html><title>Notes</title>'],
      ['other.json', '{\n  "pairs": []\n}'],
    ]) {
      writeFileSync(join(cwd, name), text);
      expect(await said([name])).toBe(
        `error: --out ${name}: expected no file yet, or an earlier result of kd eval, got another file; name another\n`,
      );
      expect(readFileSync(join(cwd, name), 'utf8')).toBe(text);
    }
    mkdirSync(join(cwd, 'folder.csv'));
    expect(await said(['folder.csv'])).toBe(
      'error: --out folder.csv: expected no file yet, or an earlier result of kd eval, got a folder; name another\n',
    );
  });

  it('pairs that it cannot find, and says where it looked', async () => {
    const empty = join(cwd, 'empty');
    mkdirSync(empty);
    const { code, stderr } = await kdHere(['eval', '--compare', TEACHER, '--teacher', TEACHER], { cwd: empty });
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^error: kd eval: expected a run whose validation pairs can be used, found none under .*checkpoints; train one with kd train, or give pairs with --data\n$/,
    );
    expect(existsSync(join(empty, 'checkpoints'))).toBe(false);
  });
});

describe('docs/evaluation.md', () => {
  const commands = commandsOf('docs/evaluation.md');

  it('prints commands that work; an evaluation on judged pairs keeps the others in the run', async () => {
    expect(commands).toHaveLength(3);
    writeFileSync(join(cwd, 'sts-test.tsv'), '5\ta door\ta door\n1\ta door\ta dog\n');
    for (const command of commands) {
      // a download is more than a test can wait for
      const args = argumentsOf(command.replace('klue/roberta-small', MODELS.student));
      const { code, stderr } = await kdHere(args, { cwd });
      expect(code, `${command}: ${stderr}`).toBe(0);
    }
    const { pairs, sts } = (await readEvaluations(join(cwd, 'checkpoints/tiny')))!;
    expect(pairs!.data.split).toBe('validation');
    expect(sts.map(({ file }) => file)).toEqual(['judged.tsv', 'sts-test.tsv']);
  }, 120_000);
});
