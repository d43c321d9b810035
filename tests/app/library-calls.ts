/** @file Calls of every function of the library that may take long, on tiny models. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeEach } from 'vitest';
import { encode, evaluate, exportStudent, generate, generateGrid, prepare, type Listener } from '#dist/index.js';
import { BACKEND, folderWithPairs, PAIRS, STUDENT, TEACHER } from '../commands/tiny.js';
import { SD_TINY } from '../fixtures/index.js';

/** A new folder with what the calls read. */
export function folderForCalls(): string {
  const folder = folderWithPairs(48);
  const judged = PAIRS.slice(0, 24).map(([ko, en], i) => [i % 6, ko, en].join('\t'));
  writeFileSync(join(folder, 'sts.tsv'), ['score\tsentence1\tsentence2', ...judged].join('\n'));
  return folder;
}

/**
 * Runs each test of a file in a new folder from `folderForCalls`.
 *
 * @returns the folder of the test that runs
 */
export function useFolderForCalls(): () => string {
  const home = process.cwd();
  let folder = home;
  beforeEach(() => {
    folder = folderForCalls();
    process.chdir(folder);
  });
  afterAll(() => {
    process.chdir(home);
  });
  return () => folder;
}

/** A call of the library, in a folder from `folderForCalls`. */
export type LibraryCall = (options: { readonly signal?: AbortSignal }, listener?: Listener) => Promise<unknown>;

export const MACHINE = { backend: BACKEND, device: 'cpu' } as const;
const PICTURE = {
  ...MACHINE,
  pipeline: SD_TINY,
  width: 64,
  height: 64,
  steps: 3,
  teacher: TEACHER,
  out: 'a/b',
} as const;
const TEXTS = Array.from({ length: 200 }, (_, i) => `${i} ${PAIRS[i % PAIRS.length].join(' ')}`);

/** The settings of a training of 12 steps. */
export const TRAINING = {
  ...MACHINE,
  data: ['pairs.csv'],
  teacher: TEACHER,
  student: STUDENT,
  batchSize: 8,
  epochs: 2,
  saveEvery: 3,
} as const;

/** A call of each function, by its name. */
export const CALLS: Readonly<Record<string, LibraryCall>> = {
  prepare: (options, listener) =>
    prepare({ data: ['pairs.csv'], out: 'store', teacher: TEACHER, student: STUDENT, ...options }, listener),
  'prepare, with threads': (options, listener) =>
    prepare(
      { data: ['pairs.csv'], out: 'store', teacher: TEACHER, student: STUDENT, threads: 2, ...options },
      listener,
    ),
  encode: (options, listener) =>
    encode({ ...MACHINE, model: STUDENT, texts: TEXTS, batchSize: 8, ...options }, listener),
  'encode, in JavaScript': (options, listener) =>
    encode({ model: STUDENT, texts: TEXTS.slice(0, 12), batchSize: 2, backend: 'cpu', ...options }, listener),
  evaluate: (options, listener) =>
    evaluate(
      { ...MACHINE, compare: [STUDENT], teacher: TEACHER, data: ['pairs.csv'], batchSize: 8, ...options },
      listener,
    ),
  'evaluate on sentences with scores': (options, listener) =>
    evaluate(
      { ...MACHINE, compare: [STUDENT, TEACHER], pairs: false, sts: ['sts.tsv'], baselines: false, ...options },
      listener,
    ),
  ...Object.fromEntries(
    (['transformers', 'diffusers', 'onnx'] as const).map((format): [string, LibraryCall] => [
      `exportStudent for ${format}`,
      (options, listener) =>
        exportStudent({ ...MACHINE, model: STUDENT, to: 'exported', format, ...options }, listener),
    ]),
  ),
  generate: (options, listener) =>
    generate(['노란색 차'], { ...PICTURE, encoder: STUDENT, preview: 1, ...options }, listener),
  generateGrid: (options, listener) =>
    generateGrid(['노란색 차'], { ...PICTURE, compareCheckpoints: [STUDENT, TEACHER], ...options }, listener),
};
