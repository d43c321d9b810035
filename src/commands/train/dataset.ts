/** @file The pairs of a run: read, sampled and split; then encoded and cut into batches. Says what it finds. */
import { createHash } from 'node:crypto';
import { batchesOf, type Batches } from '../../data/batches.js';
import { readCorpus, type Corpus, type CorpusReport } from '../../data/corpus.js';
import type { Pair } from '../../data/pair.js';
import { splitPairs } from '../../data/split.js';
import { buildTokenTable, type RowEncoder, type TokenTable } from '../../data/token-table.js';
import type { Output } from '../console.js';
import { formatCount } from '../format.js';
import type { TrainSettings } from './settings.js';

/** The pairs of a run, each part in its order. */
export interface Dataset {
  readonly training: readonly Pair[];
  readonly validation: readonly Pair[];
  readonly report: CorpusReport;
  /** SHA-256 over the texts used, training pairs first. */
  readonly fingerprint: string;
}

/** Reads the data of a run, and says how many pairs came from where and what was left out. */
export async function readDataset(settings: TrainSettings, output: Output): Promise<Dataset> {
  const { pairs, report } = await readPairs(settings, output);
  const { train, validation, notice } = splitPairs(pairs.length, settings);
  if (train.length === 0) throw new Error('a split left no pair to train on');
  const parts = { training: Array.from(train, (row) => pairs[row]), validation: Array.from(validation, (row) => pairs[row]) };
  if (notice !== undefined) output.warn(notice);
  const dataset = { ...parts, report, fingerprint: fingerprintOf([...parts.training, ...parts.validation]) };
  sayWhatIsUsed(dataset, output);
  return dataset;
}

async function readPairs(settings: TrainSettings, output: Output): Promise<Corpus> {
  const progress = output.progress('reading', Infinity, 'pairs');
  const columns = { ko: settings.koColumn, en: settings.enColumn };
  return readCorpus(settings.data, columns, (read) => { progress.update(read); }).finally(() => { progress.stop(); });
}

function sayWhatIsUsed({ training, validation, report: { files, unrecognised, dropped } }: Dataset, output: Output): void {
  const read = files.reduce((sum, { pairs }) => sum + pairs, 0);
  const from = `${formatCount(files.length)} ${files.length === 1 ? 'file' : 'files'}`;
  output.message(`data: ${formatCount(read)} pairs from ${from}; ${formatCount(training.length)} for training, ${formatCount(validation.length)} for validation`);
  for (const [reason, { count, examples }] of dropped) {
    output.warn(`${formatCount(count)} pairs dropped for ${reason}: ${examples.join(', ')}${count > examples.length ? ', …' : ''}`);
  }
  if (unrecognised.length > 0) output.message(`data: not read: ${unrecognised.join(', ')}`);
  output.event({
    event: 'data', files, unrecognised, dropped: Object.fromEntries(dropped), training_pairs: training.length, validation_pairs: validation.length,
  });
}

function fingerprintOf(pairs: readonly Pair[]): string {
  const hash = createHash('sha256');
  for (const { ko, en } of pairs) hash.update(JSON.stringify([ko, en]));
  return hash.digest('hex');
}

/** Encodes a run's pairs for both models, and says how many texts are cut. */
export async function encodeDataset(
  { training, validation }: Dataset,
  tokenizers: { readonly teacher: RowEncoder; readonly student: RowEncoder },
  batchSize: number,
  output: Output,
): Promise<{ readonly training: Batches; readonly validation: Batches }> {
  const pairs = [...training, ...validation];
  const progress = output.progress('tokens', 3 * pairs.length, 'texts');
  const table = await buildTokenTable(pairs, tokenizers, (done) => { progress.update(done); }).finally(() => { progress.stop(); });
  sayWhatIsCut(table, output);
  const rows = Uint32Array.from(pairs.keys());
  return {
    training: batchesOf(table, rows.subarray(0, training.length), batchSize),
    validation: batchesOf(table, rows.subarray(training.length), batchSize),
  };
}

function sayWhatIsCut({ rowLength, teacherEn, studentEn, studentKo }: TokenTable, output: Output): void {
  const counts = { 'English, by the teacher': teacherEn.cut, 'English, by the student': studentEn.cut, Korean: studentKo.cut };
  for (const [texts, count] of Object.entries(counts)) {
    if (count > 0) output.warn(`${formatCount(count)} texts over ${rowLength} tokens are cut (${texts})`);
  }
}
