/**
 * @file Prepares pairs from files into a token store: finds files, opens both tokenizers, cleans, splits and encodes.
 */
import { availableParallelism } from 'node:os';
import { InputError } from '../base/errors.js';
import type { PrepareSettings } from '../data/prepare/settings.js';
import type { PrepareReport } from '../data/prepare/report.js';
import { findSources } from '../data/sources.js';
import { readConfig, type TextModelConfig } from '../models/config.js';
import { notATeacher } from './fetch-model.js';
import { makeStore } from './make-store.js';
import { openTokenizer } from './open-tokenizer.js';
import { reportSkipped, warnOfFewer, warnOfUnreadable } from './preparation-text.js';
import type { Reporter } from './reporter.js';

/** What to prepare, and how. */
export interface PrepareRequest extends PrepareSettings {
  /** Files of pairs, or folders of them. */
  readonly data: readonly string[];
  /** The folder of the token store. */
  readonly out: string;
  /** The name or number of the column with the Korean text, if it cannot be detected. */
  readonly koColumn?: string;
  readonly enColumn?: string;
  /** The models whose tokenizers produce the ids: hub ids or folders. */
  readonly teacher: string;
  readonly student: string;
  /** Their tokenizers, if not with the models. */
  readonly teacherTokenizer?: string;
  readonly studentTokenizer?: string;
  /** The number of worker threads. Default: one per core. */
  readonly threads?: number;
  /** Called when writing begins. Before that there is nothing to clean up. */
  readonly onWriting?: () => void;
}

/** The most worker threads per core, or on a machine with few cores. Each takes memory for both tokenizers. */
const MAX_THREADS_PER_CORE = 4;
const MAX_THREADS_OF_FEW = 16;

function checkThreads(threads: number | undefined): void {
  const cores = availableParallelism();
  const most = Math.max(MAX_THREADS_OF_FEW, MAX_THREADS_PER_CORE * cores);
  if (threads === undefined || threads <= most) return;
  throw new InputError(
    `--threads: expected at most ${most}, as there ${cores === 1 ? 'is 1 core' : `are ${cores} cores`}, got ` +
      `${threads}; leave it out for one per core`,
  );
}

/**
 * Prepares pairs into a token store.
 *
 * @returns what was found, kept and dropped, by corpus and reason
 * @throws InputError for data without pairs, a damaged corpus, a tokenizer that is not available, or a store of other
 *   pairs in the folder. Nothing is left behind then, nor after an abort
 */
export async function preparePairs(request: PrepareRequest, reporter: Reporter): Promise<PrepareReport> {
  const { data: paths, out, koColumn, enColumn, samples, threads } = request;
  const { signal } = reporter;
  const { validFraction, seed, shuffle, long, keepDuplicates } = request;
  checkThreads(threads);
  const sources = await findSources(paths, { ko: koColumn, en: enColumn });
  reportSkipped(sources.skipped, reporter);
  const teacher = await openTokenizer(
    { model: request.teacher, tokenizerSource: request.teacherTokenizer, flag: '--teacher-tokenizer' },
    reporter,
  );
  const student = await openTokenizer(
    { model: request.student, tokenizerSource: request.studentTokenizer, flag: '--student-tokenizer' },
    reporter,
  );
  await checkTeacher(request, teacher.folder, student.folder);
  signal?.throwIfAborted();
  request.onWriting?.();
  const report = await makeStore(
    {
      paths,
      sources,
      out,
      threads,
      signal,
      settings: { samples, validFraction, seed, shuffle, long, keepDuplicates },
      tokenizers: { teacher: teacher.tokenizer, student: student.tokenizer },
      tokenizerFolders: { teacher: teacher.folder, student: student.folder },
    },
    reporter,
  );
  reportSkipped(report.skipped.slice(sources.skipped.length), reporter); // what was found while reading
  warnOfUnreadable(report, reporter);
  warnOfFewer(samples, report.total.training + report.total.validation, reporter);
  return report;
}

/** Refuses a teacher that is not a CLIP, if there is a configuration beside its tokenizer. */
async function checkTeacher(request: PrepareRequest, teacher: string, student: string): Promise<void> {
  const configIn = (folder: string): Promise<TextModelConfig | undefined> =>
    readConfig(folder).then(
      ({ config }) => config,
      () => undefined, // a tokenizer may come without a model
    );
  const config = await configIn(teacher);
  if (request.teacherTokenizer !== undefined || config === undefined || config.family === 'clip-text') return;
  throw notATeacher(request, config, await configIn(student));
}
