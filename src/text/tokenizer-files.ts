import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { InputError, messageOf } from '../errors.js';
import { checkTokenizerJson, idOfToken, readJsonObject, type TokenizerJson } from './tokenizer-json.js';
import { readVocabularyFiles } from './vocabulary-files.js';

/** The files that make up a tokenizer; which of them are there differs between checkpoints. */
export const TOKENIZER_FILES: readonly string[] = [
  'tokenizer.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'added_tokens.json',
  'vocab.txt',
  'vocab.json',
  'merges.txt',
];

/** What the files of a tokenizer say. */
export interface TokenizerFiles {
  readonly json: TokenizerJson;
  readonly padId: number;
  /** SHA-256, in hexadecimal, over names and contents. */
  readonly fingerprint: string;
}

type Settings = Readonly<Record<string, unknown>>;

/** Reads the tokenizer files of a model folder. Throws an `InputError` for a missing folder or file, or a damaged one. */
export async function readTokenizerFiles(folder: string): Promise<TokenizerFiles> {
  await requireFolder(folder);
  const config = (await readJsonObject(folder, 'tokenizer_config.json')) ?? {};
  const json = await readTokenizer(folder, config);
  const specials = (await readJsonObject(folder, 'special_tokens_map.json')) ?? {};
  if (config.padding_side === 'left' || config.truncation_side === 'left') {
    throw new InputError(`${folder}: expected a tokenizer that pads and cuts on the right, got one for the left`);
  }
  return { json, padId: padIdOf(folder, json, [config, specials]), fingerprint: await fingerprintOf(folder) };
}

async function requireFolder(folder: string): Promise<void> {
  const entry = await stat(folder).catch((error: unknown) => {
    throw new InputError(`${folder}: expected a model folder, got ${messageOf(error)}`);
  });
  if (!entry.isDirectory()) throw new InputError(`${folder}: expected a model folder, got a file`);
}

async function readTokenizer(folder: string, config: Settings): Promise<TokenizerJson> {
  const json = await readJsonObject(folder, 'tokenizer.json');
  if (json !== undefined) return checkTokenizerJson(json, path.join(folder, 'tokenizer.json'));
  const older = await readVocabularyFiles(folder, config);
  if (older !== undefined) return older;
  throw new InputError(
    `${folder}: expected a tokenizer.json, a vocab.txt, or a vocab.json with merges.txt, got none of them; ` +
      "copy the tokenizer's files there",
  );
}

/** The pad token by the first of the files that names one, else the family's own, as transformers has it. */
function padIdOf(folder: string, json: TokenizerJson, settings: readonly Settings[]): number {
  const named = settings.map(({ pad_token: token }) => contentOf(token)).find((token) => token !== undefined);
  const candidates = named === undefined ? ['[PAD]', '<pad>', '<|endoftext|>'] : [named];
  const id = candidates.map((token) => idOfToken(json, token)).find((found) => found !== undefined);
  if (id !== undefined) return id;
  throw new InputError(
    `${folder}: expected a pad token of the vocabulary, got ${candidates.join(', ')}; name it in tokenizer_config.json`,
  );
}

/** A token is written as text, or as an object that holds it with its settings. */
function contentOf(token: unknown): string | undefined {
  if (typeof token === 'string') return token;
  return (token as { content?: string } | null | undefined)?.content;
}

async function fingerprintOf(folder: string): Promise<string> {
  const hash = createHash('sha256');
  for (const name of TOKENIZER_FILES) {
    const bytes = await readFile(path.join(folder, name)).catch(() => undefined);
    if (bytes !== undefined) hash.update(`${name} ${bytes.length}\n`).update(bytes);
  }
  return hash.digest('hex');
}
