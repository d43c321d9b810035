/** @file BERT and RoBERTa as ONNX nodes: `models/roberta.ts`. */
import type { BertConfig } from '../../models/config.js';
import { DATA_TYPES } from '../../onnx/format.js';
import type { OnnxGraph, OnnxValue } from './graph.js';
import type { EncoderOutputs, Layers } from './layers.js';
import { INPUT_IDS } from './names.js';

/** Adds the complete model. */
export function addRoberta(layers: Layers, config: BertConfig): EncoderOutputs {
  const { graph } = layers;
  const words = layers.embedding('embeddings.word_embeddings.weight', INPUT_IDS);
  const types = layers.firstRows('embeddings.token_type_embeddings.weight', 1);
  const table = 'embeddings.position_embeddings.weight';
  const positions =
    config.family === 'roberta'
      ? layers.embedding(table, tokenPositions(graph, config.padTokenId))
      : layers.firstRows(table);
  let x = layers.layerNorm(layers.rows(layers.add(layers.add(words, types), positions)), 'embeddings.LayerNorm');
  for (let layer = 0; layer < config.numHiddenLayers; layer++) {
    const name = `encoder.layer.${layer}`;
    const self = `${name}.attention.self`;
    const mixed = layers.attention(x, { query: `${self}.query`, key: `${self}.key`, value: `${self}.value` });
    x = layers.layerNorm(
      layers.add(x, layers.linear(mixed, `${name}.attention.output.dense`)),
      `${name}.attention.output.LayerNorm`,
    );
    const inner = layers.activation(layers.linear(x, `${name}.intermediate.dense`)); // [N, F]
    x = layers.layerNorm(layers.add(x, layers.linear(inner, `${name}.output.dense`)), `${name}.output.LayerNorm`);
  }
  const first = graph.add('Gather', [layers.texts(x), graph.int64(0)], { axis: { int: 1 } }); // [B, D]
  return { rows: x, pooled: graph.add('Tanh', [layers.linear(first, 'pooler.dense')]) };
}

/** RoBERTa's position ids: padding has `padTokenId`; other tokens count up from there. `[B, L]` int64 */
function tokenPositions(graph: OnnxGraph, padTokenId: number): OnnxValue {
  const isPadding = graph.add('Equal', [INPUT_IDS, graph.int64(padTokenId)]);
  const isToken = graph.add('Cast', [graph.add('Not', [isPadding])], { to: { int: DATA_TYPES.int64 } });
  const places = graph.add('Mul', [graph.add('CumSum', [isToken, graph.int64(1)]), isToken]);
  return graph.add('Add', [places, graph.int64(padTokenId)]);
}
