/**
 * @file Assembles a tokenizer from its files: as its `tokenizer.json` says, or as a transformers class would build it.
 */
import path from 'node:path';
import { InputError } from '../base/errors.js';
import { AddedVocabulary } from './added-vocabulary.js';
import { extraSpecialsOf, specialsOf } from './class-specials.js';
import { specialIdsOf, type SpecialIds } from './post-processor.js';
import { withDefaults, contentOf, SPECIAL_NAMES, type SpecialToken } from './special-token.js';
import type { ClassChoice, TokenizerClass } from './tokenizer-class.js';
import type { TokenizerJson } from './tokenizer-json.js';
import { buildKind } from './tokenizer-kinds.js';
import type { TokenizerSettings } from './tokenizer-settings.js';
import { readOlderFiles, vocabularyFromJson } from './vocabulary-source.js';

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
    stored === undefined ? await readOlderFiles(folder, choice) : vocabularyFromJson(folder, choice, stored);
  const specials = specialsOf(name, settings);
  const { around, ...parts } = buildKind(name, {
    folder,
    vocabulary,
    settings,
    specials,
    words: stored?.pre_tokenizer ?? null,
    normalizer: stored?.normalizer ?? null,
  });
  const added = new AddedVocabulary(vocabulary.vocab, folder);
  addTokens(added, settings, specials, extraSpecialsOf(name, settings));
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

/** Adds tokens in the order of transformers: those listed in files, then special tokens that are not among them. */
function addTokens(
  added: AddedVocabulary,
  settings: TokenizerSettings,
  specials: ReadonlyMap<string, SpecialToken | null>,
  extra: readonly SpecialToken[] = settings.extra ?? [],
): void {
  const named = [...SPECIAL_NAMES.map((name) => specials.get(name)), ...settings.others].filter(
    (token) => token != null,
  );
  const namedContents = new Set(named.map(contentOf));
  const listed = new Set(settings.added.map(contentOf));
  const missing = [...named, ...extra].filter((token) => {
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
