/** @file What a text encoder keeps of its forward pass for the backward pass. */
import type { TextEncoder } from './text-encoder.js';

/**
 * Values that the eager engine keeps of a forward pass until the backward pass is through, counted over the ops of
 * `models/`: a layer's feed-forward block keeps 4 tensors of `[N, F]`, attention 5 of `[B, H, L, L]`, and 24 tensors of
 * `[N, D]` come from products, transposes, residuals and LayerNorms.
 */
export function keptValues({ config }: TextEncoder, sentences: number, length: number): number {
  const rows = sentences * length;
  const perLayer =
    rows * (24 * config.hiddenSize + 4 * config.intermediateSize) +
    5 * sentences * config.numAttentionHeads * length * length;
  return config.numHiddenLayers * perLayer;
}
