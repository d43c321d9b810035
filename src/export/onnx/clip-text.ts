/** @file CLIP's text model as ONNX nodes: `models/clip-text.ts`. */
import type { ClipTextConfig } from '../../models/config.js';
import { DATA_TYPES } from '../../onnx/format.js';
import type { OnnxGraph, OnnxValue } from './graph.js';
import type { EncoderOutputs, Layers } from './layers.js';
import { INPUT_IDS } from './names.js';

/** Adds the complete model. */
export function addClipText(layers: Layers, config: ClipTextConfig): EncoderOutputs {
  const { graph } = layers;
  const penalty = layers.causalPenalty();
  const tokens = layers.embedding('text_model.embeddings.token_embedding.weight', INPUT_IDS);
  let x = layers.rows(layers.add(tokens, layers.firstRows('text_model.embeddings.position_embedding.weight')));
  for (let layer = 0; layer < config.numHiddenLayers; layer++) {
    const name = `text_model.encoder.layers.${layer}`;
    const self = `${name}.self_attn`;
    const names = { query: `${self}.q_proj`, key: `${self}.k_proj`, value: `${self}.v_proj` };
    const mixed = layers.attention(layers.layerNorm(x, `${name}.layer_norm1`), names, penalty);
    x = layers.add(x, layers.linear(mixed, `${self}.out_proj`));
    // [N, F]
    const inner = layers.activation(layers.linear(layers.layerNorm(x, `${name}.layer_norm2`), `${name}.mlp.fc1`));
    x = layers.add(x, layers.linear(inner, `${name}.mlp.fc2`));
  }
  const rows = layers.layerNorm(x, 'text_model.final_layer_norm');
  const ends = endOfText(graph, config.eosTokenId); // [B, 1]
  return { rows, pooled: graph.add('GatherND', [layers.texts(rows), ends], { batch_dims: { int: 1 } }) };
}

/**
 * The position of each text's end-of-text token or, with the older `eos_token_id` 2, of the highest id. `[B, 1]` int64
 */
function endOfText(graph: OnnxGraph, eosTokenId: number): OnnxValue {
  const marks = eosTokenId === 2 ? INPUT_IDS : graph.add('Equal', [INPUT_IDS, graph.int64(eosTokenId)]);
  return graph.add('ArgMax', [graph.add('Cast', [marks], { to: { int: DATA_TYPES.int32 } })], {
    axis: { int: 1 },
    keepdims: { int: 1 },
  });
}
