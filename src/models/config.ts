import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError, messageOf } from '../base/errors.js';
import { systemReason } from '../base/files.js';
import { parsePythonJson } from '../base/python-json.js';
import { readRegularFile } from '../base/regular-file.js';
import { nestingOf } from '../weights/json-keys.js';
import { shownValue } from '../weights/wording.js';

/** CLIP's text model, as `CLIPTextConfig` of transformers names it. */
export interface ClipTextConfig {
  readonly family: 'clip-text';
  readonly vocabSize: number;
  readonly hiddenSize: number;
  readonly intermediateSize: number;
  readonly numHiddenLayers: number;
  readonly numAttentionHeads: number;
  readonly maxPositionEmbeddings: number;
  readonly hiddenAct: Activation;
  readonly layerNormEps: number;
  readonly attentionDropout: number;
  readonly initializerRange: number;
  /** The end-of-text token, whose place gives the pooled output; 2 in older files means "the highest id". */
  readonly eosTokenId: number;
}

/**
 * BERT or RoBERTa, as `BertConfig` and `RobertaConfig` of transformers name it: they differ in their positions alone.
 */
export interface BertConfig {
  readonly family: 'bert' | 'roberta';
  readonly vocabSize: number;
  readonly hiddenSize: number;
  readonly intermediateSize: number;
  readonly numHiddenLayers: number;
  readonly numAttentionHeads: number;
  readonly maxPositionEmbeddings: number;
  readonly typeVocabSize: number;
  readonly hiddenAct: Activation;
  readonly layerNormEps: number;
  readonly hiddenDropoutProb: number;
  readonly attentionProbsDropoutProb: number;
  readonly initializerRange: number;
  readonly padTokenId: number;
}

export type TextModelConfig = ClipTextConfig | BertConfig;

/** The activations of the families, by the names that `config.json` uses. */
export const ACTIVATIONS = ['gelu', 'quick_gelu', 'gelu_new', 'gelu_pytorch_tanh', 'relu', 'silu', 'swish'] as const;
export type Activation = (typeof ACTIVATIONS)[number];

/** `model_type` of a CLIP with and without its vision tower. */
export const CLIP_TYPES = ['clip', 'clip_text_model'];
const BERT_TYPES = ['bert'];
const ROBERTA_TYPES = ['roberta', 'xlm-roberta', 'camembert'];

/** Far more than any text encoder has: what is larger is a mistake, and is said to be one before anything is built. */
const MOST_LAYERS = 1000;
const WIDEST = 1_000_000;
const MOST_PARAMETERS = 20e9;
/** Far more than any `config.json`: some list thousands of labels. */
const LARGEST_CONFIG = 10_000_000;
const DEEPEST_CONFIG = 100;

/** A `config.json` as it stands. */
export type Json = Readonly<Record<string, unknown>>;

/** Reads the fields of one `config.json`, each checked, with the defaults of transformers for what is absent. */
class Fields {
  constructor(
    private readonly json: Json,
    private readonly where: string,
  ) {}

  private fail(key: string, expected: string): never {
    throw new InputError(`${this.where}: expected ${key} to be ${expected}, got ${shownValue(this.json[key])}`);
  }

  /** A whole number from `least` to `most`. */
  count(key: string, standard: number, least = 1, most = 1e7): number {
    const value = this.json[key] ?? standard;
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < least || value > most) {
      this.fail(key, `a whole number from ${least} to ${most}`);
    }
    return value;
  }

  /** A probability in [0, 1). */
  probability(key: string, standard: number): number {
    const value = this.json[key] ?? standard;
    if (typeof value !== 'number' || !(value >= 0 && value < 1)) this.fail(key, 'a probability in [0, 1)');
    return value;
  }

  /** A positive number. */
  positive(key: string, standard: number): number {
    const value = this.json[key] ?? standard;
    if (typeof value !== 'number' || !(value > 0 && Number.isFinite(value))) this.fail(key, 'a positive number');
    return value;
  }

  activation(standard: Activation): Activation {
    const value = this.json.hidden_act ?? standard;
    const known = ACTIVATIONS.find((name) => name === value);
    return known ?? this.fail('hidden_act', `one of ${ACTIVATIONS.join(', ')}`);
  }
}

/**
 * The text model's configuration in the contents of a `config.json`: of a CLIP text model, of a whole CLIP
 * model (its `text_config`, over which the older `text_config_dict` wins, as in transformers), of BERT or RoBERTa.
 *
 * @param where the file's name, for messages
 * @throws InputError for another model family, a missing or impossible value
 */
export function parseConfig(json: unknown, where: string): TextModelConfig {
  if (!isObject(json)) throw new InputError(`${where}: expected a JSON object, got ${shownValue(json)}`);
  const type = json.model_type;
  if (typeof type === 'string' && CLIP_TYPES.includes(type))
    return checked(parseClipText(clipTextPart(json), where), where);
  if (typeof type === 'string' && BERT_TYPES.includes(type))
    return checked(parseBert(json, where, BERT_DEFAULTS), where);
  if (typeof type === 'string' && ROBERTA_TYPES.includes(type))
    return checked(parseBert(json, where, ROBERTA_DEFAULTS), where);
  throw new InputError(
    `${where}: expected a CLIP text model, a BERT or a RoBERTa (model_type ` +
      `${[...CLIP_TYPES, ...BERT_TYPES, ...ROBERTA_TYPES].join(', ')}), ` +
      `got ${shownValue(type)}; choose a model of one of these families`,
  );
}

/** Reads and parses `folder/config.json`, which is also returned as it stands. */
export async function readConfig(folder: string): Promise<{ config: TextModelConfig; json: Json }> {
  const path = join(folder, 'config.json');
  const missing = await stat(path).then(() => undefined, systemReason);
  if (missing !== undefined)
    throw new InputError(`${path}: expected the model's configuration, got ${missing}; give a model's folder`);
  const text = (await readRegularFile(path, LARGEST_CONFIG)).toString('utf8');
  if (nestingOf(text) > DEEPEST_CONFIG)
    throw new InputError(`${path}: expected at most ${DEEPEST_CONFIG} objects and lists in one another, found more`);
  let json: unknown;
  try {
    json = parsePythonJson(text);
  } catch (error) {
    throw new InputError(`${path}: expected JSON, got ${messageOf(error)}`);
  }
  const config = parseConfig(json, path);
  return { config, json: json as Json };
}

function isObject(json: unknown): json is Json {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}

/** What a CLIP's configuration says of its text model; any other configuration as it is. */
export function clipTextPart(json: Json): Json {
  if (json.model_type !== 'clip') return json;
  const text = isObject(json.text_config) ? json.text_config : {};
  const older = isObject(json.text_config_dict) ? json.text_config_dict : {};
  return { ...text, ...older };
}

/** Defaults: transformers' `CLIPTextConfig`. */
function parseClipText(json: Json, where: string): ClipTextConfig {
  const fields = new Fields(json, where);
  return {
    family: 'clip-text',
    vocabSize: fields.count('vocab_size', 49408),
    hiddenSize: fields.count('hidden_size', 512, 1, WIDEST),
    intermediateSize: fields.count('intermediate_size', 2048, 1, WIDEST),
    numHiddenLayers: fields.count('num_hidden_layers', 12, 1, MOST_LAYERS),
    numAttentionHeads: fields.count('num_attention_heads', 8),
    maxPositionEmbeddings: fields.count('max_position_embeddings', 77),
    hiddenAct: fields.activation('quick_gelu'),
    layerNormEps: fields.positive('layer_norm_eps', 1e-5),
    attentionDropout: fields.probability('attention_dropout', 0),
    initializerRange: fields.positive('initializer_range', 0.02),
    eosTokenId: fields.count('eos_token_id', 49407, 0),
  };
}

/** Where the defaults of transformers' `BertConfig` and `RobertaConfig` differ. */
const BERT_DEFAULTS = { family: 'bert', vocabSize: 30522, padTokenId: 0 } as const;
const ROBERTA_DEFAULTS = { family: 'roberta', vocabSize: 50265, padTokenId: 1 } as const;

function parseBert(
  json: Json,
  where: string,
  defaults: Pick<BertConfig, 'family' | 'vocabSize' | 'padTokenId'>,
): BertConfig {
  const positions = json.position_embedding_type ?? 'absolute';
  if (positions !== 'absolute') {
    throw new InputError(`${where}: expected position_embedding_type to be "absolute", got ${shownValue(positions)}`);
  }
  const fields = new Fields(json, where);
  return {
    family: defaults.family,
    vocabSize: fields.count('vocab_size', defaults.vocabSize),
    hiddenSize: fields.count('hidden_size', 768, 1, WIDEST),
    intermediateSize: fields.count('intermediate_size', 3072, 1, WIDEST),
    numHiddenLayers: fields.count('num_hidden_layers', 12, 1, MOST_LAYERS),
    numAttentionHeads: fields.count('num_attention_heads', 12),
    maxPositionEmbeddings: fields.count('max_position_embeddings', 512),
    typeVocabSize: fields.count('type_vocab_size', 2),
    hiddenAct: fields.activation('gelu'),
    layerNormEps: fields.positive('layer_norm_eps', 1e-12),
    hiddenDropoutProb: fields.probability('hidden_dropout_prob', 0.1),
    attentionProbsDropoutProb: fields.probability('attention_probs_dropout_prob', 0.1),
    initializerRange: fields.positive('initializer_range', 0.02),
    padTokenId: fields.count('pad_token_id', defaults.padTokenId, 0),
  };
}

function checked<C extends TextModelConfig>(config: C, where: string): C {
  if (config.hiddenSize % config.numAttentionHeads !== 0) {
    throw new InputError(
      `${where}: expected hidden_size to be a multiple of num_attention_heads, got ${config.hiddenSize} and ` +
        `${config.numAttentionHeads}`,
    );
  }
  const { vocabSize, maxPositionEmbeddings, hiddenSize, intermediateSize, numHiddenLayers } = config;
  const layer = 4 * hiddenSize ** 2 + 2 * hiddenSize * intermediateSize;
  const parameters = (vocabSize + maxPositionEmbeddings) * hiddenSize + numHiddenLayers * layer;
  if (parameters > MOST_PARAMETERS) {
    throw new InputError(
      `${where}: expected sizes of a text encoder, with at most ${MOST_PARAMETERS} parameters, got ` +
        `${parameters.toPrecision(3)}: ` +
        `hidden_size ${hiddenSize}, intermediate_size ${intermediateSize}, num_hidden_layers ` +
        `${numHiddenLayers}, vocab_size ${vocabSize}`,
    );
  }
  return config;
}
