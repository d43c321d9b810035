/**
 * @file The text encoders of `src/models` as ONNX graphs, without an attention mask, for any number of texts of any
 * length. Weights are inputs by the names they have on the hub. Letters: see models/text-encoder.ts; `N = B · L` rows.
 */
import type { Activation, BertConfig, ClipTextConfig, TextModelConfig } from '../../models/config.js';
import { MASKED } from '../../models/layers.js';
import { DATA_TYPES } from '../../onnx/format.js';
import type { OnnxGraph, OnnxValue } from './graph.js';

/** The input and the two outputs, by transformers' names. */
export const INPUT_IDS = 'input_ids';
export const LAST_HIDDEN_STATE = 'last_hidden_state';
export const POOLER_OUTPUT = 'pooler_output';

/** Outputs of a model: rows `[N, D]`, one pooled output a text `[B, D]`. */
interface Outputs {
  readonly rows: OnnxValue;
  readonly pooled: OnnxValue;
}

/** Adds the whole encoder, and the projection on top where it has one. */
export function addEncoder(graph: OnnxGraph, config: TextModelConfig, width: number, hasProjection: boolean): void {
  const layers = new Layers(graph, config);
  const { rows, pooled } = config.family === 'clip-text' ? clipText(layers, config) : bert(layers, config);
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

/** What the families share. */
class Layers {
  /** `[B, L]`, as a list of two. */
  readonly shape: OnnxValue;
  /** `L`, as a list of one. */
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

  /** Rows of a table. `[V, D], [B, L] → [B, L, D]` */
  embedding(table: string, ids: OnnxValue): OnnxValue {
    return this.graph.add('Gather', [table, ids], { axis: { int: 0 } });
  }

  /** The first rows of a table: as many as a text has tokens, or `count`. `[V, D] → [L, D]` */
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

  /** What is taken off the scores of later tokens. `[L, L]` */
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

  /** Multi-head self-attention before its output product. `[N, D] → [N, D]` */
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

/** `models/roberta.ts` */
function bert(layers: Layers, config: BertConfig): Outputs {
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

/** RoBERTa's positions: padding stays at `padTokenId`, every other token counts up from there. `[B, L]` int64 */
function tokenPositions(graph: OnnxGraph, padTokenId: number): OnnxValue {
  const isPadding = graph.add('Equal', [INPUT_IDS, graph.int64(padTokenId)]);
  const isToken = graph.add('Cast', [graph.add('Not', [isPadding])], { to: { int: DATA_TYPES.int64 } });
  const places = graph.add('Mul', [graph.add('CumSum', [isToken, graph.int64(1)]), isToken]);
  return graph.add('Add', [places, graph.int64(padTokenId)]);
}

/** `models/clip-text.ts` */
function clipText(layers: Layers, config: ClipTextConfig): Outputs {
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

/** The place of each text's end-of-text token; with the older `eos_token_id` 2, of the highest id. `[B, 1]` int64 */
function endOfText(graph: OnnxGraph, eosTokenId: number): OnnxValue {
  const marks = eosTokenId === 2 ? INPUT_IDS : graph.add('Equal', [INPUT_IDS, graph.int64(eosTokenId)]);
  return graph.add('ArgMax', [graph.add('Cast', [marks], { to: { int: DATA_TYPES.int32 } })], {
    axis: { int: 1 },
    keepdims: { int: 1 },
  });
}

type ActivationNodes = (graph: OnnxGraph, x: OnnxValue) => OnnxValue;

/** The formulas of `models/activations.ts`. */
const gelu: ActivationNodes = (graph, x) => {
  const erf = graph.add('Erf', [graph.add('Mul', [x, graph.float(Math.SQRT1_2)])]);
  return graph.add('Mul', [graph.add('Mul', [x, graph.add('Add', [erf, graph.float(1)])]), graph.float(0.5)]);
};

const gated =
  (slope: number): ActivationNodes =>
  (graph, x) =>
    graph.add('Mul', [x, graph.add('Sigmoid', [slope === 1 ? x : graph.add('Mul', [x, graph.float(slope)])])]);

const geluTanh: ActivationNodes = (graph, x) => {
  const cubic = graph.add('Mul', [graph.add('Mul', [graph.add('Mul', [x, x]), x]), graph.float(0.044715)]);
  const gate = graph.add('Tanh', [
    graph.add('Mul', [graph.add('Add', [x, cubic]), graph.float(Math.sqrt(2 / Math.PI))]),
  ]);
  return graph.add('Mul', [graph.add('Mul', [x, graph.add('Add', [gate, graph.float(1)])]), graph.float(0.5)]);
};

const ACTIVATIONS: Readonly<Record<Activation, ActivationNodes>> = {
  gelu,
  quick_gelu: gated(1.702),
  gelu_new: geluTanh,
  gelu_pytorch_tanh: geluTanh,
  relu: (graph, x) => graph.add('Relu', [x]),
  silu: gated(1),
  swish: gated(1),
};
