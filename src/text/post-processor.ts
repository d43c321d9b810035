import { InputError } from '../base/errors.js';
import type { StepConfig } from './tokenizer-json.js';

/** The ids of the special tokens before and after every text. */
export interface SpecialIds {
  readonly opening: readonly number[];
  readonly closing: readonly number[];
}

type IdOf = (token: string) => number | undefined;

/**
 * The special tokens that the post-processor of a `tokenizer.json` adds.
 *
 * @param idOf the id of a token, in the vocabulary or added
 * @throws InputError for an unknown kind, or a token that is missing or has another id
 */
export function specialIdsOf(config: StepConfig | null, idOf: IdOf, where: string): SpecialIds {
  switch (config?.type) {
    case undefined:
    case 'ByteLevel': // only changes offsets
      return { opening: [], closing: [] };
    case 'BertProcessing':
    case 'RobertaProcessing': {
      const [cls, sep] = [config.cls, config.sep] as [string, number][];
      return { opening: [checked(cls!, idOf, where)], closing: [checked(sep!, idOf, where)] };
    }
    case 'TemplateProcessing':
      return templateIds(config as unknown as Template, idOf, where);
    case 'Sequence': {
      const parts = (config.processors as StepConfig[]).map((part) => specialIdsOf(part, idOf, where));
      return {
        opening: parts.toReversed().flatMap(({ opening }) => opening),
        closing: parts.flatMap(({ closing }) => closing),
      };
    }
    default:
      throw unknownKind(config!.type, where);
  }
}

/** Rejects unknown kinds, even if the file's post-processor will not be used. */
export function checkProcessorKind(config: StepConfig | null, where: string): void {
  if (config?.type === 'Sequence') {
    for (const part of config.processors as StepConfig[]) checkProcessorKind(part, where);
  } else if (config !== null && !KINDS.has(config.type)) throw unknownKind(config.type, where);
}

const KINDS: ReadonlySet<string> = new Set(['BertProcessing', 'RobertaProcessing', 'TemplateProcessing', 'ByteLevel']);

function unknownKind(type: string, where: string): InputError {
  return new InputError(
    `${where}: expected a tokenizer of the CLIP, BERT or RoBERTa kind, got another (post_processor ${type}); use a ` +
      'checkpoint with one of them',
  );
}

interface Template {
  readonly single: readonly ({ Sequence: { id: 'A' | 'B' } } | { SpecialToken: { id: string } })[];
  readonly special_tokens: Readonly<
    Record<string, { readonly ids: readonly number[]; readonly tokens: readonly string[] }>
  >;
}

function templateIds({ single, special_tokens: tokens }: Template, idOf: IdOf, where: string): SpecialIds {
  const pieces = single.map((piece): 'text' | readonly number[] => {
    if ('Sequence' in piece) return 'text';
    const { id } = piece.SpecialToken;
    const token = Object.hasOwn(tokens, id) ? tokens[id] : undefined;
    if (token === undefined || token.ids.length !== token.tokens.length) throw missing(where, id);
    return token.tokens.map((name, index) => checked([name, token.ids[index]!], idOf, where));
  });
  const place = pieces.indexOf('text');
  const isOther = (piece: (typeof single)[number]) => 'Sequence' in piece && piece.Sequence.id === 'B';
  if (place === -1 || pieces.lastIndexOf('text') !== place || single.some(isOther)) {
    const got = JSON.stringify(single).slice(0, 80);
    throw new InputError(`${where}: expected a post_processor with the text once, got ${got}; get the file again`);
  }
  const ids = pieces.map((piece) => (piece === 'text' ? [] : piece));
  return { opening: ids.slice(0, place).flat(), closing: ids.slice(place + 1).flat() };
}

function checked([token, id]: readonly [string, number], idOf: IdOf, where: string): number {
  const known = idOf(token);
  if (known === undefined) throw missing(where, token);
  if (known === id) return id;
  throw new InputError(
    `${where}: expected the post_processor's ${token} with the vocabulary's id ${known}, got ${id}; get the file again`,
  );
}

function missing(where: string, token: string): InputError {
  return new InputError(
    `${where}: expected the post_processor's tokens in the vocabulary, got ${JSON.stringify(token)}; ` +
      'get the file again',
  );
}
