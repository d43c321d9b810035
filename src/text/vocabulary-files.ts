/** @file The vocabulary of checkpoints without a `tokenizer.json`, as Python's `tokenizers` reads it. */
import path from 'node:path';
import { ifThere, readJsonObject, readTextFile } from '../base/json-file.js';
import { checkMerges, checkVocabulary } from './tokenizer-json.js';

/** Tokens and their ids. */
export type Vocab = Readonly<Record<string, number>>;

/** A vocabulary, and the pairs that BPE joins, first those that it joins first. */
export interface VocabularyFiles {
  readonly vocab: Vocab;
  readonly merges?: readonly (string | readonly [string, string])[];
}

/**
 * Reads `vocab.txt` (WordPiece, as klue/roberta-small has it): a token a line, its id being the line's place. White
 * space after a token does not count. Of two lines with the same token the later counts.
 */
export async function readWordPieces(folder: string): Promise<VocabularyFiles | undefined> {
  const text = await ifThere(readTextFile(path.join(folder, 'vocab.txt')));
  if (text === undefined) return undefined;
  const lines = linesOf(text);
  return { vocab: Object.fromEntries(lines.map((line, id) => [line.replace(TRAILING_SPACE, ''), id])) };
}

/** Reads `vocab.json` and `merges.txt` (BPE, as CLIP and RoBERTa have it). Undefined where neither is there. */
export async function readBytePairs(folder: string): Promise<VocabularyFiles | undefined> {
  const vocab = await ifThere(readJsonObject(path.join(folder, 'vocab.json')));
  const text = await ifThere(readTextFile(path.join(folder, 'merges.txt')));
  if (vocab === undefined || text === undefined) return undefined;
  checkVocabulary(vocab, path.join(folder, 'vocab.json'));
  const file = path.join(folder, 'merges.txt');
  const lines = [...linesOf(text).entries()].filter(([, line]) => !line.startsWith('#version'));
  const merges = lines.map(([, line]) => line);
  checkMerges(merges, vocab, file, (index) => [`line ${lines[index]![0] + 1}`]);
  return { vocab, merges };
}

function linesOf(text: string): string[] {
  const lines = text.split(/\r?\n/);
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

const TRAILING_SPACE = /\p{White_Space}+$/u;
