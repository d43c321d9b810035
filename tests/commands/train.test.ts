/** @file `kd train`: what it tells, logs and saves. That it computes the right numbers is in train-parity.test.ts. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, existsSync, openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { DEFAULTS } from '../../src/training/settings.js';
import { openSafetensors } from '../../src/weights/safetensors.js';
import { KD, temporaryFolder, type CliResult } from '../cli.js';
import { PARITY } from '../fixtures/index.js';
import { kdHere } from '../in-process.js';
import {
  BACKEND,
  folderWithPairs,
  parseLines,
  readCsv,
  readJson,
  STUDENT,
  TEACHER,
  train,
  trainArguments,
} from './tiny.js';

interface Event {
  readonly event: string;
  readonly step?: number;
  readonly [name: string]: unknown;
}

const read = (...path: string[]): string => readFileSync(join(...path), 'utf8');

describe('a run of two epochs, the second worse than the first', () => {
  // 18 pairs in batches of 4: the last of an epoch has 2. The learning rate rises so far that all gets worse.
  const FLAGS = [
    '--no-shuffle',
    '--batch-size',
    '4',
    '--valid-fraction',
    '0.2',
    '--epochs',
    '2',
    '--learning-rate',
    '30',
    '--warmup-ratio',
    '1',
    '--dropout',
    '0',
    '--log-every',
    '3',
    '--save-every',
    '2',
    '--keep',
    '1',
    '--json',
  ];
  let cwd: string;
  let run: string;
  let result: CliResult;
  let events: Event[];
  beforeAll(() => {
    cwd = folderWithPairs(22);
    run = join(cwd, 'checkpoints/tiny');
    result = train(cwd, FLAGS);
    expect(result.code, result.stderr).toBe(0);
    events = parseLines(result.stdout);
  });

  it('reports events in order as JSON, one per line', () => {
    const told = events.map(({ event, step }) => (step === undefined ? event : `${event} ${step}`));
    expect(told).toEqual([
      'engine',
      'prepared',
      'data',
      'plan',
      'validation 0',
      'baselines',
      'step 1',
      'checkpoint 2',
      'step 3',
      'checkpoint 4',
      'validation 5',
      'checkpoint 5',
      'step 6',
      'checkpoint 6',
      'checkpoint 8',
      'step 9',
      'validation 10',
      'checkpoint 10',
      'done',
    ]);
    expect(events[0]).toMatchObject({
      backend: BACKEND,
      engine: BACKEND === 'tensorflow' ? 'compiled' : 'eager',
      precision: 'fp32',
    });
    expect(events[1]).toMatchObject({ total: { read: 22, dropped: {}, training: 18, validation: 4 } });
    expect(events[2]).toMatchObject({ training_pairs: 18, validation_pairs: 4 });
    expect(events[3]).toMatchObject({ epochs: 2, steps_per_epoch: 5, steps: 10 });
    expect(events.filter(({ event, best }) => event === 'checkpoint' && best === true).map(({ step }) => step)).toEqual(
      [5],
    );
    expect(events.at(-1)).toMatchObject({ run, steps: 10, stopped: false, best: { step: 5 } });
  });

  it('reports progress to the user on standard error', () => {
    const words = result.stderr;
    expect(words).toMatch(/^data: 18 pairs for training, 4 for validation \(checkpoints\/\.prepared\/[0-9a-f]+\)$/m);
    expect(words).toMatch(/^student: \S+, 77,808 parameters, width 48$/m);
    expect(words).toMatch(/^engine: (compiled on TensorFlow [\d.]+|eager on tfjs \(JavaScript\)), cpu, fp32$/m);
    expect(words).toMatch(/^untrained {2}validation 4\.\d{4} \(en 2\.\d{4} \+ ko 2\.\d{4}\)$/m);
    expect(words).toMatch(
      /^baselines over 4 pairs: untrained student 4\.\d{4}, predicting the teacher's mean \d\.\d{4}$/m,
    );
    expect(words).toMatch(
      /^epoch 2\/2 {2}loss \d+\.\d{4} {2}validation \d+\.\d{4} \(en \d+\.\d{4} \+ ko \d+\.\d{4}\) {2}[\d.,]+ pairs\/s$/m,
    );
  });

  it('logs every third step and the first, in two equal formats', () => {
    expect(read(run, 'loss.csv')).toMatch(
      /^step,epoch,learning_rate,loss,loss_en,loss_ko,grad_norm,pairs_per_second\n1,1,0,/,
    );
    const rows = readCsv(join(run, 'loss.csv'));
    expect(rows.map(({ step, epoch }) => [step, epoch])).toEqual([
      [1, 1],
      [3, 1],
      [6, 2],
      [9, 2],
    ]);
    expect(rows.map((row) => row.learning_rate)).toEqual([0, 6, 15, 24]);
    for (const row of rows) {
      expect(row.loss).toBe(row.loss_en + row.loss_ko);
      expect(row.grad_norm).toBeGreaterThan(0);
      expect(row.pairs_per_second).toBeGreaterThan(0);
    }
    expect(parseLines(read(run, 'loss.jsonl'))).toEqual(rows);
    expect(events.filter(({ event }) => event === 'step')).toEqual(rows.map((row) => ({ event: 'step', ...row })));
    expect(readdirSync(run).filter((name) => name.startsWith('events.out.tfevents.'))).toHaveLength(1);
  });

  it('logs every validation', () => {
    expect(read(run, 'validation.csv')).toMatch(/^step,epoch,loss,loss_en,loss_ko,pairs\n0,0,4\.\d+,/);
    const rows = readCsv(join(run, 'validation.csv'));
    expect(rows.map(({ step, epoch }) => [step, epoch])).toEqual([
      [0, 0],
      [5, 1],
      [10, 2],
    ]);
    expect(rows[2].loss).toBeGreaterThan(1.5 * rows[1].loss);
    expect(events.filter(({ event }) => event === 'validation')).toEqual(
      rows.map((row) => ({ event: 'validation', ...row })),
    );
  });

  it('keeps the newest checkpoint and the best, and names them', () => {
    expect(readdirSync(run).filter((name) => name.startsWith('step-'))).toEqual(['step-00000005', 'step-00000010']);
    expect([read(run, 'best'), read(run, 'last')]).toEqual(['step-00000005\n', 'step-00000010\n']);
    expect(readdirSync(run).filter((name) => name.includes('tmp'))).toEqual([]);
  });

  it('describes itself', () => {
    const { created, ...config } = readJson<Record<string, Record<string, unknown>> & { readonly created: never }>(
      join(run, 'config.json'),
    );
    expect(Object.keys(config.settings)).toEqual(expect.arrayContaining(Object.keys(DEFAULTS)));
    expect(config.settings).toMatchObject({
      data: ['pairs.csv'],
      teacher: TEACHER,
      student: STUDENT,
      validFraction: 0.2,
      shuffle: false,
      epochs: 2,
      batchSize: 4,
      accumulate: 1,
      learningRate: 30,
      weightDecay: 1e-4,
      warmupRatio: 1,
      optimizer: 'adamw',
      loss: 'hidden',
      seed: 42,
      logEvery: 3,
      saveEvery: 2,
      keep: 1,
    });
    expect(Object.keys(config.settings)).not.toContain('json');
    expect(config.teacher).toMatchObject({
      source: TEACHER,
      parameters: 114_192,
      config: { family: 'clip-text', hiddenSize: 48 },
    });
    expect(config.student).toMatchObject({
      source: STUDENT,
      parameters: 77_808,
      config: { family: 'roberta', hiddenSize: 48 },
    });
    expect(config.data).toMatchObject({ training_pairs: 18, validation_pairs: 4 });
    expect([config.data.fingerprint, config.teacher.tokenizer, config.student.tokenizer].join()).toMatch(
      /^([0-9a-f]{64},?){3}$/,
    );
    expect(config.engine).toMatchObject({ backend: BACKEND, device: 'cpu', precision: 'fp32' });
    expect(config.versions).toMatchObject({ node: process.versions.node });
    expect(Date.parse(created)).toBeGreaterThan(Date.now() - 600_000);
  });

  it('saves complete checkpoints', () => {
    const folder = join(run, 'step-00000010');
    expect(readdirSync(folder).sort()).toEqual([
      'config.json',
      'manifest.json',
      'model.safetensors',
      'optimizer.safetensors',
      'special_tokens_map.json',
      'tokenizer.json',
      'tokenizer_config.json',
      'trainer.json',
      'vocab.txt',
    ]);
    const { files } = readJson<{ files: Record<string, { bytes: number; sha256: string }> }>(
      join(folder, 'manifest.json'),
    );
    expect(Object.keys(files).sort()).toEqual(
      readdirSync(folder)
        .filter((name) => name !== 'manifest.json')
        .sort(),
    );
    for (const [name, { bytes, sha256 }] of Object.entries(files)) {
      const content = readFileSync(join(folder, name));
      expect([content.length, createHash('sha256').update(content).digest('hex')], name).toEqual([bytes, sha256]);
    }
    expect(readJson(join(folder, 'trainer.json'))).toMatchObject({
      step: 10,
      epoch: 2,
      position: 5,
      validated: true,
      updates: 10,
      skipped: 0,
      seed: 42,
      best: { step: 5 },
    });
    for (const name of ['tokenizer.json', 'vocab.txt']) expect(read(folder, name)).toBe(read(STUDENT, name));
  });
});

describe('a step with a learning rate of 0', () => {
  // With a warm-up the first step's is 0, so that what is saved is what was opened.
  const ONE_STEP = [
    '--engine',
    'eager',
    '--max-steps',
    '1',
    '--warmup-ratio',
    '0.5',
    '--batch-size',
    '2',
    '--valid-fraction',
    '0',
    '--dropout',
    '0',
  ];

  it.each([
    [
      'a RoBERTa',
      'student',
      ['--student', STUDENT],
      'student',
      { model_type: 'roberta', architectures: ['RobertaModel'] },
    ],
    [
      'the text model of a whole CLIP',
      'teacher',
      ['--student', join(PARITY, 'variants/teacher-inside-full-clip'), '--student-tokenizer', TEACHER],
      'teacher',
      { model_type: 'clip_text_model', architectures: ['CLIPTextModel'], hidden_size: 48, vocab_size: 1115 },
    ],
  ])("saves %s in transformers' layout, which can be opened again", async (_, __, flags, original, config) => {
    const cwd = folderWithPairs(2);
    const result = await kdHere(trainArguments([...ONE_STEP, ...flags]), { cwd });
    expect(result.code, result.stderr).toBe(0);
    const checkpoint = join(cwd, 'checkpoints/tiny/step-00000001');

    const saved = readJson<Record<string, unknown>>(join(checkpoint, 'config.json'));
    expect(saved).toMatchObject({ ...config, torch_dtype: 'float32' });
    expect(Object.keys(saved).filter((name) => /vision|text_config|logit/.test(name))).toEqual([]);

    const [written, fixture] = [
      await openSafetensors(join(checkpoint, 'model.safetensors')),
      await openSafetensors(join(PARITY, original, 'model.safetensors')),
    ];
    const shapesOf = ({ tensors }: typeof written): [string, unknown][] =>
      [...tensors]
        .filter(([name]) => !name.endsWith('position_ids'))
        .map(([name, { shape }]): [string, unknown] => [name, shape])
        .sort();
    expect(shapesOf(written)).toEqual(shapesOf(fixture));
    for (const [name] of shapesOf(fixture)) expect(await written.read(name), name).toEqual(await fixture.read(name));
    await Promise.all([written.close(), fixture.close()]);

    writeFileSync(join(cwd, 'texts.txt'), '노란색 차가 달린다.\na yellow car\n');
    for (const [model, output] of [
      [checkpoint, 'a.safetensors'],
      [join(PARITY, original), 'b.safetensors'],
    ]) {
      const options = ['--model', model, '--input', 'texts.txt', '--output', output, '--backend', BACKEND];
      const encoded = await kdHere(['encode', ...options], { cwd });
      expect(encoded.code, encoded.stderr).toBe(0);
    }
    expect(readFileSync(join(cwd, 'a.safetensors')).equals(readFileSync(join(cwd, 'b.safetensors')))).toBe(true);
  });
});

describe('settings', () => {
  const losses = (cwd: string, run: string): number[][] =>
    readCsv(join(cwd, 'checkpoints', run, 'loss.csv')).map(({ step, epoch, loss, loss_en, grad_norm }) => [
      step,
      epoch,
      loss,
      loss_en,
      grad_norm,
    ]);

  it('a seed determines the split, the order and the dropout', async () => {
    const cwd = folderWithPairs(20);
    const common = ['--engine', 'eager', '--batch-size', '4', '--max-steps', '3', '--log-every', '1'];
    for (const [name, ...flags] of [['one'], ['again', '--seed', '42'], ['other', '--seed', '43']]) {
      const args = trainArguments([...common, '--dropout', 'configured', '--run', name, ...flags]);
      expect((await kdHere(args, { cwd })).code).toBe(0);
    }
    const fingerprint = (name: string): string =>
      readJson<{ data: { fingerprint: string } }>(join(cwd, 'checkpoints', name, 'config.json')).data.fingerprint;
    expect(losses(cwd, 'again')).toEqual(losses(cwd, 'one'));
    expect(read(cwd, 'checkpoints/again/validation.csv')).toBe(read(cwd, 'checkpoints/one/validation.csv'));
    expect(fingerprint('again')).toBe(fingerprint('one'));
    expect(fingerprint('other')).not.toBe(fingerprint('one'));
    expect(losses(cwd, 'other')[0][2]).not.toBeCloseTo(losses(cwd, 'one')[0][2], 4);
  });

  it(
    'accumulated micro-batches are a batch, the last window of an epoch a smaller one; --max-steps ends within ' +
      'an epoch',
    async () => {
      const cwd = folderWithPairs(20);
      // 15 pairs of 20 train: in micro-batches of 3 windows of 3 and 2, in batches of 9 and 6.
      const common = [
        '--no-shuffle',
        '--samples',
        '20',
        '--valid-fraction',
        '0.25',
        '--epochs',
        '2',
        '--max-steps',
        '3',
        '--log-every',
        '1',
        '--dropout',
        '0',
        '--learning-rate',
        '1e-3',
      ];
      const plan = (stdout: string) => parseLines<Event>(stdout).find(({ event }) => event === 'plan');
      const run = (...flags: string[]): Promise<CliResult> =>
        kdHere(trainArguments([...common, ...flags, '--json']), { cwd });
      const small = await run('--batch-size', '3', '--accumulate', '3', '--run', 'small');
      const large = await run('--batch-size', '9', '--run', 'large');
      expect([small.code, large.code]).toEqual([0, 0]);
      expect(plan(small.stdout)).toMatchObject({
        steps: 3,
        steps_per_epoch: 2,
        epochs: 2,
        training_pairs: 15,
        validation_pairs: 5,
      });
      const [parts, whole] = [losses(cwd, 'small'), losses(cwd, 'large')];
      expect(parts.map(([step, epoch]) => [step, epoch])).toEqual([
        [1, 1],
        [2, 1],
        [3, 2],
      ]);
      for (const [i, row] of whole.entries())
        for (const [j, value] of row.entries()) expect(parts[i][j]).toBeCloseTo(value, 4);
      expect(readCsv(join(cwd, 'checkpoints/small/validation.csv')).map(({ step }) => step)).toEqual([0, 2, 3]);
      expect(read(cwd, 'checkpoints/small/last')).toBe('step-00000003\n');
    },
  );

  it('--quiet prints the result and nothing else', () => {
    const cwd = folderWithPairs(4);
    const flags = ['--engine', 'eager', '--max-steps', '2', '--valid-fraction', '0', '--quiet'];
    const files = ['out', 'err'].map((name) => openSync(join(cwd, name), 'w'));
    spawnSync(process.execPath, [KD, ...trainArguments(flags)], { cwd, stdio: ['ignore', ...files] });
    files.forEach(closeSync);
    expect(read(cwd, 'err')).toBe('');
    expect(read(cwd, 'out')).toMatch(
      /^checkpoints\/tiny: 2 steps in \d:\d\d:\d\d\nreport: checkpoints\/tiny\/report\.html\n$/,
    );
    // Without validation the newest is the best.
    expect(read(cwd, 'checkpoints/tiny/best')).toBe('step-00000002\n');
    expect(existsSync(join(cwd, 'checkpoints/tiny/step-00000002/model.safetensors'))).toBe(true);
  });

  it('dropped and cut rows are reported; without a name, a run is named after its start time', async () => {
    const cwd = temporaryFolder();
    const rows = [
      ['집', 'house'],
      ['차', 'car'],
      ['', 'nothing'],
      ['나무 '.repeat(90), 'tree'],
      ['짧다'],
      ...Array.from({ length: 20 }, () => ['집', 'house']),
    ];
    writeFileSync(join(cwd, 'pairs.csv'), ['korea,english', ...rows.map((row) => row.join())].join('\n'));
    const flags = trainArguments(['--engine', 'eager', '--max-steps', '1', '--no-shuffle']);
    flags.splice(flags.indexOf('--run'), 2);
    const result = await kdHere(flags, { cwd });
    expect(result.code, result.stderr).toBe(0);
    expect(result.stderr).toMatch(/^warning: 1 row .*pairs\.csv:6 \(expected 2 fields, got 1; complete the row\)$/m);
    expect(result.stderr).toMatch(/^1 row .*empty text.*pairs\.csv:4$/m);
    expect(result.stderr).toMatch(/^warning: 1 text cut to 77 tokens \(Korean, by the student's tokenizer\)$/m);
    expect(
      readdirSync(join(cwd, 'checkpoints'))
        .filter((name) => !name.startsWith('.'))
        .join(),
    ).toMatch(/^\d{4}-\d\d-\d\d-\d{6}$/);
  });
});
