/** @file Writes an ONNX file, the weights one at a time. */
import { basename } from 'node:path';
import { createPendingFile, type PendingFile } from '../../base/files.js';
import type { PretrainedModel } from '../../models/pretrained.js';
import { isProjection } from '../../models/projection.js';
import { sizeOf } from '../../base/shape.js';
import { FLOAT_BYTES } from '../../models/text-encoder.js';
import { externalData } from '../../onnx/format.js';
import { bytes, integer, lengthPrefix } from '../../base/protobuf.js';
import { VERSION } from '../../base/version.js';
import { addEncoder } from './encoder-graph.js';
import { INPUT_IDS, LAST_HIDDEN_STATE, POOLER_OUTPUT } from './names.js';
import { OnnxGraph, tensorHeader, valueInfo } from './graph.js';

/** ONNX 1.12 of 2022, the first with LayerNormalization. */
const OPSET = 17;
const IR_VERSION = 8;

/** The most bytes of weights to store in the file itself: a protobuf message is limited to 2 GiB. */
const LARGEST_INLINE = 2 ** 31 - 2 ** 24;

/** The suffix of the file beside the model that holds larger weights. */
const DATA_ENDING = '_data';

/** A weight's `TensorProto` without its data. */
interface Placed {
  readonly head: Buffer;
  /** The bytes of its data. */
  readonly size: number;
}

/**
 * Writes a model as an ONNX file: `input_ids` `[B, L]` int64 in, `last_hidden_state` `[B, L, D]` and `pooler_output`
 * `[B, D]` out, for any `B` and `L`. Weights over 2 GiB go to `<path>_data`.
 *
 * @param largestInline the most bytes of weights to store in the file itself
 * @throws InputError if a file cannot be written
 */
export async function writeOnnx(
  path: string,
  model: PretrainedModel,
  largestInline: number = LARGEST_INLINE,
): Promise<void> {
  const { shapes } = model.encoder;
  const size = Object.values(shapes).reduce((sum, shape) => sum + FLOAT_BYTES * sizeOf(shape), 0);
  const isExternal = size > largestInline;
  const weights = isExternal ? externalWeights(shapes, `${basename(path)}${DATA_ENDING}`) : inlineWeights(shapes);
  const start = modelStart(
    model,
    [...weights.values()].map(({ head, size: inside }) => head.length + (isExternal ? 0 : inside)),
  );
  if (isExternal) {
    await writeWhole(`${path}${DATA_ENDING}`, (file) => writeValues(file, model, 0, weights, false));
    await writeWhole(path, (file) =>
      file.write(
        Buffer.concat([
          start,
          ...[...weights.values()].map(({ head }) => Buffer.concat([lengthPrefix(5, head.length), head])),
        ]),
        0,
      ),
    );
  } else {
    await writeWhole(path, async (file) => {
      await file.write(start, 0);
      await writeValues(file, model, start.length, weights, true);
    });
  }
}

async function writeWhole(path: string, write: (file: PendingFile) => Promise<void>): Promise<void> {
  const file = await createPendingFile(path);
  try {
    await write(file);
    await file.commit();
  } finally {
    await file.discard(); // nothing to discard once committed
  }
}

/** Writes the values in the order of the shapes; inline values are each preceded by the rest of their message. */
async function writeValues(
  file: PendingFile,
  model: PretrainedModel,
  start: number,
  weights: ReadonlyMap<string, Placed>,
  inline: boolean,
): Promise<void> {
  const places = new Map<string, number>();
  let position = start;
  for (const name of Object.keys(model.encoder.shapes)) {
    const { head, size } = weights.get(name)!;
    const before = inline ? Buffer.concat([lengthPrefix(5, head.length + size), head]) : Buffer.alloc(0);
    await file.write(before, position);
    places.set(name, position + before.length);
    position += before.length + size;
  }
  for await (const [name, values] of model.parameters()) {
    await file.write(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), places.get(name)!);
  }
}

/** `raw_data` in the message itself. */
function inlineWeights(shapes: Readonly<Record<string, readonly number[]>>): Map<string, Placed> {
  return new Map(
    Object.entries(shapes).map(([name, shape]) => {
      const size = FLOAT_BYTES * sizeOf(shape);
      return [name, { head: Buffer.concat([tensorHeader(name, 'float32', shape), lengthPrefix(9, size)]), size }];
    }),
  );
}

/** `external_data`: file, offset and length. */
function externalWeights(shapes: Readonly<Record<string, readonly number[]>>, location: string): Map<string, Placed> {
  let offset = 0;
  return new Map(
    Object.entries(shapes).map(([name, shape]) => {
      const size = FLOAT_BYTES * sizeOf(shape);
      const head = Buffer.concat([tensorHeader(name, 'float32', shape), ...externalData(location, offset, size)]);
      offset += size;
      return [name, { head, size }];
    }),
  );
}

/** Everything before the weights, which come last in the graph, as the graph does in the model. */
function modelStart({ encoder }: PretrainedModel, weightSizes: readonly number[]): Buffer {
  const graph = new OnnxGraph();
  const { config, width, shapes } = encoder;
  addEncoder(graph, config, width, Object.keys(shapes).some(isProjection));
  const body = Buffer.concat([
    ...graph.nodes.map((node) => bytes(1, node)),
    bytes(2, config.family),
    ...graph.constants.map((constant) => bytes(5, constant)),
    bytes(11, valueInfo(INPUT_IDS, 'int64', ['batch', 'length'])),
    bytes(12, valueInfo(LAST_HIDDEN_STATE, 'float32', ['batch', 'length', width])),
    bytes(12, valueInfo(POOLER_OUTPUT, 'float32', ['batch', width])),
  ]);
  const weights = weightSizes.reduce((sum, size) => sum + lengthPrefix(5, size).length + size, 0);
  return Buffer.concat([
    integer(1, IR_VERSION),
    bytes(2, 'kd'),
    bytes(3, VERSION),
    bytes(8, [bytes(1, ''), integer(2, OPSET)]),
    lengthPrefix(7, body.length + weights),
    body,
  ]);
}
