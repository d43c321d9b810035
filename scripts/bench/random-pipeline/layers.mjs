/** The layers of diffusers' models, as nodes of an ONNX graph and random weights. */
import { OnnxGraph } from '#dist/export/onnx/graph.js';

/** @import { Fill, Precision, Weight } from './weight-values.mjs' */
/** @typedef {Parameters<OnnxGraph['add']>} Node an op, its inputs, its attributes, and its name */

/**
 * A graph being built. Layers take and return names of values: images `[B, C, h, w]`, sequences `[B, L, C]`.
 */
export class Layers {
  graph = new OnnxGraph();
  /** @type {Weight[]} */
  weights = [];

  /** @param {Precision} precision */
  constructor(precision) {
    this.precision = precision;
  }

  /**
   * Adds a node, and returns the name of its output.
   *
   * @param {Node[0]} op
   * @param {Node[1]} inputs
   * @param {Node[2]} [attributes]
   */
  add(op, inputs, attributes) {
    return this.graph.add(op, inputs, attributes);
  }

  /**
   * Adds a weight, and returns its name.
   *
   * @param {readonly number[]} shape
   * @param {Fill} fill
   * @param {Precision} [precision]
   */
  weight(shape, fill, precision = this.precision) {
    const name = `weight_${this.weights.length}`;
    this.weights.push({ name, shape, precision, size: shape.reduce((a, b) => a * b, 1), fill });
    return name;
  }

  /**
   * A number, as a weight of its own.
   *
   * @param {number} value
   */
  scalar(value) {
    return this.weight([], { value });
  }

  /**
   * A convolution with a bias: `[B, from, h, w]` → `[B, to, h / stride, w / stride]`.
   *
   * @param {string} x
   * @param {number} from
   * @param {number} to
   * @param {number} [kernel]
   * @param {number} [stride]
   */
  conv(x, from, to, kernel = 3, stride = 1) {
    const settings = { pads: { ints: Array(4).fill(kernel >> 1) }, strides: { ints: [stride, stride] } };
    return this.add(
      'Conv',
      [x, this.weight([to, from, kernel, kernel], { fanIn: from * kernel * kernel }), this.weight([to], { value: 0 })],
      settings,
    );
  }

  /**
   * `[…, from]` → `[…, to]`
   *
   * @param {string} x
   * @param {number} from
   * @param {number} to
   * @param {boolean} [hasBias]
   */
  linear(x, from, to, hasBias = true) {
    const product = this.add('MatMul', [x, this.weight([from, to], { fanIn: from })]);
    return hasBias ? this.add('Add', [product, this.weight([to], { value: 0 })]) : product;
  }

  /** @param {string} x */
  silu(x) {
    return this.add('Mul', [x, this.add('Sigmoid', [x])]);
  }

  /**
   * Group norm as PyTorch exports it: an instance norm with 32 groups as channels.
   *
   * @param {string} x
   * @param {number} channels
   */
  groupNorm(x, channels) {
    const groups = this.add('Reshape', [x, this.graph.int64s([0, 32, -1])]);
    const normal = this.add(
      'InstanceNormalization',
      [groups, this.weight([32], { value: 1 }), this.weight([32], { value: 0 })],
      { epsilon: { float: 1e-5 } },
    );
    const back = this.add('Reshape', [normal, this.add('Shape', [x])]);
    return this.add('Add', [
      this.add('Mul', [back, this.weight([channels, 1, 1], { value: 1 })]),
      this.weight([channels, 1, 1], { value: 0 }),
    ]);
  }

  /**
   * @param {string} x
   * @param {number} width
   */
  layerNorm(x, width) {
    return this.add('LayerNormalization', [x, this.weight([width], { value: 1 }), this.weight([width], { value: 0 })], {
      axis: { int: -1 },
    });
  }

  /**
   * The end of a model, with the name of its output: a norm, an activation, a convolution to `to` channels.
   *
   * @param {string} x
   * @param {number} from
   * @param {number} to
   * @param {string} name
   */
  output(x, from, to, name) {
    const active = this.silu(this.groupNorm(x, from));
    const weights = [this.weight([to, from, 3, 3], { fanIn: 9 * from }), this.weight([to], { value: 0 })];
    this.graph.add('Conv', [active, ...weights], { pads: { ints: [1, 1, 1, 1] } }, name);
  }
}
