/**
 * @file Prepares files of pairs into a token store, in four steps, so that memory holds hashes but never all texts:
 *
 * 1. Workers read the sources. Rows that are unusable by themselves are counted. The others are spilled to temporary
 *    files, grouped by the highest bits of a seeded hash, and 33 bytes per row of hashes and places are sent to this
 *    thread.
 * 2. This thread decides by the hashes alone which duplicates are dropped, and which split each pair is in.
 *    Pairs that share a text are first measured by workers, as one that is too long must not win over one that is not.
 * 3. Each worker takes a range of hashes, sorts its rows, encodes them, and writes a shard of training rows and one of
 *    validation rows. If fewer pairs are wanted, ranges are processed from the lowest hash upwards until there are
 *    enough. That gives a uniform sample, and only what is used is encoded.
 * 4. The files are moved into place, the manifest last.
 *
 * For five million pairs this takes some 165 MB for hashes, 110 MB to decide, and 32 MB (reading) or 100 MB (encoding)
 * per worker, besides the memory of Node and the tokenizers.
 */
import { mkdir } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { writeFileAtomic } from '../../base/files.js';
import type { SkippedFile } from '../skipped-file.js';
import type { PairSource, Sources } from '../sources.js';
import { manifestOf, type Manifest, type ShardFile, type StoredTokenizer } from '../store/manifest.js';
import { ID_COLUMNS, type IdColumn } from '../store/id-columns.js';
import { SPLITS } from '../store/splits.js';
import { beginStore } from '../store/store-folder.js';
import { untilAborted } from '../../base/abort.js';
import { indentedJson } from '../../base/indented-json.js';
import { collectJobs } from './collect.js';
import { decideByHash, decideByHashAndLength, decideByPlace } from './decide.js';
import type { Encoded } from './encode.js';
import { jobRunner } from './jobs.js';
import { measureRows } from './measure-rows.js';
import { nothingLeft, wrongWayRound } from './nothing-left.js';
import { countRows, countSwapped, otherArrays } from './outcomes.js';
import { countsByCorpus, REPORT_FILE, sumLengths, totalCounts, type PrepareReport } from './report.js';
import { LONGEST_COUNTED, type RowTokenizer, type RowTokenizers } from './row-encoder.js';
import { rowEstimate } from './row-estimate.js';
import { joinRuns } from './rows.js';
import { checkSettings, type PrepareSettings } from './settings.js';
import { planShards, encodeShards } from './shards.js';
import type { WorkerSetup } from './worker-message.js';
import { poolOf, workerRunner, type WorkerPool } from './workers.js';

/** What to prepare, and how. */
export interface PrepareOptions {
  /** Files and folders, as the user named them. */
  readonly paths: readonly string[];
  /** What `findSources` found there. */
  readonly sources: Sources;
  /** The store's folder. */
  readonly out: string;
  readonly settings: PrepareSettings;
  readonly tokenizers: RowTokenizers;
  /** Threads to read and encode with; 0 for only this thread. Default: one per core, or 0 for little data. */
  readonly threads?: number | undefined;
  /** How a worker thread loads the tokenizers. */
  readonly threadTokenizers?: Pick<WorkerSetup, 'tokenizerModule' | 'tokenizerFolders'>;
  /** Stops the work, leaving nothing behind. */
  readonly signal?: AbortSignal | undefined;
}

/** Progress callbacks. */
export interface PrepareProgress {
  /** Receives the rows read so far, and an estimate of the total. */
  readonly onRead?: (rows: number, estimate: number) => void;
  /** Receives the pairs encoded so far, and the most that may be encoded. */
  readonly onEncoded?: (pairs: number, total: number) => void;
}

/** One thread processes this many bytes in less time than worker threads need to load their tokenizers. */
const LITTLE_DATA = 4 << 20;

/**
 * Makes a token store. Throws an `InputError` for unusable data, settings or tokenizers, and the reason of an aborted
 * signal.
 */
export async function prepareStore(options: PrepareOptions, progress: PrepareProgress = {}): Promise<PrepareReport> {
  checkSettings(options.settings);
  const { sources, skipped } = options.sources;
  const store = await beginStore(options.out);
  const spillFolder = join(store.partial, 'rows');
  await mkdir(spillFolder);
  const pool = openPool(options, spillFolder, sources);
  try {
    const made = await untilAborted(makeShards(options, pool, store.partial, progress), options.signal);
    const report = { ...made.report, skipped: [...skipped, ...made.others] };
    await writeFileAtomic(join(store.partial, REPORT_FILE), indentedJson(report));
    await store.publish([...made.manifest.shards.map(({ file }) => file), REPORT_FILE], made.manifest);
    return report;
  } finally {
    await pool.close();
    await store.discard();
  }
}

async function makeShards(
  { paths, sources: { sources, names }, settings, tokenizers }: PrepareOptions,
  pool: WorkerPool,
  folder: string,
  { onRead, onEncoded }: PrepareProgress,
): Promise<{ report: Omit<PrepareReport, 'skipped'>; others: SkippedFile[]; manifest: Manifest }> {
  const isOrdered = !settings.shuffle;
  const estimate = rowEstimate(sources);
  const collected = await pool.runAll(collectJobs(sources, isOrdered), (rows, source, isEnd) => {
    estimate.add(rows, source!, isEnd!);
    onRead?.(estimate.rows, estimate.total());
  });
  const rows = joinRuns(collected.flatMap(({ runs }) => runs));
  const swapped = countSwapped(collected, sources);
  const areNamed = names?.ko !== undefined || names?.en !== undefined;
  if (areNamed && swapped?.pairs === rows.count) throw wrongWayRound(paths, collected, rows.count);

  const long = isOrdered ? 'truncate' : settings.long;
  const measuredLengths: (readonly Uint32Array[])[] = [];
  const measure = async (wanted: Uint8Array): Promise<Uint8Array> => {
    const { tooLong, lengths } = await measureRows(rows, wanted, pool);
    measuredLengths.push(...lengths);
    return tooLong;
  };
  const decision = isOrdered
    ? decideByPlace(rows, settings)
    : long === 'drop'
      ? await decideByHashAndLength(rows, settings, measure)
      : decideByHash(rows, settings);

  const encodeAll = (splits: Uint8Array): Promise<Encoded[]> => {
    const shards = planShards(rows, splits, isOrdered);
    const total = Math.min(
      shards.reduce((sum, shard) => sum + shard.rows, 0),
      settings.samples ?? Infinity,
    );
    let done = 0;
    return encodeShards(shards, splits, { samples: settings.samples, long, folder }, pool, (count) =>
      onEncoded?.((done += count), total),
    );
  };
  let { splits } = decision;
  let encoded = await encodeAll(splits);
  const adjusted = decision.adjustedSplits(encoded.map(({ used }) => used));
  if (adjusted !== undefined) encoded = await encodeAll((splits = adjusted));

  const { outcomes, examples } = countRows(collected, rows, { ...decision, splits }, encoded);
  const counts = { corpora: countsByCorpus(outcomes), total: totalCounts(outcomes) };
  if (counts.total.training === 0) throw nothingLeft(paths, counts.total);
  const lengths = sumLengths([...measuredLengths, ...encoded.map((shard) => shard.lengths)], LONGEST_COUNTED + 1);
  const cut = cutCounts(lengths, long === 'drop' ? Infinity : tokenizers.teacher.maxLength);
  const manifest = describeStore({
    settings,
    tokenizers,
    fingerprint: decision.fingerprint,
    counts,
    files: encoded.flatMap((shard) => shard.files),
  });
  const others = otherArrays(collected, sources);
  return { report: { ...counts, examples, ...(swapped && { swapped }), lengths, cut }, others, manifest };
}

function describeStore({
  settings,
  tokenizers,
  fingerprint,
  counts,
  files,
}: {
  settings: PrepareSettings;
  tokenizers: RowTokenizers;
  fingerprint: string;
  counts: Pick<PrepareReport, 'corpora' | 'total'>;
  files: readonly ShardFile[];
}): Manifest {
  const stored = (tokenizer: RowTokenizer): StoredTokenizer => ({
    fingerprint: tokenizer.fingerprint ?? null,
    pad_id: tokenizer.padId,
    vocab_size: tokenizer.vocabSize,
  });
  return manifestOf({
    max_length: tokenizers.teacher.maxLength,
    tokenizers: { teacher: stored(tokenizers.teacher), student: stored(tokenizers.student) },
    options: { ...settings, samples: settings.samples ?? null },
    inputs: { fingerprint, rows: counts.total.read },
    counts,
    shards: SPLITS.flatMap((split) => files.filter((file) => file.split === split)),
  });
}

function openPool(options: PrepareOptions, spillFolder: string, sources: readonly PairSource[]): WorkerPool {
  const { threadTokenizers, tokenizers, settings } = options;
  const isLittle = sources.reduce((sum, { bytes }) => sum + bytes, 0) < LITTLE_DATA;
  const threads = options.threads ?? (isLittle ? 0 : availableParallelism());
  const seed = settings.shuffle ? settings.seed : undefined;
  if (threads === 0 || threadTokenizers === undefined)
    return poolOf([jobRunner(spillFolder, '0', seed, () => Promise.resolve(tokenizers))]);
  return poolOf(
    Array.from({ length: threads }, (_, i) =>
      workerRunner({ spillFolder, name: String(i), seed, ...threadTokenizers }),
    ),
  );
}

function cutCounts(
  lengths: Readonly<Record<IdColumn, readonly number[]>>,
  maxLength: number,
): Record<IdColumn, number> {
  const cut = ID_COLUMNS.map((column) => [
    column,
    lengths[column].slice(maxLength + 1).reduce((sum, count) => sum + count, 0),
  ]);
  return Object.fromEntries(cut) as Record<IdColumn, number>;
}
