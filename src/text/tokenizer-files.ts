/** @file The files of a tokenizer, read from a model folder. */
import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { InputError, messageOf } from '../base/errors.js';
import { ifThere, readJsonObject } from '../base/json-file.js';
import type { JsonObject } from '../base/json-schema.js';
import { fromClass, fromJson, type AssembledTokenizer } from './assembled-tokenizer.js';
import { normalizerOf } from './normalizer.js';
import { checkProcessorKind } from './post-processor.js';
import { tokenizerClassOf } from './tokenizer-class.js';
import type { TokenizerJson } from './tokenizer-json.js';
import { checkTokenizerJson } from './tokenizer-schema.js';
import { mergeSettings, type TokenizerSettings } from './tokenizer-settings.js';
import { wordSplitterOf } from './word-splitter.js';

/** The files that make up a tokenizer; checkpoints differ in which of them they have. */
export const TOKENIZER_FILES: readonly string[] = [
  'tokenizer.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'added_tokens.json',
  'vocab.txt',
  'vocab.json',
  'merges.txt',
];

/** The contents of a tokenizer's files. */
export interface TokenizerFiles extends AssembledTokenizer {
  /** Whether special tokens written in a text are treated as ordinary text. */
  readonly splitsSpecials: boolean;
  /** SHA-256, in hexadecimal, over names and contents, and over the class if another file names it. */
  readonly fingerprint: string;
  /** SHA-256 over names and contents only, as recorded by earlier versions. */
  readonly filesFingerprint: string;
}

/**
 * Reads the tokenizer files of a model folder as `AutoTokenizer` of transformers 5.24 does. Throws an `InputError` for
 * a missing folder or file, a damaged one, and anything that transformers could not read either.
 */
export async function readTokenizerFiles(folder: string): Promise<TokenizerFiles> {
  await requireFolder(folder);
  const config = await readObject(folder, 'tokenizer_config.json');
  const modelConfig = (await readObject(folder, 'config.json')) ?? {};
  const stored = await readTokenizerJson(folder);
  const settings = mergeSettings(folder, {
    config,
    specials: await readObject(folder, 'special_tokens_map.json'),
    added: await readObject(folder, 'added_tokens.json'),
    jsonTokens: stored?.added_tokens,
  });
  checkSides(folder, settings, stored);
  const choice = tokenizerClassOf(folder, config ?? {}, modelConfig);
  const built =
    stored !== undefined && choice.name === 'TokenizersBackend'
      ? fromJson(folder, choice, stored, settings)
      : await fromClass(folder, choice, stored, settings);
  return {
    ...built,
    splitsSpecials: settings.flag('split_special_tokens') ?? false,
    fingerprint: await fingerprintOf(folder, typeof config?.tokenizer_class === 'string' ? '' : built.className),
    filesFingerprint: await fingerprintOf(folder, ''),
  };
}

async function readObject(folder: string, name: string): Promise<JsonObject | undefined> {
  return ifThere(readJsonObject(path.join(folder, name)));
}

async function requireFolder(folder: string): Promise<void> {
  const entry = await stat(folder).catch((error: unknown) => {
    throw new InputError(`${folder}: expected a model folder, got ${messageOf(error)}`);
  });
  if (!entry.isDirectory()) throw new InputError(`${folder}: expected a model folder, got a file`);
}

async function readTokenizerJson(folder: string): Promise<TokenizerJson | undefined> {
  const json = await readObject(folder, 'tokenizer.json');
  if (json === undefined) return undefined;
  const file = path.join(folder, 'tokenizer.json');
  const checked = checkTokenizerJson(json, file);
  // Reject unknown kinds even if the class replaces them.
  normalizerOf(checked.normalizer, file);
  wordSplitterOf(checked.pre_tokenizer, file);
  checkProcessorKind(checked.post_processor, file);
  return checked;
}

/** Checks that a tokenizer pads and cuts on the right, as `kd` does. */
function checkSides(folder: string, settings: TokenizerSettings, stored: TokenizerJson | undefined): void {
  const side = (name: string, otherwise: string | undefined) => settings.word(name, ['left', 'right']) ?? otherwise;
  const padding = side('padding_side', stored?.padding?.direction.toLowerCase());
  const truncation = side('truncation_side', stored?.truncation?.direction.toLowerCase());
  if (padding !== 'left' && truncation !== 'left') return;
  throw new InputError(
    `${folder}: expected a tokenizer that pads and cuts on the right, got one for the left; use a checkpoint that does`,
  );
}

async function fingerprintOf(folder: string, className: string): Promise<string> {
  const hash = createHash('sha256').update(className);
  for (const name of TOKENIZER_FILES) {
    const bytes = await readFile(path.join(folder, name)).catch(() => undefined);
    if (bytes !== undefined) hash.update(`${name} ${bytes.length}\n`).update(bytes);
  }
  return hash.digest('hex');
}
