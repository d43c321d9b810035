/**
 * @file Every combination of tokenizer files against what transformers 5.24 made of it, as scripts/tokenizers/record.py
 * recorded it.
 */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { InputError } from '../../src/errors.js';
import { loadTokenizer, MAX_LENGTH } from '../../src/text/tokenizer.js';

const FIXTURE = path.join(import.meta.dirname, '../fixtures/tokenizer-files/combinations.json');

type Files = Record<string, unknown>;
type Outcome = { pad: number; ids: (number | string)[] } | { error: string };

interface Family {
  parts: Record<string, (Files | null)[]>;
  /** A digit for each of `partNames`, and the number of the outcome. */
  combinations: [choice: string, outcome: number][];
  /** `tokenizer_config.json` beside which one thing at a time is changed. */
  config: Files;
  variations: [title: string, change: Files, outcome: number][];
}

interface Recorded {
  transformers: string;
  texts: string[];
  partNames: string[];
  /** Ids without the padding after the first pad token; `5x3` is `5 5 5`. */
  sequences: string[];
  outcomes: Outcome[];
  families: Record<string, Family>;
}

const recorded = JSON.parse(await readFile(FIXTURE, 'utf8')) as Recorded;
let root: string;
beforeAll(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'kd-combinations-'));
});
afterAll(() => rm(root, { recursive: true }));

/** What this program makes of the files. */
async function outcomeOf(files: Files, { parts }: Family): Promise<Outcome> {
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

function filesOf(choice: string, { parts }: Family): Files {
  const chosen = recorded.partNames.map((name, index) => [name, parts[name][Number(choice[index])]] as const);
  const { vocabulary, ...files } = Object.fromEntries(chosen);
  return { ...files, ...vocabulary };
}

function changed(base: Files, change: Files): Files {
  const files = { ...base };
  for (const [name, content] of Object.entries(change)) {
    const more = (content as { $more?: Files } | null)?.$more;
    files[name] = more === undefined ? content : { ...(base[name] as Files), ...more };
  }
  return files;
}

const isError = (outcome: Outcome): outcome is { error: string } => 'error' in outcome;

/** Where this program refuses what transformers takes: the first three give ids that no model was trained on. */
const REFUSED: readonly RegExp[] = [
  /expected a tokenizer\.json,? or .*, got neither/, // transformers makes up a vocabulary of the special tokens
  /vocab\.json: expected a whole number/, // ids that it skips or wraps around
  /added_tokens\.json: expected a whole number/,
  /expected a (cls|sep)_token, got null/, // it takes the ids 2 and 3
  /expected a tokenizer_class of CLIP, BERT or RoBERTa, .*, got ConvBertTokenizer/, // which reads as two others do
  /expected no such setting, got an empty list \(merges\)/,
];

/** Where no file names a class, transformers gives up without a tokenizer.json; this program goes by the vocabulary. */
const UNNAMED = /^00..10$/;
/** The same for a pad token that no file names. */
const UNNAMED_PAD = /^[12]00..0$/;
const UNNAMED_CLASS = /^class None of (None|clip_text_model|unheard-of)$/;

describe.each(Object.entries(recorded.families))('%s', (_, family) => {
  test('gives the ids of transformers for every combination of files', { timeout: 60_000 }, async () => {
    const byChoice = new Map(family.combinations);
    const differences: unknown[] = [];
    for (const [choice, number] of family.combinations) {
      const ours = await outcomeOf(filesOf(choice, family), family);
      let theirs = recorded.outcomes[number];
      // The ids are then those that transformers gives where config.json names the family.
      if (isError(theirs) && UNNAMED.test(choice)) theirs = recorded.outcomes[byChoice.get(choice.slice(0, 5) + '1')!];
      if (isError(theirs) && UNNAMED_PAD.test(choice)) {
        const usual = recorded.outcomes[byChoice.get('010011')!];
        expect({ choice, pad: !isError(ours) && ours.pad }).toEqual({ choice, pad: !isError(usual) && usual.pad });
      } else if (isDifferent(ours, theirs)) differences.push({ choice, ours, theirs });
    }
    expect(family.combinations.length).toBe(336);
    expect(differences).toEqual([]);
  });

  test('gives the ids of transformers after every change of one file', { timeout: 60_000 }, async () => {
    const base: Files = { 'tokenizer_config.json': family.config };
    const files = { ...base, ...family.parts.vocabulary[1] };
    const differences: unknown[] = [];
    for (const [title, change, number] of family.variations) {
      const theirs = recorded.outcomes[number];
      const ours = await outcomeOf(changed(files, change), family);
      if (isError(theirs) && UNNAMED_CLASS.test(title)) expect(isError(ours)).toBe(false);
      else if (isDifferent(ours, theirs)) differences.push({ title, ours, theirs });
    }
    expect(family.variations.length).toBeGreaterThan(450);
    expect(differences).toEqual([]);
  });
});

test('the ids were recorded from the transformers that the documentation names', () => {
  expect(recorded.transformers).toBe('5.24.0');
});

function isDifferent(ours: Outcome, theirs: Outcome): boolean {
  if (isError(ours)) return !isError(theirs) && !REFUSED.some((reason) => reason.test(ours.error));
  return JSON.stringify(ours) !== JSON.stringify(theirs);
}
