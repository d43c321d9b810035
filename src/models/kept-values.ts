/** @file How much a text encoder keeps from its forward pass for the backward pass. */
import type { TextEncoder } from './text-encoder.js';

/**
 * The number of values that the eager engine keeps from a forward pass until the backward pass ends, counted over the
 * ops of `models/`: a layer's feed-forward block keeps 4 tensors of `[N, F]`, attention 5 of `[B, H, L, L]`, and
 * products, transposes, residuals and LayerNorms another 24 of `[N, D]`.
 */
export function keptValues({ config }: TextEncoder, sentences: number, length: number): number {
  const rows = sentences * length;
  const perLayer =
    rows * (24 * config.hiddenSize + 4 * config.intermediateSize) +
    5 * sentences * config.numAttentionHeads * length * length;
  return config.numHiddenLayers * perLayer;
}
