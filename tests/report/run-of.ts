/** @file Runs made by hand, for reports. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LOSS_COLUMNS, VALIDATION_COLUMNS } from '../../src/runs/loss-log.js';
import { temporaryFolder } from '../cli.js';

export interface RunOptions {
  readonly name?: string;
  /** Training rows: every `logEvery` steps. */
  readonly rows?: number;
  readonly logEvery?: number;
  readonly epochs?: number;
  readonly settings?: object;
}

/** A loss that falls, and wobbles. */
export function lossAt(step: number): number {
  return 0.4 + 3 * Math.exp(-step / 150) + 0.02 * Math.sin(step);
}

/** A line of `loss.csv`. */
export function lossLine(step: number, stepsPerEpoch: number, loss: number | string = lossAt(step)): string {
  const half = typeof loss === 'number' ? loss / 2 : loss;
  const row = { step, epoch: Math.ceil(step / stepsPerEpoch), learning_rate: 5e-5, loss, loss_en: half, loss_ko: half, grad_norm: 1.5, pairs_per_second: 101 + (step % 7) };
  return LOSS_COLUMNS.map((column) => row[column]).join(',');
}

/** The folder of a run under `checkpoints/` of a new folder. */
export function makeRun({ name = 'first', rows = 60, logEvery = 10, epochs = 3, settings = {} }: RunOptions = {}): string {
  const folder = join(temporaryFolder(), 'checkpoints', name);
  mkdirSync(folder, { recursive: true });
  const stepsPerEpoch = Math.max(Math.ceil((rows * logEvery) / epochs), 1);
  writeFileSync(join(folder, 'config.json'), JSON.stringify({
    created: '2026-01-02T03:04:05.000Z',
    settings: { data: ['data'], epochs, batchSize: 32, accumulate: 1, learningRate: 5e-5, shuffle: true, ...settings },
    teacher: { source: 'openai/clip-vit-large-patch14', parameters: 123_060_480 },
    student: { source: 'klue/roberta-small', parameters: 68_090_880 },
    data: { fingerprint: 'abc', training_pairs: stepsPerEpoch * 32, validation_pairs: 8, store: 'checkpoints/.prepared/none' },
    engine: { engine: 'compiled', precision: 'fp32', backend: 'tensorflow', device: 'cpu' },
    versions: { kd: '0.1.0', node: '22.0.0' },
  }));
  const steps = Array.from({ length: rows }, (_, i) => (i + 1) * logEvery);
  writeFileSync(join(folder, 'loss.csv'), [LOSS_COLUMNS.join(','), ...steps.map((step) => lossLine(step, stepsPerEpoch)), ''].join('\n'));
  const ends = Array.from({ length: epochs + 1 }, (_, epoch) => epoch);
  const validation = ends.map((epoch) => [epoch * stepsPerEpoch, epoch, lossAt(epoch * stepsPerEpoch), lossAt(epoch * stepsPerEpoch) / 2, lossAt(epoch * stepsPerEpoch) / 2].join(','));
  writeFileSync(join(folder, 'validation.csv'), [VALIDATION_COLUMNS.join(','), ...validation, ''].join('\n'));
  return folder;
}
