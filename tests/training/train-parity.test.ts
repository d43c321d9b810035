import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openSafetensors } from '../../src/weights/safetensors.js';
import { BACKENDS_UNDER_TEST } from '../backends.js';
import { kd, temporaryFolder } from '../cli.js';
import { kdHere } from '../in-process.js';
import { largestDifference, PARITY } from '../fixtures/index.js';
import { isKeyBias, readRecording, RECORDED_RUNS, settingsOf, type RecordedRun } from '../fixtures/training.js';

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

/** Trains as a run was recorded, with flags alone, in a folder that holds its pairs. */
function argumentsOf(name: RecordedRun, backend: string, engine: string): string[] {
  const { student, loss, optimizer } = settingsOf(name);
  const { batch_size, learning_rate, weight_decay, warmup_ratio } = readRecording(name);
  const flags = {
    data: 'pairs.csv',
    teacher: join(PARITY, 'teacher'),
    student: join(PARITY, student),
    'valid-fraction': 0,
    dropout: 0,
    epochs: 1,
    'batch-size': batch_size,
    'learning-rate': learning_rate,
    'weight-decay': weight_decay,
    'warmup-ratio': warmup_ratio,
    loss,
    optimizer,
    'log-every': 1,
    run: 'parity',
    backend,
    engine,
  };
  return ['train', '--no-shuffle', ...Object.entries(flags).flatMap(([flag, value]) => [`--${flag}`, String(value)])];
}

describe.each(ENGINES)('kd train --backend %s --engine %s', (backend, engine) => {
  it.each(RECORDED_RUNS)(
    'reproduces %s with flags alone',
    async (name) => {
      const recording = readRecording(name);
      const cwd = temporaryFolder();
      writeFileSync(join(cwd, 'pairs.csv'), ['ko,en', ...recording.pairs.map((pair) => pair.join())].join('\n'));
      // the first in a process of its own, which TensorFlow is loaded into for that engine
      const isFirst = name === RECORDED_RUNS[0];
      const args = argumentsOf(name, backend, engine);
      const result = isFirst ? kd(args, { cwd }) : await kdHere(args, { cwd });
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
