import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { InputError, messageOf } from '../base/errors.js';
import { ifThere, readJsonObject } from '../base/json-file.js';
import type { JsonObject } from '../base/json-schema.js';
import { AddedVocabulary, type TokenToAdd } from './added-vocabulary.js';
import { checkProcessorKind, specialIdsOf, type SpecialIds } from './post-processor.js';
import { normalizerOf } from './normalizer.js';
import { tokenizerClassOf, type ClassChoice, type TokenizerClass } from './tokenizer-class.js';
import { checkTokenizerJson, type AddedToken, type TokenizerJson } from './tokenizer-json.js';
import { buildKind, DEFAULT_SPECIALS } from './tokenizer-kinds.js';
import {
  contentOf,
  mergeSettings,
  SPECIAL_NAMES,
  type SpecialToken,
  type TokenizerSettings,
} from './tokenizer-settings.js';
import { readBytePairs, readWordPieces, type VocabularyFiles } from './vocabulary-files.js';
import { wordSplitterOf } from './word-splitter.js';

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
  /** The tokenizer that comes of them all, with its added tokens by id. */
  readonly json: TokenizerJson;
  readonly padId: number;
  readonly padToken: string;
  /** The special tokens around every text. */
  readonly around: SpecialIds;
  /** Whether special tokens written in a text are text like other. */
  readonly splitsSpecials: boolean;
  /** The class of transformers that reads the files as they are read here. */
  readonly className: TokenizerClass;
  /** SHA-256, in hexadecimal, over names and contents, and over the class where another file names it. */
  readonly fingerprint: string;
  /** The same over names and contents alone, which earlier versions of this program noted. */
  readonly filesFingerprint: string;
}

/**
 * Reads the tokenizer files of a model folder as `AutoTokenizer` of transformers 5.24 does. Throws an `InputError` for
 * a missing folder or file, a damaged one, and whatever transformers could not read either.
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
  refuseLeft(folder, settings, stored);
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

type Built = Pick<TokenizerFiles, 'className' | 'json' | 'padId' | 'padToken' | 'around'>;

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
  // Kinds that are not known are turned away even where the class brings its own.
  normalizerOf(checked.normalizer, file);
  wordSplitterOf(checked.pre_tokenizer, file);
  checkProcessorKind(checked.post_processor, file);
  return checked;
}

function refuseLeft(folder: string, settings: TokenizerSettings, stored: TokenizerJson | undefined): void {
  const side = (name: string, otherwise: string | undefined) => settings.word(name, ['left', 'right']) ?? otherwise;
  const padding = side('padding_side', stored?.padding?.direction.toLowerCase());
  const truncation = side('truncation_side', stored?.truncation?.direction.toLowerCase());
  if (padding !== 'left' && truncation !== 'left') return;
  throw new InputError(`${folder}: expected a tokenizer that pads and cuts on the right, got one for the left`);
}

/** The `tokenizer.json` as it stands, with the special tokens that the other files name. */
function fromJson(folder: string, { named }: ClassChoice, stored: TokenizerJson, settings: TokenizerSettings): Built {
  const file = path.join(folder, 'tokenizer.json');
  const added = new AddedVocabulary(stored.model.vocab, file);
  for (const token of stored.added_tokens) added.add(complete(token));
  const specials = new Map(settings.named);
  if (stored.padding != null && !specials.has('pad_token')) specials.set('pad_token', stored.padding.pad_token);
  const pad = specials.get('pad_token');
  // transformers would pad with a new id, for which a model has no embedding
  if (!named && pad != null && added.idOf(contentOf(pad)) === undefined && !listed(settings, contentOf(pad)))
    throw noPadToken(folder, contentOf(pad));
  addTokens(added, settings, specials);
  const padToken = padTokenOf(folder, specials, added);
  return {
    className: 'TokenizersBackend',
    json: { ...stored, added_tokens: added.tokens() },
    ...padToken,
    around: specialIdsOf(stored.post_processor, (token) => added.idOf(token), file),
  };
}

function listed({ added }: TokenizerSettings, token: string): boolean {
  return added.some(({ content }) => content === token);
}

/** The tokenizer of a class of transformers, over the vocabulary of a `tokenizer.json` or of older files. */
async function fromClass(
  folder: string,
  choice: ClassChoice,
  stored: TokenizerJson | undefined,
  settings: TokenizerSettings,
): Promise<Built> {
  const { name, vocabulary } = stored === undefined ? await readOlderFiles(folder, choice) : fromStored(choice, stored);
  const specials = new Map<string, SpecialToken | null>(Object.entries(DEFAULT_SPECIALS[name]));
  for (const [token, value] of settings.named) specials.set(token, value);
  const { around, ...parts } = buildKind(name, {
    folder,
    vocabulary,
    settings,
    specials,
    words: stored?.pre_tokenizer ?? null,
  });
  const added = new AddedVocabulary(vocabulary.vocab, folder);
  addTokens(added, settings, specials);
  const [first, last] = [around.first, around.last].map((token) => idOrUnknown(token, specials, added));
  if (first === undefined || last === undefined) {
    throw new InputError(`${folder}: expected ${around.first} and ${around.last} in the vocabulary, got neither`);
  }
  return {
    className: name,
    json: {
      ...parts,
      added_tokens: added.tokens(),
      post_processor: { type: 'RobertaProcessing', cls: [around.first, first], sep: [around.last, last] },
    },
    ...padTokenOf(folder, specials, added),
    around: { opening: [first], closing: [last] },
  };
}

interface Source {
  readonly name: Exclude<TokenizerClass, 'TokenizersBackend'>;
  readonly vocabulary: VocabularyFiles;
}

/** A class takes vocabulary and merges alone from a `tokenizer.json`. */
function fromStored({ name }: ClassChoice, { model }: TokenizerJson): Source {
  if (name === 'TokenizersBackend') throw new Error('a tokenizer.json is its own tokenizer');
  return { name, vocabulary: model.merges === undefined ? { vocab: model.vocab } : model };
}

/** Where no file names a class, the vocabulary's kind does: transformers gives up there. */
async function readOlderFiles(folder: string, { name, named }: ClassChoice): Promise<Source> {
  const wordPieces = await readWordPieces(folder);
  if (wordPieces !== undefined && (!named || name === 'BertTokenizer')) {
    return { name: 'BertTokenizer', vocabulary: wordPieces };
  }
  const vocabulary = await readBytePairs(folder);
  if (wordPieces === undefined && vocabulary === undefined) {
    throw noVocabulary(folder, 'a tokenizer.json, a vocab.txt, or a vocab.json with merges.txt, got none of them');
  }
  if (vocabulary === undefined || (named && (name === 'BertTokenizer' || name === 'TokenizersBackend'))) {
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

const OLDER_FILES: Readonly<Record<TokenizerClass, string>> = {
  BertTokenizer: 'a vocab.txt',
  CLIPTokenizer: 'a vocab.json with merges.txt',
  RobertaTokenizer: 'a vocab.json with merges.txt',
  TokenizersBackend: 'a tokenizer_class with older files',
};

function noVocabulary(folder: string, expectedAndGot: string): InputError {
  return new InputError(`${folder}: expected ${expectedAndGot}; copy the tokenizer's files there`);
}

/** Adds tokens in the order of transformers: those that files list, then special tokens that are none of them. */
function addTokens(
  added: AddedVocabulary,
  settings: TokenizerSettings,
  specials: ReadonlyMap<string, SpecialToken | null>,
): void {
  const named = [...SPECIAL_NAMES.map((name) => specials.get(name)), ...settings.others].filter(
    (token) => token != null,
  );
  const namedContents = new Set(named.map(contentOf));
  const listed = new Set(settings.added.map(contentOf));
  const missing = [...named, ...settings.extra].filter((token) => {
    const content = contentOf(token);
    return !added.has(content) && !listed.has(content);
  });
  for (const token of [...settings.added, ...missing]) {
    if (typeof token === 'string') added.add(complete({ content: token, special: true }));
    else added.add({ ...token, special: token.special || namedContents.has(token.content) });
  }
}

function complete({ content, special = false, ...flags }: Omit<AddedToken, 'id'>): TokenToAdd {
  const { single_word = false, lstrip = false, rstrip = false, normalized } = flags;
  return { content, single_word, lstrip, rstrip, normalized, special };
}

/** Python gives the unknown token's id for a token that the vocabulary has not. */
function idOrUnknown(
  token: string,
  specials: ReadonlyMap<string, SpecialToken | null>,
  added: AddedVocabulary,
): number | undefined {
  const unknown = specials.get('unk_token');
  return added.idOf(token) ?? (unknown == null ? undefined : added.idOf(contentOf(unknown)));
}

/** Pad tokens of the families, for a `tokenizer.json` beside which no file names one: transformers gives up there. */
const USUAL_PADS: readonly string[] = ['[PAD]', '<pad>', '<|endoftext|>'];

function padTokenOf(
  folder: string,
  specials: ReadonlyMap<string, SpecialToken | null>,
  added: AddedVocabulary,
): Pick<Built, 'padId' | 'padToken'> {
  const named = specials.get('pad_token');
  const candidates = named === undefined ? USUAL_PADS : named === null ? [] : [contentOf(named)];
  for (const padToken of candidates) {
    const padId = idOrUnknown(padToken, named === undefined ? new Map() : specials, added);
    if (padId !== undefined) return { padId, padToken };
  }
  throw noPadToken(folder, named === null ? 'null' : candidates.join(', '));
}

function noPadToken(folder: string, got: string): InputError {
  return new InputError(
    `${folder}: expected a pad token of the vocabulary, got ${got}; name it in tokenizer_config.json`,
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
