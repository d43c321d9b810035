/** @file Parses a text model's `config.json`, with transformers' defaults for absent fields. */
import { existsSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { InputError } from '../base/errors.js';
import { systemReason } from '../base/system-errors.js';
import { readJsonObject } from '../base/json-file.js';
import {
  anyObject,
  camelCased,
  checkJson,
  isObject,
  jsonError,
  object,
  ofKind,
  valuesThat,
  whole,
  type JsonObject,
} from '../base/json-schema.js';
import { choice, POSITIVE, SHARE } from '../base/kinds.js';
import { LARGEST_CONFIG } from '../weights/config-file.js';

/** Far more than any text encoder has. Larger values are mistakes and are rejected before anything is built. */
const MAX_LAYERS = 1000;
const WIDEST = 1_000_000;
const MAX_ROWS = 10_000_000;
const MAX_PARAMETERS = 20e9;

/** What to do about an impossible value. */
const REMEDY = 'use a model as it was published, or correct the file';

/** The activations of the families, by the names that `config.json` uses. */
export const ACTIVATIONS = ['gelu', 'quick_gelu', 'gelu_new', 'gelu_pytorch_tanh', 'relu', 'silu', 'swish'] as const;
export type Activation = (typeof ACTIVATIONS)[number];

const count = (standard: number, most = MAX_ROWS) => v.nullish(whole(1, most), standard);
const id = (standard: number) => v.nullish(whole(0, MAX_ROWS), standard);
const probability = (standard: number) => v.nullish(ofKind(SHARE), standard);
const positive = (standard: number) => v.nullish(ofKind(POSITIVE), standard);
const activation = (standard: Activation) => v.nullish(ofKind(choice(ACTIVATIONS)), standard);

/** Defaults: transformers' `CLIPTextConfig`. */
const CLIP_TEXT = camelCased({
  vocab_size: count(49408),
  hidden_size: count(512, WIDEST),
  intermediate_size: count(2048, WIDEST),
  num_hidden_layers: count(12, MAX_LAYERS),
  num_attention_heads: count(8),
  max_position_embeddings: count(77),
  hidden_act: activation('quick_gelu'),
  layer_norm_eps: positive(1e-5),
  attention_dropout: probability(0),
  initializer_range: positive(0.02),
  /** The end-of-text token, whose position gives the pooled output; 2 in older files means "the highest id". */
  eos_token_id: id(49407),
});

/** The fields in which a whole CLIP model's configuration describes its text model. */
const CLIP_PARTS = object({ text_config: v.nullish(anyObject), text_config_dict: v.nullish(anyObject) });

/** The fields of transformers' `BertConfig` and its relatives, whose defaults differ in two of them. */
const bertFields = (vocabSize: number, padToken: v.GenericSchema<unknown, number>) =>
  camelCased({
    vocab_size: count(vocabSize),
    hidden_size: count(768, WIDEST),
    intermediate_size: count(3072, WIDEST),
    num_hidden_layers: count(12, MAX_LAYERS),
    num_attention_heads: count(12),
    max_position_embeddings: count(512),
    type_vocab_size: count(2),
    hidden_act: activation('gelu'),
    layer_norm_eps: positive(1e-12),
    hidden_dropout_prob: probability(0.1),
    attention_probs_dropout_prob: probability(0.1),
    initializer_range: positive(0.02),
    pad_token_id: padToken,
  });

const BERT = bertFields(30522, id(0));
/** RoBERTa counts positions from the pad token's id, so it must have one. */
const ROBERTA_PAD = v.optional(whole(0, MAX_ROWS), 1);
const ROBERTA = bertFields(50265, ROBERTA_PAD);
/** The defaults of `XLMRobertaConfig` and `CamembertConfig`. */
const XLM_ROBERTA = bertFields(30522, ROBERTA_PAD);

/** CLIP's text model, as `CLIPTextConfig` of transformers names it. */
export type ClipTextConfig = { readonly family: 'clip-text' } & v.InferOutput<typeof CLIP_TEXT>;

/**
 * BERT or RoBERTa, as `BertConfig` and `RobertaConfig` of transformers name it; they differ only in their positions.
 */
export type BertConfig = { readonly family: 'bert' | 'roberta' } & v.InferOutput<typeof BERT>;

export type TextModelConfig = ClipTextConfig | BertConfig;

/** `model_type` of a CLIP with and without its vision tower. */
export const CLIP_TYPES = ['clip', 'clip_text_model'];
const BERT_TYPES = ['bert'];
const ROBERTA_TYPES = ['roberta', 'xlm-roberta', 'camembert'];

/**
 * Parses the text model's configuration from a `config.json` of a CLIP text model, a whole CLIP model (its
 * `text_config`, else its older `text_config_dict`), BERT or RoBERTa.
 *
 * @param where the file's name, for messages
 * @throws InputError for another model family, or for a missing or impossible value
 */
export function parseConfig(json: unknown, where: string): TextModelConfig {
  const config = checkJson(anyObject, json, where, REMEDY);
  const type = config.model_type;
  if (typeof type === 'string' && CLIP_TYPES.includes(type)) {
    checkJson(CLIP_PARTS, config, where, REMEDY);
    return checked({ family: 'clip-text', ...checkJson(CLIP_TEXT, clipTextPart(config), where, REMEDY) }, where);
  }
  if (typeof type === 'string' && BERT_TYPES.includes(type))
    return checked({ family: 'bert', ...parseBert(BERT, config, where) }, where);
  if (typeof type === 'string' && ROBERTA_TYPES.includes(type))
    return checked(
      { family: 'roberta', ...parseBert(type === 'roberta' ? ROBERTA : XLM_ROBERTA, config, where) },
      where,
    );
  const types = [...CLIP_TYPES, ...BERT_TYPES, ...ROBERTA_TYPES].join(', ');
  throw jsonError({
    file: where,
    path: [],
    expected: `a CLIP text model, a BERT or a RoBERTa (model_type ${types})`,
    got: type,
    advice: 'choose a model of one of these families',
  });
}

/** Reads and parses `folder/config.json`; also returns the unprocessed JSON. */
export async function readConfig(folder: string): Promise<{ config: TextModelConfig; json: JsonObject }> {
  const path = join(folder, 'config.json');
  const missing = await stat(path).then(() => undefined, systemReason);
  if (missing !== undefined)
    throw new InputError(
      `${path}: expected the model's configuration, got ${missing}; give a model's folder${await suchAs(folder)}`,
    );
  const json = await readJsonObject(path, LARGEST_CONFIG);
  return { config: parseConfig(json, path), json };
}

/** The model inside a folder of several, such as a pipeline of diffusers, for a message. */
async function suchAs(folder: string): Promise<string> {
  const names = (await readdir(folder).catch(() => [])).sort();
  const likely = names.includes('text_encoder') ? ['text_encoder'] : names;
  const inner = likely.map((name) => join(folder, name)).find((place) => existsSync(join(place, 'config.json')));
  return inner === undefined ? '' : `, such as ${inner}`;
}

/**
 * The text model's part of a CLIP configuration; any other configuration is returned unchanged. It is `text_config`, as
 * for transformers' `CLIPTextModel`, which reads it beside either `model_type`. The older `text_config_dict` only
 * counts without it; in transformers' `CLIPModel` it would override all of it, with defaults for what it lacks
 * (configuration_clip.py).
 */
export function clipTextPart(json: JsonObject): JsonObject {
  const { model_type: type, text_config: part, text_config_dict: older } = json;
  if (typeof type !== 'string' || !CLIP_TYPES.includes(type)) return json;
  if (isObject(part)) return part;
  if (type !== 'clip') return json;
  return isObject(older) ? older : {};
}

/** The only supported kind of positions. */
const POSITIONS = object({ position_embedding_type: v.nullish(ofKind(choice(['absolute'])), 'absolute') });

/** The only supported direction: with `is_decoder`, transformers masks all later tokens. */
const DIRECTION = object({
  is_decoder: v.nullish(valuesThat<false>((value) => value === false, 'false or no value')),
});

function parseBert(schema: typeof BERT, json: JsonObject, where: string): v.InferOutput<typeof BERT> {
  checkJson(POSITIONS, json, where, 'choose a model with absolute positions');
  checkJson(DIRECTION, json, where, 'choose an encoder, which reads texts in both directions');
  return checkJson(schema, json, where, REMEDY);
}

function checked<C extends TextModelConfig>(config: C, where: string): C {
  if (config.hiddenSize % config.numAttentionHeads !== 0) {
    throw new InputError(
      `${where}: expected hidden_size to be a multiple of num_attention_heads, got ${config.hiddenSize} and ` +
        `${config.numAttentionHeads}; ${REMEDY}`,
    );
  }
  const { vocabSize, maxPositionEmbeddings, hiddenSize, intermediateSize, numHiddenLayers } = config;
  const layer = 4 * hiddenSize ** 2 + 2 * hiddenSize * intermediateSize;
  const parameters = (vocabSize + maxPositionEmbeddings) * hiddenSize + numHiddenLayers * layer;
  if (parameters > MAX_PARAMETERS) {
    throw new InputError(
      `${where}: expected sizes of a text encoder, with at most ${MAX_PARAMETERS} parameters, got ` +
        `${parameters.toPrecision(3)}: hidden_size ${hiddenSize}, intermediate_size ${intermediateSize}, ` +
        `num_hidden_layers ${numHiddenLayers}, vocab_size ${vocabSize}; ${REMEDY}`,
    );
  }
  return config;
}
