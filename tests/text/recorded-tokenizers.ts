/** @file What transformers 5.24 made of tokenizer files (scripts/tokenizers/record.py), and what this program makes. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { InputError } from '../../src/base/errors.js';
import { loadTokenizer } from '../../src/text/tokenizer.js';
import { MAX_LENGTH } from '../../src/text/max-length.js';

const FIXTURE = path.join(import.meta.dirname, '../fixtures/tokenizer-files/combinations.json');

export type Files = Record<string, unknown>;
/** What came out: ids, other ids each time, or an error. */
export type Outcome = { pad: number; ids: (number | string)[] } | { pad: number; random: true } | { error: string };

export interface Family {
  parts: Record<string, (Files | null)[]>;
  /** A digit for each of `partNames`, and the number of the outcome. */
  combinations: [choice: string, outcome: number][];
  /** `tokenizer_config.json` beside which one thing at a time is changed. */
  config: Files;
  variations: [title: string, change: Files, outcome: number][];
  /** The place that is changed, and the number of the outcome for each of `Recorded.mutations`. */
  mutations: [path: (string | number)[], outcomes: number[]][];
}

interface Recorded {
  transformers: string;
  texts: string[];
  partNames: string[];
  mutations: unknown[];
  /** Ids without the padding after the first pad token; `5x3` is `5 5 5`. */
  sequences: string[];
  outcomes: Outcome[];
  families: Record<string, Family>;
}

export const recorded = JSON.parse(await readFile(FIXTURE, 'utf8')) as Recorded;
let root: string;
beforeAll(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'kd-combinations-'));
});
afterAll(() => rm(root, { recursive: true }));

/** What this program makes of the files. */
export async function outcomeOf(files: Files, { parts }: Family): Promise<Outcome> {
  const folder = await mkdtemp(path.join(root, 'files-'));
  await mkdir(folder, { recursive: true });
  for (const [name, content] of Object.entries(files)) {
    if (content !== null) await writeFile(path.join(folder, name), textOf(content, parts));
  }
  try {
    const tokenizer = await loadTokenizer(folder);
    const ids = recorded.texts.map((text) => sequenceOf([...tokenizer.encode(text).ids], tokenizer.padId));
    return { pad: tokenizer.padId, ids };
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    expect(error.message).not.toContain('\n');
    expect(error.message).toContain(folder);
    return { error: error.message.replace(folder, '') };
  }
}

function textOf(content: unknown, parts: Family['parts']): string {
  if (typeof content === 'string') return content === '$stored' ? JSON.stringify(parts['tokenizer.json'][1]) : content;
  const { $text, $added } = content as { $text?: string; $added?: unknown[] };
  if ($text !== undefined) return $text;
  if ($added === undefined) return JSON.stringify(content);
  const stored = parts['tokenizer.json'][1] as { added_tokens: unknown[] };
  return JSON.stringify({ ...stored, added_tokens: [...stored.added_tokens, ...$added] });
}

const numbers = new Map(recorded.sequences.map((sequence, index) => [sequence, index]));

/** The number of a recorded sequence; the sequence itself as text where it is not recorded. */
function sequenceOf(row: number[], pad: number): number | string {
  expect(row).toHaveLength(MAX_LENGTH);
  let end = row.length;
  while (end > 1 && row[end - 1] === pad && row[end - 2] === pad) end--;
  const text = withRuns(row.slice(0, end));
  return numbers.get(text) ?? text;
}

function withRuns(ids: number[]): string {
  const runs: [id: number, count: number][] = [];
  for (const id of ids) {
    const last = runs.at(-1);
    if (last?.[0] === id) last[1]++;
    else runs.push([id, 1]);
  }
  return runs.map(([id, count]) => (count === 1 ? String(id) : `${id}x${count}`)).join(' ');
}

/** Whether the files were refused. */
export function isError(outcome: Outcome): outcome is { error: string } {
  return 'error' in outcome;
}
