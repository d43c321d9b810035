/**
 * @file Assembles a tokenizer from its files: as its `tokenizer.json` says, or as a transformers class would build it.
 */
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { InputError } from '../base/errors.js';
import { AddedVocabulary } from './added-vocabulary.js';
import { specialIdsOf, type SpecialIds } from './post-processor.js';
import { withDefaults, contentOf, SPECIAL_NAMES, type SpecialToken } from './special-token.js';
import type { ClassChoice, TokenizerClass } from './tokenizer-class.js';
import type { TokenizerJson } from './tokenizer-json.js';
import { buildKind, DEFAULT_SPECIALS } from './tokenizer-kinds.js';
import type { TokenizerSettings } from './tokenizer-settings.js';
import { readBytePairs, readWordPieces, type VocabularyFiles } from './vocabulary-files.js';

/** A tokenizer assembled from any of its file formats. */
export interface AssembledTokenizer {
  /** The resulting tokenizer, with its added tokens by id. */
  readonly json: TokenizerJson;
  readonly padId: number;
  readonly padToken: string;
  /** The special tokens around every text. */
  readonly around: SpecialIds;
  /** The transformers class that reads the files in the same way. */
  readonly className: TokenizerClass;
}

/** The `tokenizer.json` unchanged, with the special tokens named in the other files. */
export function fromJson(
  folder: string,
  { named }: ClassChoice,
  stored: TokenizerJson,
  settings: TokenizerSettings,
): AssembledTokenizer {
  const file = path.join(folder, 'tokenizer.json');
  const added = new AddedVocabulary(stored.model.vocab, file);
  for (const token of stored.added_tokens) added.add(withDefaults(token));
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

/** The tokenizer of a transformers class, with the vocabulary of a `tokenizer.json` or of older files. */
export async function fromClass(
  folder: string,
  choice: ClassChoice,
  stored: TokenizerJson | undefined,
  settings: TokenizerSettings,
): Promise<AssembledTokenizer> {
  const { name, vocabulary } =
    stored === undefined ? await readOlderFiles(folder, choice) : fromStored(folder, choice, stored);
  const specials = new Map<string, SpecialToken | null>(Object.entries(DEFAULT_SPECIALS[name]));
  for (const [token, value] of settings.named) specials.set(token, value);
  const { around, ...parts } = buildKind(name, {
    folder,
    vocabulary,
    settings,
    specials,
    words: stored?.pre_tokenizer ?? null,
    normalizer: stored?.normalizer ?? null,
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

/** Takes only vocabulary and merges from a `tokenizer.json`, as a class does. */
function fromStored(folder: string, { name }: ClassChoice, { model }: TokenizerJson): Source {
  if (name === 'TokenizersBackend') throw new Error('a tokenizer.json is its own tokenizer');
  const needed = name === 'XLMRobertaTokenizer' ? 'Unigram' : 'BPE or WordPiece';
  if ((needed === 'Unigram') !== (model.type === 'Unigram')) {
    throw new InputError(
      `${path.join(folder, 'tokenizer.json')}: expected a model of type ${needed}, as ${name} has it, got ` +
        `${model.type}; correct tokenizer_class in tokenizer_config.json`,
    );
  }
  return { name, vocabulary: model.type === 'BPE' || model.type === 'Unigram' ? model : { vocab: model.vocab } };
}

/** Reads the older files. If none names a class, the kind of vocabulary decides, where transformers gives up. */
async function readOlderFiles(folder: string, { name, named }: ClassChoice): Promise<Source> {
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

/** The classes whose older files are `vocab.json` and `merges.txt`. */
const BYTE_PAIR_CLASSES: ReadonlySet<TokenizerClass> = new Set(['CLIPTokenizer', 'RobertaTokenizer']);

const OLDER_FILES: Readonly<Record<TokenizerClass, string>> = {
  BertTokenizer: 'a vocab.txt',
  CLIPTokenizer: 'a vocab.json with merges.txt',
  RobertaTokenizer: 'a vocab.json with merges.txt',
  XLMRobertaTokenizer: 'a tokenizer.json made of its sentencepiece.bpe.model',
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

/** Adds tokens in the order of transformers: those listed in files, then special tokens that are not among them. */
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
    if (typeof token === 'string') added.add(withDefaults({ content: token, special: true }));
    else added.add({ ...token, special: token.special || namedContents.has(token.content) });
  }
}

/** The id of a token or, as in Python, of the unknown token if the vocabulary lacks it. */
function idOrUnknown(
  token: string,
  specials: ReadonlyMap<string, SpecialToken | null>,
  added: AddedVocabulary,
): number | undefined {
  const unknown = specials.get('unk_token');
  return added.idOf(token) ?? (unknown == null ? undefined : added.idOf(contentOf(unknown)));
}

/** Pad tokens of the families, for a `tokenizer.json` without a file that names one, where transformers gives up. */
const USUAL_PADS: readonly string[] = ['[PAD]', '<pad>', '<|endoftext|>'];

function padTokenOf(
  folder: string,
  specials: ReadonlyMap<string, SpecialToken | null>,
  added: AddedVocabulary,
): Pick<AssembledTokenizer, 'padId' | 'padToken'> {
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
