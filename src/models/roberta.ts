/**
 * @file BERT (Devlin et al., arXiv 1810.04805) and RoBERTa (Liu et al., arXiv 1907.11692): post-norm layers,
 * bidirectional attention. They differ in their positions: BERT counts all positions, RoBERTa only those of tokens that
 * are not padding. Parameters are named as in `klue/roberta-small` without the `roberta.` prefix, as `RobertaModel`
 * saves them.
 */
import tf from '../base/tfjs.cjs';
import { activations } from './activations.js';
import type { BertConfig } from './config.js';
import { dropout, type DropoutChoice } from './dropout.js';
import { embedding } from './embedding.js';
import { layerNorm, linear, paddingPenalty, selfAttention, type AttentionContext } from './layers.js';
import { countInTexts, packingBonus, unpackTexts } from './packing.js';
import { sharedMasks, sharedPaddingBonus, spreadSharedPadding, type SharedMasks } from './padding.js';
import {
  EMBEDDING_NORM,
  initialise,
  isNorm,
  layerName,
  POOLER,
  POSITIONS,
  robertaShapes,
  TYPES,
  WORDS,
} from './roberta-parameters.js';
import type { EncoderOutput, ForwardOptions, Packing, Params, TextEncoder } from './text-encoder.js';

/** BERT or RoBERTa of any size, with its pooler. */
export function roberta(config: BertConfig): TextEncoder {
  const shapes = robertaShapes(config);
  return {
    config,
    width: config.hiddenSize,
    shapes,
    isPooler: (name) => name.startsWith('pooler.'),
    isBiasOrNorm: (name) => name.endsWith('.bias') || isNorm(name),
    sharedPadding: (choice) => (isPaddingAlike(config, choice) ? config.padTokenId : undefined),
    initialise: (name, seed) => initialise(config, shapes, name, seed),
    forward: (params, ids, options) => robertaForward(config, params, ids, options),
  };
}

/**
 * Whether all padding at the end of a text has the same values: RoBERTa's has one position id, BERT's has many; dropout
 * masks differ by position unless padding shares them.
 */
function isPaddingAlike(
  { family, hiddenDropoutProb, attentionProbsDropoutProb }: BertConfig,
  { rate, padding }: DropoutChoice = {},
): boolean {
  const largest = rate ?? Math.max(hiddenDropoutProb, attentionProbsDropoutProb);
  return family === 'roberta' && (largest === 0 || padding === 'shared');
}

/** How padding shares dropout masks; undefined if it does not. */
function masksOf(
  { family, padTokenId }: BertConfig,
  ids: tf.Tensor2D,
  choice?: DropoutChoice,
): SharedMasks | undefined {
  if (family !== 'roberta' || choice?.padding !== 'shared') return undefined;
  return sharedMasks(tf.cast(tf.equal(tf.cast(ids, 'float32'), padTokenId), 'float32'));
}

function robertaForward(
  config: BertConfig,
  params: Params,
  ids: tf.Tensor2D,
  options: ForwardOptions = {},
): EncoderOutput {
  const [batch, length] = ids.shape;
  const { packing, fullLength = length } = options;
  const penalty = options.attentionMask && paddingPenalty(options.attentionMask); // [B, 1, 1, L]
  const masks = masksOf(config, ids, options.dropout);
  const context: AttentionContext = {
    batch,
    length,
    penalty,
    bonus: packing === undefined ? sharedPaddingBonus(length, fullLength) : packingBonus(packing),
    dropout: options.dropout,
    share: masks?.scores,
  };

  let x = embed(config, params, ids, packing); // [N, D]
  x = layerNorm(x, params, EMBEDDING_NORM, config.layerNormEps);
  x = dropout(x, config.hiddenDropoutProb, 'embeddings', options.dropout, masks?.hidden);
  for (let layer = 0; layer < config.numHiddenLayers; layer++)
    x = robertaLayer(config, params, layerName(layer), x, context, masks);

  const hidden =
    packing === undefined
      ? spreadSharedPadding(tf.reshape(x, [batch, length, config.hiddenSize]), fullLength)
      : unpackTexts(x, packing.places);
  return { lastHiddenState: hidden, poolerOutput: tf.tanh(linear(firstOf(hidden), params, POOLER)) };
}

/** The hidden states of first tokens. `[T, L, D] → [T, D]` */
function firstOf(hidden: tf.Tensor3D): tf.Tensor2D {
  const [texts, , width] = hidden.shape;
  return tf.reshape(tf.slice(hidden, [0, 0, 0], [texts, 1, width]), [texts, width]);
}

/** Word, position and type embeddings, summed; all tokens have type 0. `[B, L] → [N, D]` */
function embed(config: BertConfig, params: Params, ids: tf.Tensor2D, packing?: Packing): tf.Tensor2D {
  const [batch, length] = ids.shape;
  const words = embedding(params[WORDS]!, ids, config.padTokenId); // [B, L, D]
  const positions =
    config.family === 'roberta'
      ? embedding(params[POSITIONS]!, positionIds(ids, config.padTokenId, packing), config.padTokenId) // [B, L, D]
      : tf.slice(params[POSITIONS] as tf.Tensor2D, [0, 0], [length, config.hiddenSize]); // [L, D]
  const type = tf.slice(params[TYPES] as tf.Tensor2D, [0, 0], [1, config.hiddenSize]); // [1, D]
  return tf.reshape(tf.add(tf.add(words, type), positions), [batch * length, config.hiddenSize]);
}

/**
 * Position ids from token ids, as in fairseq and transformers: padding has `padTokenId`; other tokens count up from
 * `padTokenId + 1` within their text, skipping padding in between. `[B, L] → [B, L]` int32
 *
 * Counted in float32, which holds every id and position exactly: on a GPU, TensorFlow computes int32 in the host's
 * memory.
 */
function positionIds(ids: tf.Tensor2D, padTokenId: number, packing?: Packing): tf.Tensor2D {
  const isToken = tf.cast<tf.Tensor2D>(tf.notEqual(tf.cast(ids, 'float32'), padTokenId), 'float32'); // [B, L]
  const counts = packing === undefined ? tf.cumsum(isToken, 1) : countInTexts(isToken, packing.texts); // [B, L]
  return tf.cast(tf.add(tf.mul(counts, isToken), padTokenId), 'int32');
}

/** `norm(x + attention(x))`, then `norm(x + mlp(x))`. `[N, D] → [N, D]` */
function robertaLayer(
  config: BertConfig,
  params: Params,
  name: string,
  x: tf.Tensor2D,
  context: AttentionContext,
  masks: SharedMasks | undefined,
): tf.Tensor2D {
  const attention = `${name}.attention`;
  const mixed = selfAttention(
    x,
    params,
    {
      query: `${attention}.self.query`,
      key: `${attention}.self.key`,
      value: `${attention}.self.value`,
      heads: config.numAttentionHeads,
      dropoutRate: config.attentionProbsDropoutProb,
      dropoutPlace: `${attention}.self`,
    },
    context,
  );
  const attended = addAndNorm(x, mixed, `${attention}.output`);

  const inner = activations[config.hiddenAct](linear(attended, params, `${name}.intermediate.dense`)); // [N, F]
  return addAndNorm(attended, inner, `${name}.output`);

  function addAndNorm(residual: tf.Tensor2D, into: tf.Tensor2D, place: string): tf.Tensor2D {
    // [N, D]
    const out = dropout(
      linear(into, params, `${place}.dense`),
      config.hiddenDropoutProb,
      place,
      context.dropout,
      masks?.hidden,
    );
    return layerNorm(tf.add<tf.Tensor2D>(residual, out), params, `${place}.LayerNorm`, config.layerNormEps);
  }
}
