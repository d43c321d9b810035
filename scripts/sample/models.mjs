/** @file A tiny teacher and student with weights from a fixed seed, in the hub's formats. */
import { normal, randomSource } from './random.mjs';

/** @import { Random } from './random.mjs' */
/** @import { Tensor } from './safetensors.mjs' */
/** @typedef {(random: Random) => number} Fill gives what a tensor is filled with, number by number */
/** @typedef {{ name: string, shape: readonly number[], fill: Fill }} Shape */
/** @typedef {{ config: object, tensors: Tensor[] }} Model */

const WIDTH = 64;
const HEADS = 4;

const ones = () => 1;
const zeros = () => 0;
/**
 * @param {number} deviation
 * @returns {Fill}
 */
const spread = (deviation) => (random) => Math.fround(deviation * normal(random));

/**
 * Preserves the scale of the input: the variance of a weight is one over the number of inputs.
 *
 * @param {number} inputs
 */
const linear = (inputs, gain = 1) => spread(gain / Math.sqrt(inputs));

/**
 * @param {string} name
 * @param {number} inputs
 * @param {number} outputs
 * @param {number} [gain]
 * @returns {Shape[]}
 */
function dense(name, inputs, outputs, gain) {
  return [
    { name: `${name}.weight`, shape: [outputs, inputs], fill: linear(inputs, gain) },
    { name: `${name}.bias`, shape: [outputs], fill: zeros },
  ];
}

/**
 * @param {string} name
 * @returns {Shape[]}
 */
function layerNorm(name) {
  return [
    { name: `${name}.weight`, shape: [WIDTH], fill: ones },
    { name: `${name}.bias`, shape: [WIDTH], fill: zeros },
  ];
}

/**
 * @param {string} name
 * @param {number} rows
 * @param {number} deviation
 * @returns {Shape}
 */
const table = (name, rows, deviation) => ({ name: `${name}.weight`, shape: [rows, WIDTH], fill: spread(deviation) });

/**
 * @param {number} count
 * @param {(layer: number) => Shape[]} tensorsOf
 */
const layers = (count, tensorsOf) => Array.from({ length: count }, (_, i) => tensorsOf(i)).flat();

/** How much attention's value and output projections each amplify their input. */
const CARRY = 3;

/**
 * A `CLIPTextModel`. So that it tells sentences apart like a trained one, words weigh far more than their positions,
 * and attention carries them strongly into all later positions, including padding: over the sample, a third of the
 * outputs' variance depends on the sentence, the rest on the position.
 *
 * @param {number} vocabSize
 * @param {number} seed
 * @returns {Model}
 */
export function teacherModel(vocabSize, seed) {
  const [layerCount, inner] = [3, 96];
  const config = {
    architectures: ['CLIPTextModel'],
    model_type: 'clip_text_model',
    vocab_size: vocabSize,
    hidden_size: WIDTH,
    intermediate_size: inner,
    projection_dim: WIDTH,
    num_hidden_layers: layerCount,
    num_attention_heads: HEADS,
    max_position_embeddings: 77,
    hidden_act: 'quick_gelu',
    layer_norm_eps: 1e-5,
    attention_dropout: 0,
    initializer_range: 0.02,
    bos_token_id: vocabSize - 2,
    eos_token_id: vocabSize - 1,
    pad_token_id: vocabSize - 1,
    torch_dtype: 'float32',
  };
  const shapes = [
    table('text_model.embeddings.token_embedding', vocabSize, 1),
    table('text_model.embeddings.position_embedding', 77, 0.25),
    ...layers(layerCount, (i) => {
      const layer = `text_model.encoder.layers.${i}`;
      return [
        ...dense(`${layer}.self_attn.q_proj`, WIDTH, WIDTH),
        ...dense(`${layer}.self_attn.k_proj`, WIDTH, WIDTH),
        ...dense(`${layer}.self_attn.v_proj`, WIDTH, WIDTH, CARRY),
        ...dense(`${layer}.self_attn.out_proj`, WIDTH, WIDTH, CARRY),
        ...layerNorm(`${layer}.layer_norm1`),
        ...dense(`${layer}.mlp.fc1`, WIDTH, inner),
        ...dense(`${layer}.mlp.fc2`, inner, WIDTH),
        ...layerNorm(`${layer}.layer_norm2`),
      ];
    }),
    ...layerNorm('text_model.final_layer_norm'),
  ];
  return { config, tensors: fillTensors(shapes, seed) };
}

/**
 * An untrained `RobertaModel`.
 *
 * @param {number} vocabSize
 * @param {number} seed
 * @returns {Model}
 */
export function studentModel(vocabSize, seed) {
  const [layerCount, inner] = [2, 128];
  const config = {
    architectures: ['RobertaModel'],
    model_type: 'roberta',
    vocab_size: vocabSize,
    hidden_size: WIDTH,
    intermediate_size: inner,
    num_hidden_layers: layerCount,
    num_attention_heads: HEADS,
    hidden_act: 'gelu',
    hidden_dropout_prob: 0,
    attention_probs_dropout_prob: 0,
    max_position_embeddings: 80,
    type_vocab_size: 1,
    initializer_range: 0.02,
    layer_norm_eps: 1e-5,
    bos_token_id: 0,
    pad_token_id: 1,
    eos_token_id: 2,
    torch_dtype: 'float32',
  };
  const shapes = [
    table('embeddings.word_embeddings', vocabSize, 0.02),
    table('embeddings.position_embeddings', config.max_position_embeddings, 0.02),
    table('embeddings.token_type_embeddings', config.type_vocab_size, 0.02),
    ...layerNorm('embeddings.LayerNorm'),
    ...layers(layerCount, (i) => {
      const layer = `encoder.layer.${i}`;
      return [
        ...dense(`${layer}.attention.self.query`, WIDTH, WIDTH),
        ...dense(`${layer}.attention.self.key`, WIDTH, WIDTH),
        ...dense(`${layer}.attention.self.value`, WIDTH, WIDTH),
        ...dense(`${layer}.attention.output.dense`, WIDTH, WIDTH),
        ...layerNorm(`${layer}.attention.output.LayerNorm`),
        ...dense(`${layer}.intermediate.dense`, WIDTH, inner),
        ...dense(`${layer}.output.dense`, inner, WIDTH),
        ...layerNorm(`${layer}.output.LayerNorm`),
      ];
    }),
    ...dense('pooler.dense', WIDTH, WIDTH),
  ];
  return { config, tensors: fillTensors(shapes, seed) };
}

/**
 * @param {readonly Shape[]} shapes
 * @param {number} seed
 */
function fillTensors(shapes, seed) {
  const random = randomSource(seed);
  return shapes.map(({ name, shape, fill }) => {
    const size = shape.reduce((product, length) => product * length, 1);
    return { name, shape, values: Float32Array.from({ length: size }, () => fill(random)) };
  });
}
