/**
 * @file The text encoders of `src/models` as ONNX graphs, without an attention mask, for any number of texts of any
 * length. Weights are inputs with their names on the hub. Letters: see models/text-encoder.ts; `N = B · L` rows.
 */
import type { TextModelConfig } from '../../models/config.js';
import { addClipText } from './clip-text.js';
import type { OnnxGraph } from './graph.js';
import { Layers } from './layers.js';
import { LAST_HIDDEN_STATE, POOLER_OUTPUT } from './names.js';
import { addRoberta } from './roberta.js';

/** Adds the complete encoder, and its projection if it has one. */
export function addEncoder(graph: OnnxGraph, config: TextModelConfig, width: number, hasProjection: boolean): void {
  const layers = new Layers(graph, config);
  const { rows, pooled } = config.family === 'clip-text' ? addClipText(layers, config) : addRoberta(layers, config);
  const [hidden, pooler] = hasProjection
    ? [layers.linear(rows, 'projection'), layers.linear(pooled, 'projection')]
    : [rows, pooled];
  graph.add(
    'Reshape',
    [hidden, graph.add('Concat', [layers.shape, graph.int64s([width])], { axis: { int: 0 } })],
    {},
    LAST_HIDDEN_STATE,
  );
  graph.add('Identity', [pooler], {}, POOLER_OUTPUT);
}
