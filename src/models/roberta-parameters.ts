/** @file The parameters of BERT and RoBERTa: their names, shapes and initial values. */
import type { BertConfig } from './config.js';
import { initialiseParameter } from './initialise.js';
import { linearShapes, normShapes } from './layers.js';
import type { Shapes } from './text-encoder.js';

export const WORDS = 'embeddings.word_embeddings.weight';
export const POSITIONS = 'embeddings.position_embeddings.weight';
export const TYPES = 'embeddings.token_type_embeddings.weight';
export const EMBEDDING_NORM = 'embeddings.LayerNorm';
export const POOLER = 'pooler.dense';

/** The prefix of a layer's parameters. */
export const layerName = (layer: number): string => `encoder.layer.${layer}`;

/** Whether a parameter is the scale of a LayerNorm. */
export const isNorm = (name: string): boolean => name.endsWith('LayerNorm.weight');

/**
 * The initial values of a parameter. As in transformers, the padding token's embedding starts at zero, and so does
 * RoBERTa's embedding of its position.
 */
export function initialise(config: BertConfig, shapes: Shapes, name: string, seed: number): Float32Array {
  const values = initialiseParameter(shapes, name, seed, { isNorm: isNorm(name), deviation: config.initializerRange });
  const width = config.hiddenSize;
  if (name === WORDS || (name === POSITIONS && config.family === 'roberta'))
    values.fill(0, config.padTokenId * width, (config.padTokenId + 1) * width);
  return values;
}

/** The shapes of all parameters, by name. */
export function robertaShapes(config: BertConfig): Shapes {
  const { hiddenSize: width, intermediateSize: inner } = config;
  const shapes = {
    [WORDS]: [config.vocabSize, width],
    [POSITIONS]: [config.maxPositionEmbeddings, width],
    [TYPES]: [config.typeVocabSize, width],
  };
  const add = (...layers: readonly Shapes[]): object => Object.assign(shapes, ...layers) as object;
  add(normShapes(EMBEDDING_NORM, width));
  for (let layer = 0; layer < config.numHiddenLayers; layer++) {
    const name = layerName(layer);
    const products = ['self.query', 'self.key', 'self.value', 'output.dense'];
    add(...products.map((part) => linearShapes(`${name}.attention.${part}`, width, width)));
    add(normShapes(`${name}.attention.output.LayerNorm`, width));
    add(linearShapes(`${name}.intermediate.dense`, inner, width), linearShapes(`${name}.output.dense`, width, inner));
    add(normShapes(`${name}.output.LayerNorm`, width));
  }
  add(linearShapes(POOLER, width, width));
  return shapes;
}
