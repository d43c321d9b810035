/**
 * @file CLIP's text model (Radford et al., arXiv 2103.00020): pre-norm layers, causal attention, a final LayerNorm.
 * Parameters are named as in `openai/clip-vit-large-patch14`.
 */
import tf from '../base/tfjs.cjs';
import { activations } from './activations.js';
import type { ClipTextConfig } from './config.js';
import { initialiseParameter } from './initialise.js';
import {
  causalPenalty,
  layerNorm,
  linear,
  linearShapes,
  normShapes,
  paddingPenalty,
  selfAttention,
  type AttentionContext,
} from './layers.js';
import type { EncoderOutput, ForwardOptions, Params, Shapes, TextEncoder } from './text-encoder.js';

const TOKENS = 'text_model.embeddings.token_embedding.weight';
const POSITIONS = 'text_model.embeddings.position_embedding.weight';
const FINAL_NORM = 'text_model.final_layer_norm';

const layerName = (layer: number): string => `text_model.encoder.layers.${layer}`;

/** CLIP's text model of any size. */
export function clipText(config: ClipTextConfig): TextEncoder {
  const shapes = clipTextShapes(config);
  return {
    config,
    width: config.hiddenSize,
    shapes,
    isPooler: () => false,
    isBiasOrNorm: (name) => name.endsWith('.bias') || isNorm(name),
    sharedPadding: () => undefined, // every position has its own embedding
    initialise: (name, seed) =>
      initialiseParameter(shapes, name, seed, { isNorm: isNorm(name), deviation: config.initializerRange }),
    forward: (params, ids, options) => clipTextForward(config, params, ids, options),
  };
}

const isNorm = (name: string): boolean => /layer_norm\d?\.weight$/.test(name);

function clipTextShapes(config: ClipTextConfig): Shapes {
  const { hiddenSize: width, intermediateSize: inner } = config;
  const shapes = { [TOKENS]: [config.vocabSize, width], [POSITIONS]: [config.maxPositionEmbeddings, width] };
  const add = (...layers: readonly Shapes[]): object => Object.assign(shapes, ...layers) as object;
  for (let layer = 0; layer < config.numHiddenLayers; layer++) {
    const name = layerName(layer);
    const products = ['q_proj', 'k_proj', 'v_proj', 'out_proj'];
    add(normShapes(`${name}.layer_norm1`, width));
    add(...products.map((part) => linearShapes(`${name}.self_attn.${part}`, width, width)));
    add(normShapes(`${name}.layer_norm2`, width));
    add(linearShapes(`${name}.mlp.fc1`, inner, width), linearShapes(`${name}.mlp.fc2`, width, inner));
  }
  add(normShapes(FINAL_NORM, width));
  return shapes;
}

function clipTextForward(
  config: ClipTextConfig,
  params: Params,
  ids: tf.Tensor2D,
  options: ForwardOptions = {},
): EncoderOutput {
  const [batch, length] = ids.shape;
  const width = config.hiddenSize;
  const causal = causalPenalty(length); // [1, 1, L, L]
  const penalty = options.attentionMask
    ? tf.maximum<tf.Tensor4D>(causal, paddingPenalty(options.attentionMask))
    : causal;
  const context: AttentionContext = { batch, length, penalty, dropout: options.dropout };

  const positions = tf.slice(params[POSITIONS] as tf.Tensor2D, [0, 0], [length, width]); // [L, D]
  const embedded = tf.add(tf.gather(params[TOKENS]!, ids), positions); // [B, L, D]
  let x: tf.Tensor2D = tf.reshape(embedded, [batch * length, width]); // [N, D]
  for (let layer = 0; layer < config.numHiddenLayers; layer++)
    x = clipTextLayer(config, params, layerName(layer), x, context);
  x = layerNorm(x, params, FINAL_NORM, config.layerNormEps);

  return {
    lastHiddenState: tf.reshape(x, [batch, length, width]),
    poolerOutput: tf.gather(x, endOfTextRows(ids, config.eosTokenId)), // [B, D]
  };
}

/** `x + attention(norm(x))`, then `x + mlp(norm(x))`. `[N, D] → [N, D]` */
function clipTextLayer(
  config: ClipTextConfig,
  params: Params,
  name: string,
  x: tf.Tensor2D,
  context: AttentionContext,
): tf.Tensor2D {
  const attention = `${name}.self_attn`;
  const mixed = selfAttention(
    layerNorm(x, params, `${name}.layer_norm1`, config.layerNormEps),
    params,
    {
      query: `${attention}.q_proj`,
      key: `${attention}.k_proj`,
      value: `${attention}.v_proj`,
      heads: config.numAttentionHeads,
      dropoutRate: config.attentionDropout,
      dropoutPlace: attention,
    },
    context,
  );
  const attended = tf.add<tf.Tensor2D>(x, linear(mixed, params, `${attention}.out_proj`));

  const normalised = layerNorm(attended, params, `${name}.layer_norm2`, config.layerNormEps);
  const inner = activations[config.hiddenAct](linear(normalised, params, `${name}.mlp.fc1`)); // [N, F]
  return tf.add<tf.Tensor2D>(attended, linear(inner, params, `${name}.mlp.fc2`));
}

/**
 * The row of each sentence's end-of-text token among `N = B · L`: its first position or, if an older configuration has
 * `eos_token_id` 2, the position of the highest id (transformers, modeling_clip.py). `[B]` int32
 *
 * In float32, which holds every id and row exactly: TensorFlow finds the greatest int32 only on a CPU, and on a GPU it
 * adds int32 in the host's memory.
 */
function endOfTextRows(ids: tf.Tensor2D, eosTokenId: number): tf.Tensor1D {
  const [batch, length] = ids.shape;
  const exact = tf.cast(ids, 'float32');
  const marks = eosTokenId === 2 ? exact : tf.cast(tf.equal(exact, eosTokenId), 'float32'); // [B, L]
  const places = tf.argMax<tf.Tensor1D>(marks, 1); // [B]
  const starts = tf.tensor1d(Float32Array.from({ length: batch }, (_, sentence) => sentence * length)); // [B]
  return tf.cast(tf.add(starts, tf.cast(places, 'float32')), 'int32');
}
