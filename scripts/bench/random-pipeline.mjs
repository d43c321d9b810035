/** A Stable Diffusion with random weights in the hub's ONNX layout: v1-4's graphs at any width, float32 or float16. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { OnnxGraph, tensorHeader, valueInfo } from '#dist/export/onnx/graph.js';
import { createPendingFile } from '#dist/base/files.js';
import { DATA_TYPES, externalData, GRAPH, MODEL, TENSOR } from '#dist/onnx/format.js';
import { bytes, integer, lengthPrefix } from '#dist/base/protobuf.js';
import { randomNormal } from '#dist/base/philox.js';
import { float32ToFloat16 } from '#dist/weights/half.js';

/** @typedef {'float32' | 'float16'} Precision */
/** @typedef {Parameters<OnnxGraph['add']>} Node an op, its inputs, its attributes, and its name */

/**
 * What a weight is: noise that keeps the size of what it is applied to (`fanIn`), one value throughout, or all of them.
 *
 * @typedef {{ fanIn: number } | { value: number } | { values: readonly number[] }} Fill
 */

/**
 * `size` is the number of values.
 *
 * @typedef {{ name: string, shape: readonly number[], precision: Precision, size: number, fill: Fill }} Weight
 */

/**
 * A pipeline to be written.
 *
 * @typedef {object} PipelineShape
 * @property {number} width channels of the UNet's first level, a multiple of 80; the decoder's in proportion
 * @property {number} context width of the text encoder's hidden states
 * @property {Precision} precision
 * @property {'inside' | 'beside'} place whether weights lie inside the ONNX file or beside it
 */

/** @typedef {Parameters<typeof valueInfo>} Input name, type and shape */
/** @typedef {{ layers: Layers, inputs: Input[], output: Input }} Model */
/** @typedef {{ value: string, width: number }} Time a time step's embedding, `[1, width]` */

/** Of v1-4: channels of the UNet's first level; each level has so many times that. */
export const UNET_WIDTH = 320;
const UNET_LEVELS = [1, 2, 4, 4];
/** Of v1-4's decoder, the last level last, as multiples of 128 channels where the UNet has 320. */
const DECODER_LEVELS = [4, 4, 2, 1];
const HEADS = 8;
const OPSET = 17;
const IR_VERSION = 8;

/** v1-4's own `scheduler_config.json`. */
const SCHEDULER = {
  _class_name: 'PNDMScheduler',
  beta_end: 0.012,
  beta_schedule: 'scaled_linear',
  beta_start: 0.00085,
  num_train_timesteps: 1000,
  set_alpha_to_one: false,
  skip_prk_steps: true,
  steps_offset: 1,
};

/**
 * Writes a pipeline's folder.
 *
 * @param {string} folder
 * @param {PipelineShape} shape
 * @returns parameters and bytes of both models
 */
export async function writeRandomPipeline(folder, { width, context, precision, place }) {
  const unet = unetOf(new Layers(precision), width, context);
  const decoder = decoderOf(new Layers(precision), (width * 128) / UNET_WIDTH);
  await mkdir(join(folder, 'scheduler'), { recursive: true });
  await writeFile(join(folder, 'scheduler/scheduler_config.json'), JSON.stringify(SCHEDULER));
  await writeFile(join(folder, 'model_index.json'), JSON.stringify({ _class_name: 'OnnxStableDiffusionPipeline' }));
  await writeModel(join(folder, 'unet/model.onnx'), unet, place);
  await writeModel(join(folder, 'vae_decoder/model.onnx'), decoder, place);
  /** @param {Model} model */
  const parameters = ({ layers }) => layers.weights.reduce((sum, { size }) => sum + size, 0);
  return {
    parameters: parameters(unet) + parameters(decoder),
    bytes: (parameters(unet) + parameters(decoder)) * (precision === 'float16' ? 2 : 4),
  };
}

/**
 * A graph being put together from the layers of diffusers' models. Images are `[B, C, h, w]`, sequences `[B, L, C]`.
 */
class Layers {
  graph = new OnnxGraph();
  /** @type {Weight[]} */
  weights = [];

  /** @param {Precision} precision */
  constructor(precision) {
    this.precision = precision;
  }

  /**
   * @param {Node[0]} op
   * @param {Node[1]} inputs
   * @param {Node[2]} [attributes]
   */
  add(op, inputs, attributes) {
    return this.graph.add(op, inputs, attributes);
  }

  /**
   * A weight's name.
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

  /** @param {number} value */
  scalar(value) {
    return this.weight([], { value });
  }

  /**
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
   * As PyTorch exports it: 32 groups as the channels of an instance norm.
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
   * @param {string} x
   * @param {number} from
   * @param {number} to
   * @param {Time} [time]
   */
  resnet(x, from, to, time) {
    let h = this.conv(this.silu(this.groupNorm(x, from)), from, to);
    if (time !== undefined)
      h = this.add('Add', [
        h,
        this.add('Reshape', [this.linear(this.silu(time.value), time.width, to), this.graph.int64s([-1, to, 1, 1])]),
      ]);
    h = this.conv(this.silu(this.groupNorm(h, to)), to, to);
    return this.add('Add', [from === to ? x : this.conv(x, from, to, 1), h]);
  }

  /**
   * @param {string} x
   * @param {string} context
   * @param {number} width
   * @param {number} contextWidth
   * @param {number} [heads]
   */
  attention(x, context, width, contextWidth, heads = HEADS) {
    const size = width / heads;
    /**
     * @param {string} y
     * @param {number[]} perm
     */
    const split = (y, perm) =>
      this.add('Transpose', [this.add('Reshape', [y, this.graph.int64s([0, 0, heads, size])])], {
        perm: { ints: perm },
      });
    const queries = split(this.linear(x, width, width, false), [0, 2, 1, 3]);
    const keys = split(this.linear(context, contextWidth, width, false), [0, 2, 3, 1]);
    const values = split(this.linear(context, contextWidth, width, false), [0, 2, 1, 3]);
    const scores = this.add('Mul', [this.add('MatMul', [queries, keys]), this.scalar(size ** -0.5)]);
    const mixed = this.add('MatMul', [this.add('Softmax', [scores], { axis: { int: -1 } }), values]);
    const joined = this.add('Reshape', [
      this.add('Transpose', [mixed], { perm: { ints: [0, 2, 1, 3] } }),
      this.graph.int64s([0, 0, width]),
    ]);
    return this.linear(joined, width, width);
  }

  /**
   * GEGLU, arXiv 2002.05202.
   *
   * @param {string} x
   * @param {number} width
   */
  feedForward(x, width) {
    const inner = 4 * width;
    const both = this.linear(x, width, 2 * inner);
    /** @param {number} start */
    const half = (start) =>
      this.add('Slice', [both, this.graph.int64s([start]), this.graph.int64s([start + inner]), this.graph.int64s([2])]);
    const [value, gate] = [half(0), half(inner)];
    const erf = this.add('Erf', [this.add('Div', [gate, this.scalar(Math.SQRT2)])]);
    const gelu = this.add('Mul', [this.add('Mul', [gate, this.add('Add', [erf, this.scalar(1)])]), this.scalar(0.5)]);
    return this.linear(this.add('Mul', [value, gelu]), inner, width);
  }

  /**
   * @param {string} x
   * @param {number} width
   */
  toSequence(x, width) {
    return this.add('Transpose', [this.add('Reshape', [x, this.graph.int64s([0, width, -1])])], {
      perm: { ints: [0, 2, 1] },
    });
  }

  /**
   * @param {string} x
   * @param {string} like
   */
  toImage(x, like) {
    return this.add('Reshape', [this.add('Transpose', [x], { perm: { ints: [0, 2, 1] } }), this.add('Shape', [like])]);
  }

  /**
   * @param {string} x
   * @param {number} width
   * @param {string} context
   * @param {number} contextWidth
   */
  transformer(x, width, context, contextWidth) {
    const image = this.conv(this.groupNorm(x, width), width, width, 1);
    let h = this.toSequence(image, width);
    /** @param {string} change */
    const plus = (change) => {
      h = this.add('Add', [h, change]);
    };
    const first = this.layerNorm(h, width);
    plus(this.attention(first, first, width, width));
    plus(this.attention(this.layerNorm(h, width), context, width, contextWidth));
    plus(this.feedForward(this.layerNorm(h, width), width));
    return this.add('Add', [x, this.conv(this.toImage(h, image), width, width, 1)]);
  }

  /**
   * Twice the size by nearest neighbours, which is Resize's way unless told otherwise.
   *
   * @param {string} x
   * @param {number} width
   */
  upsample(x, width) {
    const scales = this.weight([4], { values: [1, 1, 2, 2] }, 'float32');
    return this.conv(this.add('Resize', [x, '', scales]), width, width);
  }

  /**
   * Sines and cosines of a time step, computed in float32 as diffusers does. `[1, size]`
   *
   * @param {string} timestep
   * @param {number} size
   */
  timeWaves(timestep, size) {
    const frequencies = Array.from({ length: size / 2 }, (_, i) => 10_000 ** (-i / (size / 2)));
    const float = this.add('Cast', [timestep], { to: { int: DATA_TYPES.float32 } });
    const angles = this.add('Mul', [float, this.weight([size / 2], { values: frequencies }, 'float32')]);
    const waves = this.add('Concat', [this.add('Cos', [angles]), this.add('Sin', [angles])], { axis: { int: 0 } });
    const row = this.add('Reshape', [waves, this.graph.int64s([1, -1])]);
    return this.add('Cast', [row], { to: { int: DATA_TYPES[this.precision] } });
  }
}

/**
 * `sample` `[B, 4, h, w]`, `timestep` `[1]`, `encoder_hidden_states` `[B, 77, D]` in, `out_sample` out.
 *
 * @param {Layers} layers
 * @param {number} width
 * @param {number} context
 * @returns {Model}
 */
function unetOf(layers, width, context) {
  const timeWidth = 4 * width;
  const waves = layers.silu(layers.linear(layers.timeWaves('timestep', width), width, timeWidth));
  const time = { value: layers.linear(waves, timeWidth, timeWidth), width: timeWidth };
  const channels = UNET_LEVELS.map((multiple) => multiple * width);
  let [x, current] = [layers.conv('sample', 4, width), width];
  /** @type {[value: string, channels: number][]} */
  const skips = [[x, current]];
  /**
   * @param {number} extra
   * @param {number} to
   * @param {number} level
   */
  const block = (extra, to, level) => {
    x = layers.resnet(x, current + extra, to, time);
    if (level < channels.length - 1) x = layers.transformer(x, to, 'encoder_hidden_states', context);
    current = to;
  };
  for (const [level, to] of channels.entries()) {
    for (let i = 0; i < 2; i++) {
      block(0, to, level);
      skips.push([x, current]);
    }
    if (level === channels.length - 1) break;
    x = layers.conv(x, current, current, 3, 2);
    skips.push([x, current]);
  }
  x = layers.resnet(x, current, current, time);
  x = layers.transformer(x, current, 'encoder_hidden_states', context);
  x = layers.resnet(x, current, current, time);
  for (const [level, to] of [...channels.entries()].reverse()) {
    for (const [skip, skipChannels] of skips.splice(-3).reverse()) {
      x = layers.add('Concat', [x, skip], { axis: { int: 1 } });
      block(skipChannels, to, level);
    }
    if (level > 0) x = layers.upsample(x, current);
  }
  layers.graph.add(
    'Conv',
    [
      layers.silu(layers.groupNorm(x, current)),
      layers.weight([4, current, 3, 3], { fanIn: 9 * current }),
      layers.weight([4], { value: 0 }),
    ],
    { pads: { ints: [1, 1, 1, 1] } },
    'out_sample',
  );
  const { precision } = layers;
  /** @type {Input[]} */
  const inputs = [
    ['sample', precision, ['b', 4, 'h', 'w']],
    ['timestep', 'int64', ['t']],
    ['encoder_hidden_states', precision, ['b', 77, context]],
  ];
  return { layers, inputs, output: ['out_sample', precision, ['b', 4, 'h', 'w']] };
}

/**
 * `latent_sample` `[B, 4, h, w]` in, `sample` `[B, 3, 8h, 8w]` out.
 *
 * @param {Layers} layers
 * @param {number} width
 * @returns {Model}
 */
function decoderOf(layers, width) {
  const channels = DECODER_LEVELS.map((multiple) => multiple * width);
  const [deepest = 0] = channels;
  let [x, current] = [layers.conv(layers.conv('latent_sample', 4, 4, 1), 4, deepest), deepest];
  x = layers.resnet(x, current, current);
  const sequence = layers.toSequence(layers.groupNorm(x, current), current);
  x = layers.add('Add', [x, layers.toImage(layers.attention(sequence, sequence, current, current, 1), x)]);
  x = layers.resnet(x, current, current);
  for (const [level, next] of channels.entries()) {
    for (let i = 0; i < 3; i++, current = next) x = layers.resnet(x, current, next);
    if (level < channels.length - 1) x = layers.upsample(x, current);
  }
  layers.graph.add(
    'Conv',
    [
      layers.silu(layers.groupNorm(x, current)),
      layers.weight([3, current, 3, 3], { fanIn: 9 * current }),
      layers.weight([3], { value: 0 }),
    ],
    { pads: { ints: [1, 1, 1, 1] } },
    'sample',
  );
  const { precision } = layers;
  return {
    layers,
    inputs: [['latent_sample', precision, ['b', 4, 'h', 'w']]],
    output: ['sample', precision, ['b', 3, 'H', 'W']],
  };
}

/**
 * The file beside an ONNX file that holds its weights, as in the hub's export of v1-4; small ones are inside all the
 * same.
 */
const WEIGHTS_FILE = 'weights.pb';
const SMALLEST_BESIDE = 1024;

/**
 * @param {string} path
 * @param {Model} model
 * @param {PipelineShape['place']} place
 */
async function writeModel(path, { layers, inputs, output }, place) {
  await mkdir(dirname(path), { recursive: true });
  const tensors = placed(layers.weights, place === 'inside' ? Infinity : SMALLEST_BESIDE);
  const body = Buffer.concat([
    ...layers.graph.nodes.map((node) => bytes(GRAPH.node, node)),
    bytes(GRAPH.name, 'random'),
    ...layers.graph.constants.map((constant) => bytes(GRAPH.initializer, constant)),
    ...inputs.map((input) => bytes(GRAPH.input, valueInfo(...input))),
    bytes(GRAPH.output, valueInfo(...output)),
  ]);
  const length = tensors.reduce((sum, { prefix, inFile }) => sum + prefix.length + inFile, body.length);
  const start = Buffer.concat([
    integer(MODEL.irVersion, IR_VERSION),
    bytes(MODEL.opset, [bytes(1, ''), integer(2, OPSET)]),
    lengthPrefix(MODEL.graph, length),
    body,
  ]);
  const [model, weights] = [
    await createPendingFile(path),
    place === 'inside' ? undefined : await createPendingFile(join(dirname(path), WEIGHTS_FILE)),
  ];
  let [position, offset] = [start.length, 0];
  await model.write(start, 0);
  for (const { prefix, head, size, isInside, weight } of tensors) {
    const before = Buffer.concat([prefix, head]);
    await model.write(before, position);
    position += before.length;
    await (isInside ? model.write(valuesOf(weight), position) : weights?.write(valuesOf(weight), offset));
    if (isInside) position += size;
    else offset += size;
  }
  await weights?.commit();
  await model.commit();
}

/**
 * Each weight's `TensorProto` but for its values, and how many bytes those are; from `smallestBeside` on they lie
 * beside the file. `inFile` is what of both lies in it.
 *
 * @param {readonly Weight[]} weights
 * @param {number} smallestBeside
 */
function placed(weights, smallestBeside) {
  let offset = 0;
  return weights.map((weight) => {
    const size = weight.size * (weight.precision === 'float16' ? 2 : 4);
    const header = tensorHeader(weight.name, weight.precision, weight.shape);
    const isInside = size < smallestBeside;
    const rest = isInside ? [lengthPrefix(TENSOR.rawData, size)] : externalData(WEIGHTS_FILE, offset, size);
    if (!isInside) offset += size;
    const head = Buffer.concat([header, ...rest]);
    const inFile = head.length + (isInside ? size : 0);
    return { prefix: lengthPrefix(GRAPH.initializer, inFile), head, inFile, size, isInside, weight };
  });
}

const noise = randomNormal(2 ** 16, 1, [1, 1]);

/**
 * The numbers that a weight's are repetitions of.
 *
 * @param {Fill} fill
 */
function blockOf(fill) {
  if ('values' in fill) return Float32Array.from(fill.values);
  if ('value' in fill) return Float32Array.of(fill.value);
  return noise.map((x) => x / Math.sqrt(fill.fanIn));
}

/**
 * A weight's values as they lie in a file; noise is the same over and over, as only its number matters.
 *
 * @param {Weight} weight
 */
function valuesOf({ size, precision, fill }) {
  const block = blockOf(fill);
  const isHalf = precision === 'float16';
  const encoded = isHalf ? float32ToFloat16(block) : block;
  const all = isHalf ? new Uint16Array(size) : new Float32Array(size);
  for (let start = 0; start < size; start += encoded.length) all.set(encoded.subarray(0, size - start), start);
  return new Uint8Array(all.buffer);
}
