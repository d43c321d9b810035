/** Writes models as ONNX files, with their weights inside or beside them. */
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createPendingFile } from '#dist/base/files.js';
import { bytes, integer, lengthPrefix } from '#dist/base/protobuf.js';
import { tensorHeader, valueInfo } from '#dist/export/onnx/graph.js';
import { externalData, GRAPH, MODEL, TENSOR } from '#dist/onnx/format.js';
import { valuesOf } from './weight-values.mjs';

/** @import { Layers } from './layers.mjs' */
/** @import { Weight } from './weight-values.mjs' */
/** @typedef {Parameters<typeof valueInfo>} Input name, type and shape */
/** @typedef {{ layers: Layers, inputs: Input[], output: Input }} Model */

const OPSET = 17;
const IR_VERSION = 8;

/**
 * The file beside an ONNX file with its weights, as in the hub's export of v1-4; small weights stay inside.
 */
const WEIGHTS_FILE = 'weights.pb';
const SMALLEST_BESIDE = 1024;

/**
 * Writes a model; its weights are generated while writing, one at a time.
 *
 * @param {string} path
 * @param {Model} model
 * @param {'inside' | 'beside'} place
 */
export async function writeModel(path, { layers, inputs, output }, place) {
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
 * Each weight's `TensorProto` without its values, and the size of these in bytes. Weights of at least `smallestBeside`
 * bytes go beside the file. `inFile` is the part of both that is in the file.
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
