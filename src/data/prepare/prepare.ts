/**
 * @file From files of pairs to a token store, in four steps, so that memory holds hashes but never all texts:
 *
 * 1. Workers read the sources. Rows that cannot be used by themselves are counted; the others are put aside in
 * temporary
 *    files, grouped by the highest bits of a seeded hash, and 33 bytes of hashes and places a row come to this thread.
 * 2. This thread decides by the hashes alone which duplicates go, and on which side of the split each pair stands.
 * Where
 *    pairs share a text, workers measure them before: one that is too long must not win over one that is not.
 * 3. Workers take a range of hashes each: sort its rows, encode them, and write them as a shard of training and one of
 *    validation rows. Where fewer pairs are wanted, the ranges are worked through from the lowest hash on, until there
 *    are enough: a uniform sample, and only what is used is encoded.
 * 4. The files move to their place, the manifest last.
 *
 * Five million pairs: some 165 MB of hashes, 110 MB to decide, and 32 MB (reading) or 100 MB (encoding) a worker,
 * besides what Node and the tokenizers take.
 */
import { mkdir } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { InputError } from '../../base/errors.js';
import { writeFileAtomic } from '../../base/files.js';
import type { PairSource, Sources } from '../sources.js';
import { manifestOf, type Manifest, type ShardFile, type StoredTokenizer } from '../store/manifest.js';
import { ID_COLUMNS, LARGEST_VOCABULARY, SIDES, type IdColumn } from '../store/schema.js';
import { beginStore } from '../store/store-folder.js';
import { untilAborted } from './abort.js';
import { collectJobs } from './collect.js';
import { decideByHash, decideByHashAndLength, decideByPlace } from './decide.js';
import { LONGEST_COUNTED, type Encoded, type RowTokenizer, type RowTokenizers } from './encode.js';
import { jobRunner } from './jobs.js';
import { measureRows } from './measure-rows.js';
import { nothingLeft, wrongWayRound } from './nothing-left.js';
import { countRows, countSwapped } from './outcomes.js';
import { countsByCorpus, REPORT_FILE, sumLengths, totalCounts, type PrepareReport } from './report.js';
import { rowEstimate } from './row-estimate.js';
import { joinRuns } from './rows.js';
import { checkSettings, type PrepareSettings } from './settings.js';
import { dealOut, encodeShards } from './shards.js';
import type { WorkerSetup } from './worker-message.js';
import { teamOf, workerRunner, type Team } from './workers.js';

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
  /** Threads that read and encode; 0: this thread does everything. Default: one per core, and 0 for little data. */
  readonly threads?: number | undefined;
  /** How a worker thread loads the tokenizers. */
  readonly threadTokenizers?: Pick<WorkerSetup, 'tokenizerModule' | 'tokenizerFolders'>;
  /** Stops the work, leaving nothing behind. */
  readonly signal?: AbortSignal | undefined;
}

/** Called as the work goes on. */
export interface PrepareProgress {
  /** Rows read so far, and about how many there are. */
  readonly onRead?: (rows: number, estimate: number) => void;
  /** Pairs encoded so far, and the most that there are to encode. */
  readonly onEncoded?: (pairs: number, total: number) => void;
}

/** This many bytes are done before worker threads would have loaded their tokenizers. */
const LITTLE_DATA = 4 << 20;

/**
 * Makes a token store. Throws an `InputError` for unusable data, settings or tokenizers, and the reason of an aborted
 * signal.
 */
export async function prepareStore(options: PrepareOptions, progress: PrepareProgress = {}): Promise<PrepareReport> {
  checkSettings(options.settings);
  checkVocabularies(options.tokenizers);
  const { sources, skipped } = options.sources;
  const store = await beginStore(options.out);
  const spillFolder = join(store.partial, 'rows');
  await mkdir(spillFolder);
  const team = openTeam(options, spillFolder, sources);
  try {
    const made = await untilAborted(makeShards(options, team, store.partial, progress), options.signal);
    const report = { ...made.report, skipped };
    await writeFileAtomic(join(store.partial, REPORT_FILE), `${JSON.stringify(report, null, 2)}\n`);
    await store.publish([...made.manifest.shards.map(({ file }) => file), REPORT_FILE], made.manifest);
    return report;
  } finally {
    await team.close();
    await store.discard();
  }
}

async function makeShards(
  { paths, sources: { sources, names }, settings, tokenizers }: PrepareOptions,
  team: Team,
  folder: string,
  { onRead, onEncoded }: PrepareProgress,
): Promise<{ report: Omit<PrepareReport, 'skipped'>; manifest: Manifest }> {
  const isOrdered = !settings.shuffle;
  const estimate = rowEstimate(sources);
  const collected = await team.runAll(collectJobs(sources, isOrdered), (rows, source, isEnd) => {
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
    const { tooLong, lengths } = await measureRows(rows, wanted, team);
    measuredLengths.push(...lengths);
    return tooLong;
  };
  const decision = isOrdered
    ? decideByPlace(rows, settings)
    : long === 'drop'
      ? await decideByHashAndLength(rows, settings, measure)
      : decideByHash(rows, settings);

  const encodeAll = (sides: Uint8Array): Promise<Encoded[]> => {
    const shards = dealOut(rows, sides, isOrdered);
    const total = Math.min(
      shards.reduce((sum, shard) => sum + shard.rows, 0),
      settings.samples ?? Infinity,
    );
    let done = 0;
    return encodeShards(shards, sides, { samples: settings.samples, long, folder }, team, (count) =>
      onEncoded?.((done += count), total),
    );
  };
  let { sides } = decision;
  let encoded = await encodeAll(sides);
  const otherSides = decision.sidesForAll(encoded.map(({ used }) => used));
  if (otherSides !== undefined) encoded = await encodeAll((sides = otherSides));

  const { outcomes, examples } = countRows(collected, rows, { ...decision, sides }, encoded);
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
  return { report: { ...counts, examples, ...(swapped && { swapped }), lengths, cut }, manifest };
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
    shards: SIDES.flatMap((side) => files.filter(({ split }) => split === side)),
  });
}

function openTeam(options: PrepareOptions, spillFolder: string, sources: readonly PairSource[]): Team {
  const { threadTokenizers, tokenizers, settings } = options;
  const isLittle = sources.reduce((sum, { bytes }) => sum + bytes, 0) < LITTLE_DATA;
  const threads = options.threads ?? (isLittle ? 0 : availableParallelism());
  const seed = settings.shuffle ? settings.seed : undefined;
  if (threads === 0 || threadTokenizers === undefined)
    return teamOf([jobRunner(spillFolder, '0', seed, () => Promise.resolve(tokenizers))]);
  return teamOf(
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

function checkVocabularies(tokenizers: RowTokenizers): void {
  for (const [role, { vocabSize }] of Object.entries(tokenizers) as [string, RowTokenizer][]) {
    if (vocabSize <= LARGEST_VOCABULARY) continue;
    throw new InputError(
      `--${role}: expected a tokenizer with at most ${LARGEST_VOCABULARY} ids, which 16 bits hold, got ` +
        `${vocabSize}; choose another model`,
    );
  }
}
