/** @file The layers shared by both model families, as ONNX nodes: `models/layers.ts`. */
import type { TextModelConfig } from '../../models/config.js';
import { MASKED } from '../../models/layers.js';
import { DATA_TYPES } from '../../onnx/format.js';
import { ACTIVATIONS } from './activations.js';
import type { OnnxGraph, OnnxValue } from './graph.js';
import { INPUT_IDS } from './names.js';

/** The outputs of an encoder: rows `[N, D]`, and a pooled output per text `[B, D]`. */
export interface EncoderOutputs {
  readonly rows: OnnxValue;
  readonly pooled: OnnxValue;
}

/** Adds layers of a model to a graph. */
export class Layers {
  /** `[B, L]`, a list of two numbers. */
  readonly shape: OnnxValue;
  /** `L`, a list of one number. */
  private readonly length: OnnxValue;

  constructor(
    readonly graph: OnnxGraph,
    private readonly config: TextModelConfig,
  ) {
    this.shape = graph.add('Shape', [INPUT_IDS]);
    this.length = graph.add('Gather', [this.shape, graph.int64s([1])], { axis: { int: 0 } });
  }

  /** `x Wᵀ + b`. `[N, In] → [N, Out]` */
  linear(x: OnnxValue, name: string): OnnxValue {
    return this.graph.add('Gemm', [x, `${name}.weight`, `${name}.bias`], { transB: { int: 1 } });
  }

  layerNorm(x: OnnxValue, name: string): OnnxValue {
    return this.graph.add('LayerNormalization', [x, `${name}.weight`, `${name}.bias`], {
      axis: { int: -1 },
      epsilon: { float: this.config.layerNormEps },
    });
  }

  /** Looks up rows of a table. `[V, D], [B, L] → [B, L, D]` */
  embedding(table: string, ids: OnnxValue): OnnxValue {
    return this.graph.add('Gather', [table, ids], { axis: { int: 0 } });
  }

  /** The first rows of a table: one per token position, or `count`. `[V, D] → [L, D]` */
  firstRows(table: string, count?: number): OnnxValue {
    const { graph } = this;
    const end = count === undefined ? this.length : graph.int64s([count]);
    return graph.add('Slice', [table, graph.int64s([0]), end, graph.int64s([0])]);
  }

  add(a: OnnxValue, b: OnnxValue): OnnxValue {
    return this.graph.add('Add', [a, b]);
  }

  /** `[B, L, D] → [N, D]` */
  rows(x: OnnxValue): OnnxValue {
    return this.graph.add('Reshape', [x, this.graph.int64s([-1, this.config.hiddenSize])]);
  }

  /** `[N, D] → [B, L, D]` */
  texts(rows: OnnxValue): OnnxValue {
    const { graph } = this;
    return graph.add('Reshape', [
      rows,
      graph.add('Concat', [this.shape, graph.int64s([this.config.hiddenSize])], { axis: { int: 0 } }),
    ]);
  }

  /** Subtracted from the scores of later tokens. `[L, L]` */
  causalPenalty(): OnnxValue {
    const { graph } = this;
    const length = graph.add('Squeeze', [this.length, graph.int64s([0])]);
    const places = graph.add('Range', [graph.int64(0), length, graph.int64(1)]); // [L]
    const isLater = graph.add('Less', [
      graph.add('Unsqueeze', [places, graph.int64s([1])]),
      graph.add('Unsqueeze', [places, graph.int64s([0])]),
    ]);
    return graph.add('Mul', [graph.add('Cast', [isLater], { to: { int: DATA_TYPES.float32 } }), graph.float(MASKED)]);
  }

  /** Multi-head self-attention without its output projection. `[N, D] → [N, D]` */
  attention(
    x: OnnxValue,
    names: { readonly query: string; readonly key: string; readonly value: string },
    penalty?: OnnxValue,
  ): OnnxValue {
    const {
      graph,
      config: { hiddenSize, numAttentionHeads: heads },
    } = this;
    const shape = graph.add('Concat', [this.shape, graph.int64s([heads, hiddenSize / heads])], { axis: { int: 0 } });
    const split = (name: string, perm: readonly number[], scale?: number): OnnxValue => {
      const product = this.linear(x, name);
      const scaled = scale === undefined ? product : graph.add('Mul', [product, graph.float(scale)]);
      return graph.add('Transpose', [graph.add('Reshape', [scaled, shape])], { perm: { ints: perm } });
    };
    const query = split(names.query, [0, 2, 1, 3], 1 / Math.sqrt(hiddenSize / heads)); // [B, H, L, K]
    const key = split(names.key, [0, 2, 3, 1]); // [B, H, K, L]
    const value = split(names.value, [0, 2, 1, 3]); // [B, H, L, K]
    const scores = graph.add('MatMul', [query, key]); // [B, H, L, L]
    const weights = graph.add('Softmax', [penalty === undefined ? scores : graph.add('Sub', [scores, penalty])], {
      axis: { int: -1 },
    });
    // [B, L, H, K]
    const mixed = graph.add('Transpose', [graph.add('MatMul', [weights, value])], { perm: { ints: [0, 2, 1, 3] } });
    return this.rows(mixed);
  }

  activation(x: OnnxValue): OnnxValue {
    return ACTIVATIONS[this.config.hiddenAct](this.graph, x);
  }
}
