import { trainableParameters, type Distillation } from '../../distill/loss.js';
import { countParameters, sizeOf, type TextEncoder } from '../../models/text-encoder.js';

/** Bytes of a float32. */
const FLOAT = 4;

export interface MemoryEstimate {
  /** Parameters of both models, and the optimiser's two moments. */
  readonly held: number;
  /** Gradients and activations of one micro-batch. */
  readonly batch: number;
  readonly total: number;
}

/**
 * What a run needs, in bytes: parameters, moments and gradients exactly, activations by counting what the student's
 * backward pass keeps of every layer (float32).
 *
 * @param batchSize pairs a micro-batch: the student sees twice as many sentences
 * @param length tokens a sentence
 */
export function estimateMemory(distillation: Distillation, batchSize: number, length: number): MemoryEstimate {
  const { teacher, student } = distillation;
  const trained = trainableParameters(distillation).reduce((sum, name) => sum + sizeOf(student.shapes[name]), 0);
  const held = FLOAT * (countParameters(teacher.shapes) + countParameters(student.shapes) + 2 * trained);
  const batch = FLOAT * (trained + activations(student, 2 * batchSize, length));
  return { held, batch, total: held + batch };
}

/**
 * Values that the eager engine keeps of a forward pass until the backward pass is through, counted over the ops of
 * `models/`: a layer's feed-forward block keeps 4 tensors of `[N, F]`, attention 5 of `[B, H, L, L]`, and 24 tensors of
 * `[N, D]` come from products, transposes, residuals and LayerNorms.
 */
function activations({ config }: TextEncoder, sentences: number, length: number): number {
  const rows = sentences * length;
  const perLayer = rows * (24 * config.hiddenSize + 4 * config.intermediateSize) + 5 * sentences * config.numAttentionHeads * length * length;
  return config.numHiddenLayers * perLayer;
}
