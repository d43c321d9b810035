/** @file The `config.json` of exported weights, for transformers. */
import type { JsonObject } from '../base/json-schema.js';
import { formatPythonJson, type JsonFormat } from '../base/python-json.js';
import { PROJECTION_FIELD } from '../weights/config-file.js';
import { CLIP_TYPES, clipTextPart, type TextModelConfig } from './config.js';

/** Settings that transformers requires as floating-point literals: it rejects `1` for `1.0`. */
const FLOATS = [
  'attention_dropout',
  'attention_probs_dropout_prob',
  'classifier_dropout',
  'dropout',
  'hidden_dropout_prob',
  'initializer_factor',
  'initializer_range',
  'layer_norm_eps',
  'logit_scale_init_value',
];

/** Settings for the type or quantisation of the original's stored weights. */
const STORAGE = ['dtype', 'torch_dtype', 'quantization_config'];

/**
 * The text of a `config.json` for the text model alone, derived from that of the original model. Weights are written as
 * float32, which `dtype` says to transformers from version 4.56 on and `torch_dtype` to earlier ones. Transformers
 * converts weights to that type when loading them.
 *
 * @param format how to write JSON; by default like Python
 */
export function exportedConfig(json: JsonObject, format: JsonFormat = formatPythonJson): string {
  const isClip = CLIP_TYPES.includes(String(json.model_type));
  const kept = Object.entries(clipTextPart(json)).filter(([key]) => !STORAGE.includes(key));
  const exported = {
    ...Object.fromEntries(kept),
    architectures: [isClip ? 'CLIPTextModel' : bertArchitecture(String(json.model_type))],
    model_type: isClip ? 'clip_text_model' : json.model_type,
    torch_dtype: 'float32',
    dtype: 'float32',
    ...(json[PROJECTION_FIELD] === undefined ? {} : { [PROJECTION_FIELD]: json[PROJECTION_FIELD] }),
  };
  const wholeFloats = new RegExp(`("(?:${FLOATS.join('|')})": -?\\d+)(,?)$`, 'gm');
  return `${format(exported).replace(wholeFloats, '$1.0$2')}\n`;
}

function bertArchitecture(modelType: string): string {
  return (
    { bert: 'BertModel', 'xlm-roberta': 'XLMRobertaModel', camembert: 'CamembertModel' }[modelType] ?? 'RobertaModel'
  );
}

/** The `config.json` for a configuration that was not read from a file. */
export function configJson(config: TextModelConfig): JsonObject {
  const common = {
    vocab_size: config.vocabSize,
    hidden_size: config.hiddenSize,
    intermediate_size: config.intermediateSize,
    num_hidden_layers: config.numHiddenLayers,
    num_attention_heads: config.numAttentionHeads,
    max_position_embeddings: config.maxPositionEmbeddings,
    hidden_act: config.hiddenAct,
    layer_norm_eps: config.layerNormEps,
    initializer_range: config.initializerRange,
  };
  if (config.family === 'clip-text') {
    return {
      model_type: 'clip_text_model',
      ...common,
      attention_dropout: config.attentionDropout,
      eos_token_id: config.eosTokenId,
    };
  }
  return {
    model_type: config.family,
    ...common,
    type_vocab_size: config.typeVocabSize,
    hidden_dropout_prob: config.hiddenDropoutProb,
    attention_probs_dropout_prob: config.attentionProbsDropoutProb,
    pad_token_id: config.padTokenId,
  };
}
