/** @file Small inputs for the commands: pairs, models and what a run writes. */
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildTextEncoder } from '../../src/models/build.js';
import { parseConfig } from '../../src/models/config.js';
import { sizeOf } from '../../src/base/shape.js';
import { writeSafetensors } from '../../src/weights/safetensors-writer.js';
import { BACKENDS_UNDER_TEST } from '../backends.js';
import { kd, temporaryFolder, type CliOptions, type CliResult } from '../cli.js';
import { PARITY } from '../fixtures/index.js';
import { readRecording } from '../fixtures/training.js';

export const TEACHER = join(PARITY, 'teacher');
export const STUDENT = join(PARITY, 'student');

/** The fastest backend that may be tested. */
export const [BACKEND] = BACKENDS_UNDER_TEST;

/** Korean and English texts, without a comma or a quote in them. */
export const PAIRS = readRecording('roberta-hidden').pairs;

/** A new folder with `count` pairs in `pairs.csv`. */
export function folderWithPairs(count: number): string {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'pairs.csv'), ['ko,en', ...PAIRS.slice(0, count).map((pair) => pair.join())].join('\n'));
  return folder;
}

/** `kd train` on `pairs.csv` with the tiny models; later flags win. */
export function train(cwd: string, flags: readonly string[], options: CliOptions = {}): CliResult {
  return kd(trainArguments(flags), { cwd, ...options });
}

/** The arguments of `train`. A second `--data` would add to the first. */
export function trainArguments(flags: readonly string[]): string[] {
  const data = flags.includes('--data') ? [] : ['--data', 'pairs.csv'];
  return [
    'train',
    ...data,
    '--teacher',
    TEACHER,
    '--student',
    STUDENT,
    '--run',
    'tiny',
    '--backend',
    BACKEND,
    ...flags,
  ];
}

/** A copy of a model folder, in which files may be changed. */
export function copyOf(model: string, into: string): string {
  cpSync(model, into, { recursive: true });
  return into;
}

/** Writes a model folder with all parameters 0: a fixture's configuration with changes, and its tokenizer. */
export async function writeModel(folder: string, like: string, changes: object): Promise<string> {
  mkdirSync(folder, { recursive: true });
  const json: unknown = { ...(JSON.parse(readFileSync(join(like, 'config.json'), 'utf8')) as object), ...changes };
  const { shapes } = buildTextEncoder(parseConfig(json, folder));
  writeFileSync(join(folder, 'config.json'), JSON.stringify(json));
  for (const name of readdirSync(like).filter((file) => /tok|vocab|merges/.test(file)))
    cpSync(join(like, name), join(folder, name));
  const tensors = Object.entries(shapes).map(([name, shape]) => ({
    name,
    dtype: 'F32' as const,
    shape,
    values: new Float32Array(sizeOf(shape)),
  }));
  await writeSafetensors(join(folder, 'model.safetensors'), tensors);
  return folder;
}

/** The lines of a log with a header as objects; numbers as numbers. */
export function readCsv(path: string): Record<string, number>[] {
  const [header, ...rows] = readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => line.split(','));
  return rows.map((row) => Object.fromEntries(header.map((name, i) => [name, Number(row[i])])));
}

/** What a run computed: its files' hashes, and its logs without what time it took. */
export function computed(cwd: string, run: string, step: string) {
  const folder = join(cwd, 'checkpoints', run);
  const hash = (name: string): string =>
    createHash('sha256')
      .update(readFileSync(join(folder, `step-${step}`, name)))
      .digest('hex');
  return {
    student: hash('model.safetensors'),
    optimizer: hash('optimizer.safetensors'),
    losses: readCsv(join(folder, 'loss.csv')).map((row): Record<string, number | undefined> => ({
      ...row,
      pairs_per_second: undefined,
    })),
    validation: readCsv(join(folder, 'validation.csv')),
  };
}

export function readJson<T>(path: string): T {
  return JSON.parse(readFileSync(path, 'utf8')) as T;
}

/** The objects of a text with one on each line. */
export function parseLines<T>(text: string): T[] {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as T);
}
