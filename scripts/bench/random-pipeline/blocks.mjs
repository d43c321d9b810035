/** The blocks of diffusers' models, built from layers. Images are `[B, C, h, w]`, sequences `[B, L, C]`. */
import { DATA_TYPES } from '#dist/onnx/format.js';

/** @import { Layers } from './layers.mjs' */
/** @typedef {{ value: string, width: number }} Time a time step's embedding, `[1, width]` */

const HEADS = 8;

/**
 * Two convolutions with a shortcut, `[B, from, h, w]` → `[B, to, h, w]`; the time step's embedding is added between
 * them.
 *
 * @param {Layers} layers
 * @param {string} x
 * @param {number} from
 * @param {number} to
 * @param {Time} [time]
 */
export function resnet(layers, x, from, to, time) {
  let h = layers.conv(layers.silu(layers.groupNorm(x, from)), from, to);
  if (time !== undefined)
    h = layers.add('Add', [
      h,
      layers.add('Reshape', [
        layers.linear(layers.silu(time.value), time.width, to),
        layers.graph.int64s([-1, to, 1, 1]),
      ]),
    ]);
  h = layers.conv(layers.silu(layers.groupNorm(h, to)), to, to);
  return layers.add('Add', [from === to ? x : layers.conv(x, from, to, 1), h]);
}

/**
 * Attention of a sequence `[B, L, width]` to another, `[B, M, contextWidth]`, or to itself.
 *
 * @param {Layers} layers
 * @param {string} x
 * @param {string} context
 * @param {number} width
 * @param {number} contextWidth
 * @param {number} [heads]
 */
export function attention(layers, x, context, width, contextWidth, heads = HEADS) {
  const size = width / heads;
  /**
   * @param {string} y
   * @param {number[]} perm
   */
  const split = (y, perm) =>
    layers.add('Transpose', [layers.add('Reshape', [y, layers.graph.int64s([0, 0, heads, size])])], {
      perm: { ints: perm },
    });
  const queries = split(layers.linear(x, width, width, false), [0, 2, 1, 3]);
  const keys = split(layers.linear(context, contextWidth, width, false), [0, 2, 3, 1]);
  const values = split(layers.linear(context, contextWidth, width, false), [0, 2, 1, 3]);
  const scores = layers.add('Mul', [layers.add('MatMul', [queries, keys]), layers.scalar(size ** -0.5)]);
  const mixed = layers.add('MatMul', [layers.add('Softmax', [scores], { axis: { int: -1 } }), values]);
  const joined = layers.add('Reshape', [
    layers.add('Transpose', [mixed], { perm: { ints: [0, 2, 1, 3] } }),
    layers.graph.int64s([0, 0, width]),
  ]);
  return layers.linear(joined, width, width);
}

/**
 * A feed-forward layer with GEGLU (arXiv 2002.05202) over a sequence, four times as wide inside.
 *
 * @param {Layers} layers
 * @param {string} x
 * @param {number} width
 */
export function feedForward(layers, x, width) {
  const inner = 4 * width;
  const both = layers.linear(x, width, 2 * inner);
  /** @param {number} start */
  const half = (start) =>
    layers.add('Slice', [
      both,
      layers.graph.int64s([start]),
      layers.graph.int64s([start + inner]),
      layers.graph.int64s([2]),
    ]);
  const [value, gate] = [half(0), half(inner)];
  const erf = layers.add('Erf', [layers.add('Div', [gate, layers.scalar(Math.SQRT2)])]);
  const gelu = layers.add('Mul', [
    layers.add('Mul', [gate, layers.add('Add', [erf, layers.scalar(1)])]),
    layers.scalar(0.5),
  ]);
  return layers.linear(layers.add('Mul', [value, gelu]), inner, width);
}

/**
 * Flattens an image to the sequence of its pixels: `[B, width, h, w]` → `[B, h · w, width]`.
 *
 * @param {Layers} layers
 * @param {string} x
 * @param {number} width
 */
export function toSequence(layers, x, width) {
  return layers.add('Transpose', [layers.add('Reshape', [x, layers.graph.int64s([0, width, -1])])], {
    perm: { ints: [0, 2, 1] },
  });
}

/**
 * The inverse of `toSequence`, to the shape of another image.
 *
 * @param {Layers} layers
 * @param {string} x
 * @param {string} like
 */
export function toImage(layers, x, like) {
  return layers.add('Reshape', [
    layers.add('Transpose', [x], { perm: { ints: [0, 2, 1] } }),
    layers.add('Shape', [like]),
  ]);
}

/**
 * Attention of an image's pixels to each other and to the text, then a feed-forward layer, with residual connections.
 *
 * @param {Layers} layers
 * @param {string} x `[B, width, h, w]`
 * @param {number} width
 * @param {string} context `[B, L, contextWidth]`
 * @param {number} contextWidth
 */
export function transformer(layers, x, width, context, contextWidth) {
  const image = layers.conv(layers.groupNorm(x, width), width, width, 1);
  let h = toSequence(layers, image, width);
  /** @param {string} change */
  const plus = (change) => {
    h = layers.add('Add', [h, change]);
  };
  const first = layers.layerNorm(h, width);
  plus(attention(layers, first, first, width, width));
  plus(attention(layers, layers.layerNorm(h, width), context, width, contextWidth));
  plus(feedForward(layers, layers.layerNorm(h, width), width));
  return layers.add('Add', [x, layers.conv(toImage(layers, h, image), width, width, 1)]);
}

/**
 * Doubles the size by nearest neighbours, the default of Resize.
 *
 * @param {Layers} layers
 * @param {string} x
 * @param {number} width
 */
export function upsample(layers, x, width) {
  const scales = layers.weight([4], { values: [1, 1, 2, 2] }, 'float32');
  return layers.conv(layers.add('Resize', [x, '', scales]), width, width);
}

/**
 * Sines and cosines of a time step, computed in float32 as diffusers does. `[1, size]`
 *
 * @param {Layers} layers
 * @param {string} timestep
 * @param {number} size
 */
export function timeWaves(layers, timestep, size) {
  const frequencies = Array.from({ length: size / 2 }, (_, i) => 10_000 ** (-i / (size / 2)));
  const float = layers.add('Cast', [timestep], { to: { int: DATA_TYPES.float32 } });
  const angles = layers.add('Mul', [float, layers.weight([size / 2], { values: frequencies }, 'float32')]);
  const waves = layers.add('Concat', [layers.add('Cos', [angles]), layers.add('Sin', [angles])], { axis: { int: 0 } });
  const row = layers.add('Reshape', [waves, layers.graph.int64s([1, -1])]);
  return layers.add('Cast', [row], { to: { int: DATA_TYPES[layers.precision] } });
}
