/** @file Reads the vocabulary of checkpoints without a `tokenizer.json`, as Python's `tokenizers` does. */
import path from 'node:path';
import { InputError } from '../base/errors.js';
import { ifThere, readJsonObject, readTextFile } from '../base/json-file.js';
import { isObject, jsonError, type JsonPath } from '../base/json-schema.js';

/** Ids are stored as signed 32-bit numbers. */
export const MAX_ID = 2 ** 31 - 1;

/** Tokens and their ids. */
export type Vocab = Readonly<Record<string, number>>;

/** A vocabulary, and BPE's merges in order of priority. */
export interface VocabularyFiles {
  readonly vocab: Vocab;
  readonly merges?: readonly (string | readonly [string, string])[];
  /** Of a Unigram model: the tokens' scores, by id. */
  readonly scores?: readonly number[];
}

/**
 * Reads `vocab.txt` (WordPiece, as in klue/roberta-small): one token per line, with the line number as its id. Trailing
 * white space is ignored. If a token occurs twice, the later line counts.
 */
export async function readWordPieces(folder: string): Promise<VocabularyFiles | undefined> {
  const text = await ifThere(readTextFile(path.join(folder, 'vocab.txt')));
  if (text === undefined) return undefined;
  const lines = linesOf(text);
  return { vocab: Object.fromEntries(lines.map((line, id) => [line.replace(TRAILING_SPACE, ''), id])) };
}

/** Reads `vocab.json` and `merges.txt` (BPE, as in CLIP and RoBERTa). Undefined if neither exists. */
export async function readBytePairs(folder: string): Promise<VocabularyFiles | undefined> {
  const vocab = await ifThere(readJsonObject(path.join(folder, 'vocab.json')));
  const text = await ifThere(readTextFile(path.join(folder, 'merges.txt')));
  if (vocab === undefined || text === undefined) return undefined;
  checkVocabulary(vocab, path.join(folder, 'vocab.json'));
  const file = path.join(folder, 'merges.txt');
  const lines = [...linesOf(text).entries()].filter(([, line]) => !line.startsWith('#version'));
  const merges = lines.map(([, line]) => line);
  checkMerges(merges, vocab, (index) => ({ file: `${file} line ${lines[index]![0] + 1}`, path: [] }));
  return { vocab, merges };
}

function linesOf(text: string): string[] {
  const lines = text.split(/\r?\n/);
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

const TRAILING_SPACE = /\p{White_Space}+$/u;

/** Checks that every token has an id of its own. Gaps are allowed, as in Python. */
export function checkVocabulary(
  vocab: unknown,
  file: string,
  path: readonly string[] = [],
): asserts vocab is Record<string, number> {
  if (!isObject(vocab)) throw jsonError({ file, path, expected: 'an object with an id for each token', got: vocab });
  const owners = new Map<unknown, string>();
  for (const [token, tokenId] of Object.entries(vocab)) {
    if (!isId(tokenId)) {
      throw jsonError({ file, path: [...path, token], expected: `a whole number from 0 to ${MAX_ID}`, got: tokenId });
    }
    const owner = owners.get(tokenId);
    if (owner !== undefined) {
      const expected = `an id of its own, not that of ${JSON.stringify(owner)}`;
      throw jsonError({ file, path: [...path, token], expected, got: tokenId });
    }
    owners.set(tokenId, token);
  }
}

function isId(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= MAX_ID;
}

/** Checks that every merge joins two tokens of the vocabulary into a third. `placeOf` says where a merge is. */
export function checkMerges(
  merges: readonly unknown[],
  vocab: Readonly<Record<string, number>>,
  placeOf: (index: number) => { readonly file: string; readonly path: JsonPath },
): void {
  for (const [index, merge] of merges.entries()) {
    const parts: unknown = typeof merge === 'string' ? merge.split(' ') : merge;
    if (!isPair(parts)) {
      if (Array.isArray(merge) && isPair(merge.map(withoutSpaces))) throw tokensWithSpaces(placeOf(index), merge);
      throw jsonError({ ...placeOf(index), expected: 'two tokens with a space between them', got: merge });
    }
    const unknown = [...parts, parts.join('')].find((token) => !Object.hasOwn(vocab, token));
    if (unknown === undefined) continue;
    const expected = `tokens of the vocabulary, which ${JSON.stringify(unknown)} is not`;
    throw jsonError({ ...placeOf(index), expected, got: merge });
  }
}

function withoutSpaces(part: unknown): unknown {
  return typeof part === 'string' ? part.replaceAll(' ', '') : part;
}

/** The error for a merge that Python reads, of a tokenizer that does not split at spaces. */
function tokensWithSpaces(
  { file, path }: { readonly file: string; readonly path: JsonPath },
  merge: unknown,
): InputError {
  const [index, ...before] = path.toReversed();
  return new InputError(
    `${file}: expected merges of tokens without spaces, as CLIP, BERT and RoBERTa have them, got ` +
      `${JSON.stringify(merge).slice(0, 80)} (${before.toReversed().join('.')}[${index}]); ` +
      'use a checkpoint with one of them',
  );
}

/**
 * Whether a merge is two parts. The library that applies merges takes them as text with one space, so parts cannot
 * contain one.
 */
function isPair(parts: unknown): parts is readonly [string, string] {
  return (
    Array.isArray(parts) && parts.length === 2 && parts.every((part) => typeof part === 'string' && !part.includes(' '))
  );
}
