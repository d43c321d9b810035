/** @file Runs made by hand, for reports. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { PREVIEWS_FOLDER } from '../../src/app/pictures/run-previews.js';
import { PICTURES_FOLDER, recordPicture, type Picture, type PreviewMark } from '../../src/diffusion/pictures.js';
import type { LanguageScores, ModelScores, PairsEvaluation } from '../../src/evaluate/evaluation.js';
import { keepEvaluations } from '../../src/evaluate/evaluation-file.js';
import { LOSS_COLUMNS, VALIDATION_COLUMNS } from '../../src/runs/loss-log.js';
import { temporaryFolder } from '../cli.js';

export interface RunOptions {
  readonly name?: string;
  /** Training rows: every `logEvery` steps. */
  readonly rows?: number;
  readonly logEvery?: number;
  readonly epochs?: number;
  readonly settings?: object;
  /** Pairs that the log says were validated on, of 8; empty as in that of an earlier version. */
  readonly validated?: number | '';
  /** What its data is said to be, other than usual. */
  readonly data?: object;
}

/** A loss that falls, and wobbles. */
export function lossAt(step: number): number {
  return 0.4 + 3 * Math.exp(-step / 150) + 0.02 * Math.sin(step);
}

/** A line of `loss.csv`. */
export function lossLine(step: number, stepsPerEpoch: number, loss: number | string = lossAt(step)): string {
  const half = typeof loss === 'number' ? loss / 2 : loss;
  const row = {
    step,
    epoch: Math.ceil(step / stepsPerEpoch),
    learning_rate: 5e-5,
    loss,
    loss_en: half,
    loss_ko: half,
    grad_norm: 1.5,
    pairs_per_second: 101 + (step % 7),
  };
  return LOSS_COLUMNS.map((column) => row[column]).join(',');
}

/** The folder of a run under `checkpoints/` of a new folder. */
export function makeRun({
  name = 'first',
  rows = 60,
  logEvery = 10,
  epochs = 3,
  settings = {},
  validated = 8,
  data = {},
}: RunOptions = {}): string {
  const folder = join(temporaryFolder(), 'checkpoints', name);
  mkdirSync(folder, { recursive: true });
  const stepsPerEpoch = Math.max(Math.ceil((rows * logEvery) / epochs), 1);
  writeFileSync(
    join(folder, 'config.json'),
    JSON.stringify({
      created: '2026-01-02T03:04:05.000Z',
      settings: {
        data: ['data'],
        epochs,
        batchSize: 32,
        accumulate: 1,
        learningRate: 5e-5,
        shuffle: true,
        ...settings,
      },
      teacher: { source: 'openai/clip-vit-large-patch14', parameters: 123_060_480 },
      student: { source: 'klue/roberta-small', parameters: 68_090_880 },
      data: {
        fingerprint: 'abc',
        training_pairs: stepsPerEpoch * 32,
        validation_pairs: 8,
        store: 'checkpoints/.prepared/none',
        ...data,
      },
      fingerprints: { data: 'abc' },
      engine: { engine: 'compiled', precision: 'fp32', backend: 'tensorflow', device: 'cpu' },
      versions: { kd: '0.1.0', node: '22.0.0' },
    }),
  );
  const steps = Array.from({ length: rows }, (_, i) => (i + 1) * logEvery);
  writeFileSync(
    join(folder, 'loss.csv'),
    [LOSS_COLUMNS.join(','), ...steps.map((step) => lossLine(step, stepsPerEpoch)), ''].join('\n'),
  );
  const ends = Array.from({ length: epochs + 1 }, (_, epoch) => epoch);
  const validation = ends.map((epoch) =>
    [
      epoch * stepsPerEpoch,
      epoch,
      lossAt(epoch * stepsPerEpoch),
      lossAt(epoch * stepsPerEpoch) / 2,
      lossAt(epoch * stepsPerEpoch) / 2,
      validated,
    ].join(','),
  );
  writeFileSync(join(folder, 'validation.csv'), [VALIDATION_COLUMNS.join(','), ...validation, ''].join('\n'));
  return folder;
}

/** Adds a picture of one colour to those of a run, as `kd generate` does. */
export async function addPicture(
  run: string,
  changes: Partial<Picture> = {},
  colour = { r: 40, g: 90, b: 160 },
  into = PICTURES_FOLDER,
): Promise<void> {
  const picture: Picture = {
    file: 'it.png',
    kind: 'picture',
    prompts: ['a yellow car'],
    negative: '',
    seed: 7,
    steps: 25,
    guidance: 7.5,
    scheduler: 'UniPCMultistepScheduler',
    width: 512,
    height: 256,
    encoders: ['first:best'],
    pipeline: 'somebody/pipeline',
    ...changes,
  };
  const folder = join(run, into);
  mkdirSync(folder, { recursive: true });
  await sharp({ create: { width: picture.width, height: picture.height, channels: 3, background: colour } })
    .png()
    .toFile(join(folder, picture.file));
  await recordPicture(folder, picture);
}

/** Adds a preview of one colour, as training has them drawn. */
export async function addPreview(
  run: string,
  { of, step }: Pick<PreviewMark, 'of' | 'step'>,
  changes: Partial<Picture> = {},
  prompt = { ko: '노란색 차', en: 'a yellow car' },
): Promise<void> {
  const preview = { of, step, resumed: 0, prompt };
  const file = `${prompt.ko.replaceAll('/', '')}-${of}-${step}.png`;
  await addPicture(run, { file, prompts: [prompt.ko], preview, ...changes }, undefined, PREVIEWS_FOLDER);
}

/** Keeps an evaluation with a teacher, a student and the same untrained in a run. */
export async function addEvaluation(run: string): Promise<void> {
  const scores = (mse: number, mean: number, pooled: number): LanguageScores => ({
    distance: { mse, mse_pooled: 1.2, cosine_token: 0.9, cosine_pooled: 0.1 },
    translation: { mean: { accuracy: mean, p10: 0.9, mrr: 0.8 }, pooled: { accuracy: pooled, p10: 0.5, mrr: 0.4 } },
  });
  const model = (name: string, role: ModelScores['role'], en: LanguageScores, ko: LanguageScores): ModelScores => ({
    name,
    role,
    source: name,
    parameters: 68_090_880,
    bytes: 272_363_520,
    width: 768,
    ms_per_text: 12.5,
    cut: 0,
    no_distance: null,
    scores: { en, ko },
    groups: [],
  });
  const pairs: PairsEvaluation = {
    created: '2026-01-02T05:06:07.000Z',
    kd: '0.1.0',
    engine: { backend: 'tensorflow', device: 'cpu', tensorflow: '2.21.0' },
    batch_size: 32,
    data: { source: 'store', fingerprint: 'abc', split: 'validation', pairs: 500, available: 500, seed: 42 },
    teacher: 'clip',
    models: [
      model('clip', 'teacher', scores(0, 0.004, 0.002), scores(1.2, 0.003, 0.001)),
      model('first (untrained)', 'untrained', scores(1.9, 0.004, 0.008), scores(1.91, 0.005, 0.002)),
      model('first', 'student', scores(0.21, 0.816, 0.286), scores(0.25, 0.814, 0.271)),
    ],
  };
  await keepEvaluations(run, { pairs, sts: [] });
}
