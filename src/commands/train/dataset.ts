/** @file The pairs of a run: read, sampled, split, encoded, cut into batches. */
import { createHash } from 'node:crypto';
import { batchesOf, type Batch, type Batches } from '../../data/batches.js';
import { readCorpus, type Corpus, type CorpusReport } from '../../data/corpus.js';
import type { Pair } from '../../data/pair.js';
import { splitPairs, type Split } from '../../data/split.js';
import { buildTokenTable } from '../../data/token-table.js';
import { randomBits } from '../../random.js';
import { MAX_LENGTH, type TextTokenizer } from '../../text/tokenizer.js';
import { formatCount, type Output } from '../console.js';
import type { RunModel } from './models.js';
import type { TrainSettings } from './settings.js';

export interface Dataset {
  readonly training: Batches;
  readonly validation: Batches;
  /** SHA-256 over the texts used, training pairs first, in their order. */
  readonly fingerprint: string;
}

/** Reads the data of a run, and says how many pairs came from where and what was left out. */
export async function openDataset(settings: TrainSettings, models: { readonly teacher: RunModel; readonly student: RunModel }, output: Output): Promise<Dataset> {
  const { pairs, report } = await readPairs(settings, output);
  const split = splitPairs(pairs.length, settings);
  sayWhatIsUsed(report, split, output);
  if (split.train.length === 0) throw new Error('a split left no pair to train on');

  const used = [...split.train, ...split.validation].map((row) => pairs[row]);
  const rows = Uint32Array.from(used, (_, row) => row);
  const [training, validation] = [rows.subarray(0, split.train.length), rows.subarray(split.train.length)];
  const fingerprint = fingerprintOf(used);
  const { teacher: { tokenizer: teacher }, student: { tokenizer: student } } = models;
  if (teacher === undefined || student === undefined) {
    const vocabularies = { teacher: models.teacher.model.encoder.config.vocabSize, student: models.student.model.encoder.config.vocabSize };
    return { training: randomBatches(training, settings.batchSize, vocabularies), validation: randomBatches(validation, settings.batchSize, vocabularies), fingerprint };
  }
  const table = await encodePairs(used, { teacher, student }, output);
  return { training: batchesOf(table, training, settings.batchSize), validation: batchesOf(table, validation, settings.batchSize), fingerprint };
}

async function readPairs(settings: TrainSettings, output: Output): Promise<Corpus> {
  const progress = output.progress('reading', Infinity, 'pairs');
  const columns = { ko: settings.koColumn, en: settings.enColumn };
  return readCorpus(settings.data, columns, (read) => { progress.update(read); }).finally(() => { progress.stop(); });
}

function sayWhatIsUsed({ files, unrecognised, dropped }: CorpusReport, { train, validation, notice }: Split, output: Output): void {
  const read = files.reduce((sum, { pairs }) => sum + pairs, 0);
  output.message(`data: ${formatCount(read)} pairs from ${formatCount(files.length)} ${files.length === 1 ? 'file' : 'files'}; ${formatCount(train.length)} for training, ${formatCount(validation.length)} for validation`);
  if (notice !== undefined) output.warn(notice);
  for (const [reason, { count, examples }] of dropped) output.warn(`${formatCount(count)} pairs dropped for ${reason}: ${examples.join(', ')}${count > examples.length ? ', …' : ''}`);
  if (unrecognised.length > 0) output.message(`data: not read: ${unrecognised.join(', ')}`);
  output.event({ event: 'data', files, unrecognised, dropped: Object.fromEntries(dropped), training_pairs: train.length, validation_pairs: validation.length });
}

async function encodePairs(pairs: readonly Pair[], tokenizers: { readonly teacher: TextTokenizer; readonly student: TextTokenizer }, output: Output) {
  const progress = output.progress('tokens', 3 * pairs.length, 'texts');
  const table = await buildTokenTable(pairs, tokenizers, (done) => { progress.update(done); }).finally(() => { progress.stop(); });
  const cut = { 'English, by the teacher': table.teacherEn.cut, 'English, by the student': table.studentEn.cut, Korean: table.studentKo.cut };
  for (const [texts, count] of Object.entries(cut)) {
    if (count > 0) output.warn(`${formatCount(count)} texts over ${MAX_LENGTH} tokens are cut (${texts})`);
  }
  return table;
}

function fingerprintOf(pairs: readonly Pair[]): string {
  const hash = createHash('sha256');
  for (const { ko, en } of pairs) hash.update(`${ko}\0${en}\0`);
  return hash.digest('hex');
}

/** Batches of ids drawn at random: for a dry run without tokenizers. */
function randomBatches(rows: Uint32Array, batchSize: number, vocabularies: { readonly teacher: number; readonly student: number }): Batches {
  const count = Math.ceil(rows.length / batchSize);
  const at = (index: number): Batch => {
    const own = rows.slice(index * batchSize, (index + 1) * batchSize);
    const ids = (place: number, vocabulary: number): Int32Array =>
      Int32Array.from(randomBits(own.length * MAX_LENGTH, [place, index]), (bits) => bits % vocabulary);
    return { size: own.length, teacherIds: ids(0, vocabularies.teacher), studentIdsEn: ids(1, vocabularies.student), studentIdsKo: ids(2, vocabularies.student), rows: own };
  };
  return { count, pairs: rows.length, at, *[Symbol.iterator]() { for (let index = 0; index < count; index++) yield at(index); } };
}
