/** @file Checks a `tokenizer.json` field by field, as Python's `tokenizers` 0.23 does. */
import * as v from 'valibot';
import { InputError } from '../base/errors.js';
import { checkJson, jsonError, whole, type JsonObject } from '../base/json-schema.js';
import { MAX_ADDED_TOKENS, type ModelConfig, type StepConfig, type TokenizerJson } from './tokenizer-json.js';
import { checkMerges, checkVocabulary, MAX_ID } from './vocabulary-files.js';

/** WordPiece would take minutes for longer words; published tokenizers have 100. In characters. */
const MAX_WORD = 1000;

const text = v.pipe(
  v.string(),
  v.check((value) => !/\p{Cs}/u.test(value), 'expected text, got half a surrogate pair; get the file again'),
);
const id = whole(0, MAX_ID);
const bool = v.boolean();
const optional = <T extends v.GenericSchema>(schema: T) => v.optional(v.nullable(schema));

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
  ]),
);

const byteLevel = v.looseObject({ add_prefix_space: bool, trim_offsets: bool, use_regex: v.optional(bool) });
const preTokenizer: v.GenericSchema<unknown, StepConfig> = v.lazy(() => preTokenizers);
const behaviors = ['Removed', 'Isolated', 'MergedWithPrevious', 'MergedWithNext', 'Contiguous'] as const;
const preTokenizers = step(
  new Map<string, v.GenericSchema>([
    ['Sequence', v.looseObject({ pretokenizers: v.array(preTokenizer) })],
    ['Split', v.looseObject({ pattern, behavior: v.picklist(behaviors), invert: bool })],
    ['ByteLevel', byteLevel],
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

const BPE = v.looseObject({
  dropout: optional(v.number()),
  unk_token: optional(text),
  continuing_subword_prefix: optional(text),
  end_of_word_suffix: optional(text),
  fuse_unk: optional(bool),
  byte_fallback: optional(bool),
  ignore_merges: optional(bool),
});

/** What the tokenizers of CLIP and RoBERTa have for settings that are not supported otherwise. */
const USUAL_BPE = v.looseObject({
  dropout: optional(v.literal(0)),
  continuing_subword_prefix: optional(v.literal('')),
  byte_fallback: optional(v.literal(false)),
});
const OTHER_CHECKPOINT = 'no other value is supported; use a checkpoint of the CLIP, BERT or RoBERTa kind';

const WORD_PIECE = v.looseObject({
  unk_token: text,
  continuing_subword_prefix: text,
  max_input_chars_per_word: whole(0, MAX_WORD),
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

function checkModel(value: unknown, file: string): ModelConfig {
  const model = value as { type?: unknown; vocab?: unknown; merges?: unknown } | null | undefined;
  if (model?.type !== 'BPE' && model?.type !== 'WordPiece') {
    const type = typeof model?.type === 'string' ? model.type : 'none';
    throw new InputError(
      `${file}: expected a BPE or WordPiece model, as CLIP, BERT and RoBERTa have it, got ${type}` +
        `${type === 'Unigram' ? ' (SentencePiece, as of XLM-R)' : ''}; use a checkpoint with one of them`,
    );
  }
  const { vocab, merges, ...settings } = model;
  checkJson(v.object({ model: model.type === 'BPE' ? BPE : WORD_PIECE }), { model: settings }, file);
  if (model.type === 'BPE') checkJson(v.object({ model: USUAL_BPE }), { model: settings }, file, OTHER_CHECKPOINT);
  checkVocabulary(vocab, file, ['model', 'vocab']);
  if (model.type !== 'BPE') return model as ModelConfig;
  if (!Array.isArray(merges)) throw jsonError({ file, path: ['model', 'merges'], expected: 'a list', got: merges });
  checkMerges(merges, vocab, (index) => ({ file, path: ['model', 'merges', index] }));
  return model as ModelConfig;
}
