/** @file Shared by the tests of preparation: generated corpora, tokenizers that count words, stores read back. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Summary } from '../../../scripts/corpora/generate.mjs';
import { hash32 } from '../../../src/base/philox.js';
import type { RowTokenizer, RowTokenizers } from '../../../src/data/prepare/row-encoder.js';
import { prepareStore } from '../../../src/data/prepare/prepare.js';
import type { PrepareReport } from '../../../src/data/prepare/report.js';
import type { ColumnNames } from '../../../src/data/columns.js';
import { PREPARE_DEFAULTS, type PrepareSettings } from '../../../src/data/prepare/settings.js';
import { findSources } from '../../../src/data/sources.js';
import { textsOf, openStore, type StoreRows } from '../../../src/data/store/token-store.js';

const GENERATOR = fileURLToPath(new URL('../../../scripts/corpora/generate.mjs', import.meta.url));

export function newFolder(): string {
  return mkdtempSync(path.join(tmpdir(), 'kd-prepare-'));
}

/** Writes corpora in all shapes, with faults. */
export function generate(rows: number, ...flags: string[]): { folder: string; planted: Summary } {
  const folder = newFolder();
  const { status, stderr } = spawnSync(
    process.execPath,
    [GENERATOR, '--pairs', String(rows), '--out', folder, '--faults', ...flags],
    { encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(stderr);
  return { folder, planted: JSON.parse(readFileSync(path.join(folder, 'planted.json'), 'utf8')) as Summary };
}

/** Writes a CSV file of pairs. */
export function writePairs(rows: readonly (readonly [ko: string, en: string])[], name = 'pairs.csv'): string {
  const file = path.join(newFolder(), name);
  const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;
  writeFileSync(file, ['ko,en', ...rows.map((row) => row.map(quoted).join())].join('\n'));
  return file;
}

/** A tokenizer with one id per word, and one before and after every text. */
function wordTokenizer(padId: number, vocabSize: number): RowTokenizer {
  return {
    maxLength: 77,
    padId,
    vocabSize,
    fingerprint: `words ${padId}`,
    encodeInto(text, target, at) {
      const ids = [3, ...text.split(' ').map((word) => 10 + (Math.abs(hash32(word)) % (vocabSize - 10))), 4];
      target
        .subarray(at, at + 77)
        .fill(padId)
        .set(ids.slice(0, 77));
      return ids.length;
    },
  };
}

export const WORDS: RowTokenizers = { teacher: wordTokenizer(0, 40_000), student: wordTokenizer(1, 65_536) };

/** Prepares in this thread. */
export async function prepareInto(
  out: string,
  paths: readonly string[],
  settings: Partial<PrepareSettings> = {},
  tokenizers = WORDS,
  names: ColumnNames = {},
): Promise<PrepareReport> {
  return prepareStore({
    paths,
    sources: await findSources(paths, names),
    out,
    settings: { ...PREPARE_DEFAULTS, ...settings },
    tokenizers,
    threads: 0,
  });
}

/** The name and SHA-256 of every file of a store that must not depend on where its rows came from. */
export function checksums(folder: string): string[] {
  const files = readdirSync(folder)
    .filter((name) => !name.startsWith('report.') && !name.startsWith('.'))
    .sort();
  return files.map(
    (name) =>
      `${name} ${createHash('sha256')
        .update(readFileSync(path.join(folder, name)))
        .digest('hex')}`,
  );
}

/** All texts of a store, by split. */
export async function readTexts(
  folder: string,
): Promise<{ training: [ko: string, en: string][]; validation: [ko: string, en: string][] }> {
  const store = await openStore(folder);
  const all = async (rows: StoreRows): Promise<[string, string][]> =>
    (await rows.read(0, rows.count)).map((row) => [textsOf(row).ko, textsOf(row).en]);
  const splits = { training: await all(store.training), validation: await all(store.validation) };
  await store.close();
  return splits;
}
