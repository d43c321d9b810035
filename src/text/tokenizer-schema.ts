/** @file Checks a `tokenizer.json` field by field, as Python's `tokenizers` 0.23 does. */
import * as v from 'valibot';
import { InputError } from '../base/errors.js';
import { checkJson, whole, type JsonObject } from '../base/json-schema.js';
import { MAX_ADDED_TOKENS, type StepConfig, type TokenizerJson } from './tokenizer-json.js';
import { checkModel } from './model-schema.js';
import { bool, optional, text } from './schema-parts.js';
import { SPLIT_BEHAVIORS } from './text-splits.js';
import { MAX_ID } from './vocabulary-files.js';

const id = whole(0, MAX_ID);

/** A step, checked by its type. Unknown types are rejected by name when the step is built. */
function step(
  kinds: ReadonlyMap<string, v.GenericSchema>,
  type: v.GenericSchema = text,
): v.GenericSchema<unknown, StepConfig> {
  const untyped = v.looseObject({ type });
  return v.lazy((input) => {
    const named = (input as { type?: unknown } | null | undefined)?.type;
    return (typeof named === 'string' ? kinds.get(named) : undefined) ?? untyped;
  }) as v.GenericSchema<unknown, StepConfig>;
}

const pattern = v.union([v.strictObject({ String: text }), v.strictObject({ Regex: text })]);

const normalizer: v.GenericSchema<unknown, StepConfig> = v.lazy(() => normalizers);
const normalizers = step(
  new Map<string, v.GenericSchema>([
    ['Sequence', v.looseObject({ normalizers: v.array(normalizer) })],
    ['Replace', v.looseObject({ pattern, content: text })],
    [
      'BertNormalizer',
      v.looseObject({ clean_text: bool, handle_chinese_chars: bool, strip_accents: optional(bool), lowercase: bool }),
    ],
    ['Precompiled', v.looseObject({ precompiled_charsmap: text })],
    ['Prepend', v.looseObject({ prepend: text })],
    ['Strip', v.looseObject({ strip_left: bool, strip_right: bool })],
  ]),
);

const byteLevel = v.looseObject({ add_prefix_space: bool, trim_offsets: bool, use_regex: v.optional(bool) });
const character = v.pipe(
  text,
  v.check((value) => Array.from(value).length === 1, 'expected one character; get the file again'),
);
const metaspaceFields = {
  replacement: character,
  prepend_scheme: v.optional(v.picklist(['always', 'first', 'never'])),
  split: optional(bool),
};
/** Earlier versions write `add_prefix_space`, which must not contradict `prepend_scheme`. */
const metaspace = v.union([
  v.looseObject({ ...metaspaceFields, add_prefix_space: optional(v.literal(true)) }),
  v.looseObject({ ...metaspaceFields, prepend_scheme: v.literal('never'), add_prefix_space: bool }),
]);
const preTokenizer: v.GenericSchema<unknown, StepConfig> = v.lazy(() => preTokenizers);
const behavior = v.picklist(SPLIT_BEHAVIORS);
const preTokenizers = step(
  new Map<string, v.GenericSchema>([
    ['Sequence', v.looseObject({ pretokenizers: v.array(preTokenizer) })],
    ['Split', v.looseObject({ pattern, behavior, invert: bool })],
    ['Punctuation', v.looseObject({ behavior: v.optional(behavior) })],
    ['Digits', v.looseObject({ individual_digits: bool })],
    ['FixedLength', v.looseObject({ length: v.optional(whole(1)) })],
    ['CharDelimiterSplit', v.looseObject({ delimiter: character })],
    ['ByteLevel', byteLevel],
    ['Metaspace', metaspace],
  ]),
);

const tokenAndId = v.strictTuple([text, id]);
const side = v.object({ id: v.picklist(['A', 'B']), type_id: id });
const piece = v.union([
  v.strictObject({ Sequence: side }),
  v.strictObject({ SpecialToken: v.object({ id: text, type_id: id }) }),
]);
const processor: v.GenericSchema<unknown, StepConfig> = v.lazy(() => processors);
const processors = step(
  new Map<string, v.GenericSchema>([
    ['Sequence', v.looseObject({ processors: v.array(processor) })],
    ['BertProcessing', v.looseObject({ sep: tokenAndId, cls: tokenAndId })],
    [
      'RobertaProcessing',
      v.looseObject({
        sep: tokenAndId,
        cls: tokenAndId,
        trim_offsets: v.optional(bool),
        add_prefix_space: v.optional(bool),
      }),
    ],
    ['ByteLevel', byteLevel],
    [
      'TemplateProcessing',
      v.looseObject({
        single: v.array(piece),
        pair: v.array(piece),
        special_tokens: v.record(text, v.object({ id: text, ids: v.array(id), tokens: v.array(text) })),
      }),
    ],
  ]),
);

const DECODERS: ReadonlySet<string> = new Set(
  'BPEDecoder ByteLevel WordPiece Metaspace CTC Sequence Replace Fuse Strip ByteFallback'.split(' '),
);
const decoderType = v.custom<string>((type) => DECODERS.has(type as string));

/** Decoders turn ids back into text, which kd never does; checking them still reveals damaged files. */
const decoder = step(
  new Map<string, v.GenericSchema>([
    ['ByteLevel', byteLevel],
    ['WordPiece', v.looseObject({ prefix: text, cleanup: bool })],
  ]),
  { ...decoderType, expects: "a decoder's type" },
);

const addedToken = v.object({
  id,
  content: text,
  single_word: bool,
  lstrip: bool,
  rstrip: bool,
  normalized: bool,
  special: bool,
});

const sides = v.picklist(['Left', 'Right']);
const truncation = v.object({
  direction: v.optional(sides, 'Right'),
  max_length: id,
  strategy: v.picklist(['LongestFirst', 'OnlyFirst', 'OnlySecond']),
  stride: id,
});
const padding = v.object({
  strategy: v.union([v.literal('BatchLongest'), v.strictObject({ Fixed: id })]),
  direction: sides,
  pad_to_multiple_of: optional(id),
  pad_id: id,
  pad_type_id: id,
  pad_token: text,
});

/** Everything except the vocabulary and merges, which are long and checked in plain loops. */
const TOKENIZER = v.object({
  version: v.optional(v.literal('1.0')),
  truncation: optional(truncation),
  padding: optional(padding),
  added_tokens: v.array(addedToken),
  normalizer: optional(normalizer),
  pre_tokenizer: optional(preTokenizer),
  post_processor: optional(processor),
  decoder: optional(decoder),
});

/** Checks a parsed `tokenizer.json`, and fills in optional fields. */
export function checkTokenizerJson(json: JsonObject, file: string): TokenizerJson {
  const model = checkModel(json.model, file);
  checkAddedTokenCount(json.added_tokens, file);
  const known = checkJson(TOKENIZER, json, file);
  return {
    ...known,
    normalizer: known.normalizer ?? null,
    pre_tokenizer: known.pre_tokenizer ?? null,
    post_processor: known.post_processor ?? null,
    model,
  };
}

function checkAddedTokenCount(tokens: unknown, file: string): void {
  if (!Array.isArray(tokens) || tokens.length <= MAX_ADDED_TOKENS) return;
  throw new InputError(
    `${file}: expected at most ${MAX_ADDED_TOKENS} added tokens, got ${tokens.length}; put them in the vocabulary`,
  );
}
