/** @file The vocabulary of a transformers class, from a `tokenizer.json` or the files of older checkpoints. */
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { InputError } from '../base/errors.js';
import type { ClassChoice, TokenizerClass } from './tokenizer-class.js';
import type { TokenizerJson } from './tokenizer-json.js';
import { readBytePairs, readWordPieces, type VocabularyFiles } from './vocabulary-files.js';

/** A class, and the vocabulary for it. */
export interface VocabularySource {
  readonly name: Exclude<TokenizerClass, 'TokenizersBackend'>;
  readonly vocabulary: VocabularyFiles;
}

/** Takes only vocabulary and merges from a `tokenizer.json`, as a class does. Throws an `InputError` for others. */
export function vocabularyFromJson(folder: string, { name }: ClassChoice, { model }: TokenizerJson): VocabularySource {
  if (name === 'TokenizersBackend') throw new Error('a tokenizer.json is its own tokenizer');
  const needed = UNIGRAM_CLASSES.has(name) ? 'Unigram' : 'BPE or WordPiece';
  if ((needed === 'Unigram') !== (model.type === 'Unigram')) {
    throw new InputError(
      `${path.join(folder, 'tokenizer.json')}: expected a model of type ${needed}, as ${name} has it, got ` +
        `${model.type}; correct tokenizer_class in tokenizer_config.json`,
    );
  }
  return { name, vocabulary: model.type === 'BPE' || model.type === 'Unigram' ? model : { vocab: model.vocab } };
}

/**
 * Reads the older files. If none names a class, the kind of vocabulary decides, where transformers gives up. Throws an
 * `InputError` if there are none, or those of another class.
 */
export async function readOlderFiles(folder: string, { name, named }: ClassChoice): Promise<VocabularySource> {
  const wordPieces = await readWordPieces(folder);
  if (wordPieces !== undefined && (!named || name === 'BertTokenizer')) {
    return { name: 'BertTokenizer', vocabulary: wordPieces };
  }
  const vocabulary = await readBytePairs(folder);
  if (wordPieces === undefined && vocabulary === undefined) {
    const sentencePiece = (await readdir(folder)).find((each) => each.endsWith('.model'));
    if (sentencePiece !== undefined) throw noTokenizerJson(folder, sentencePiece);
    throw noVocabulary(folder, 'a tokenizer.json, a vocab.txt, or a vocab.json with merges.txt, got none of them');
  }
  if (vocabulary === undefined || (named && !BYTE_PAIR_CLASSES.has(name))) {
    throw noVocabulary(folder, `a tokenizer.json, or ${OLDER_FILES[name]}, as ${name} takes it, got neither`);
  }
  if (name !== 'TokenizersBackend') return { name, vocabulary };
  if (Object.hasOwn(vocabulary.vocab, '<|startoftext|>')) return { name: 'CLIPTokenizer', vocabulary };
  if (Object.hasOwn(vocabulary.vocab, '<s>')) return { name: 'RobertaTokenizer', vocabulary };
  throw new InputError(
    `${folder}: expected a tokenizer.json, or the vocabulary of CLIP or RoBERTa, got a vocab.json without ` +
      '<|startoftext|> and <s>; name the tokenizer_class in tokenizer_config.json',
  );
}

/** The classes whose vocabulary is a Unigram model. */
const UNIGRAM_CLASSES: ReadonlySet<TokenizerClass> = new Set(['XLMRobertaTokenizer', 'CamembertTokenizer']);

/** The classes whose older files are `vocab.json` and `merges.txt`. */
const BYTE_PAIR_CLASSES: ReadonlySet<TokenizerClass> = new Set(['CLIPTokenizer', 'RobertaTokenizer']);

const OLDER_FILES: Readonly<Record<TokenizerClass, string>> = {
  BertTokenizer: 'a vocab.txt',
  CLIPTokenizer: 'a vocab.json with merges.txt',
  RobertaTokenizer: 'a vocab.json with merges.txt',
  XLMRobertaTokenizer: 'a tokenizer.json made of its sentencepiece.bpe.model',
  CamembertTokenizer: 'a tokenizer.json made of its sentencepiece.bpe.model',
  TokenizersBackend: 'a tokenizer_class with older files',
};

function noTokenizerJson(folder: string, found: string): InputError {
  return new InputError(
    `${folder}: expected a tokenizer.json, got only ${found}; write it in transformers, with sentencepiece ` +
      'installed: AutoTokenizer.from_pretrained("…").save_pretrained("…")',
  );
}

function noVocabulary(folder: string, expectedAndGot: string): InputError {
  return new InputError(`${folder}: expected ${expectedAndGot}; copy the tokenizer's files there`);
}
