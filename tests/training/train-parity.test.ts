import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openSafetensors } from '../../src/weights/safetensors.js';
import { BACKENDS_UNDER_TEST } from '../backends.js';
import { kd, temporaryFolder } from '../cli.js';
import { largestDifference, PARITY } from '../fixtures/index.js';
import { isKeyBias, readRecording, RECORDED_RUNS, settingsOf } from '../fixtures/training.js';

/** `name,…` lines of a log as objects. */
function readCsv(path: string): Record<string, number>[] {
  const [header, ...rows] = readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .map((line) => line.split(','));
  return rows.map((row) => Object.fromEntries(header.map((name, i) => [name, Number(row[i])])));
}

const ENGINES = BACKENDS_UNDER_TEST.flatMap((backend) =>
  backend === 'cpu'
    ? [['cpu', 'eager']]
    : [
        ['tensorflow', 'compiled'],
        ['tensorflow', 'eager'],
      ],
);

describe.each(ENGINES)('kd train --backend %s --engine %s', (backend, engine) => {
  it.each(RECORDED_RUNS)(
    'reproduces %s with flags alone',
    async (name) => {
      const { student, loss, optimizer } = settingsOf(name);
      const recording = readRecording(name);
      const cwd = temporaryFolder();
      writeFileSync(join(cwd, 'pairs.csv'), ['ko,en', ...recording.pairs.map((pair) => pair.join())].join('\n'));

      const result = kd(
        [
          'train',
          '--data',
          'pairs.csv',
          '--teacher',
          join(PARITY, 'teacher'),
          '--student',
          join(PARITY, student),
          '--no-shuffle',
          '--valid-fraction',
          '0',
          '--dropout',
          '0',
          '--epochs',
          '1',
          '--batch-size',
          String(recording.batch_size),
          '--learning-rate',
          String(recording.learning_rate),
          '--weight-decay',
          String(recording.weight_decay),
          '--warmup-ratio',
          String(recording.warmup_ratio),
          '--loss',
          loss,
          '--optimizer',
          optimizer,
          '--log-every',
          '1',
          '--run',
          'parity',
          '--backend',
          backend,
          '--engine',
          engine,
        ],
        { cwd },
      );
      expect(result.code, result.stderr).toBe(0);

      const rows = readCsv(join(cwd, 'checkpoints/parity/loss.csv'));
      expect(rows.map(({ step }) => step)).toEqual(recording.log.map(({ step }) => step));
      for (const [i, { lr, loss_en, loss_ko, grad_norm }] of recording.log.entries()) {
        expect(Math.abs(rows[i].learning_rate - lr)).toBeLessThan(1e-12);
        expect(Math.abs(rows[i].loss_en - loss_en)).toBeLessThan(1e-5 * Math.max(loss_en, 0.01));
        expect(Math.abs(rows[i].loss_ko - loss_ko)).toBeLessThan(1e-5 * Math.max(loss_ko, 0.01));
        expect(Math.abs(rows[i].grad_norm - grad_norm)).toBeLessThan(1e-4 * grad_norm);
      }

      const trained = await openSafetensors(join(cwd, 'checkpoints/parity/step-00000024/model.safetensors'));
      const final = await openSafetensors(join(PARITY, `train/${name}.final.safetensors`));
      expect([...trained.tensors.keys()].map((tensor) => tensor.replace(/^text_model\./, '')).sort()).toEqual(
        [...final.tensors.keys()].sort(),
      );
      for (const tensor of trained.tensors.keys()) {
        if (isKeyBias(tensor)) continue;
        const difference = largestDifference(
          await trained.read(tensor),
          await final.read(tensor.replace(/^text_model\./, '')),
        );
        expect(difference, tensor).toBeLessThan(1e-5);
      }
      await trained.close();
      await final.close();
    },
    120_000,
  );
});
