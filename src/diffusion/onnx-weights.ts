/** @file Where the weights of an ONNX file are: found, checked and moved without loading them into memory. */
import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { InputError } from '../base/errors.js';
import { createPendingFile, writeFileAtomic, type PendingFile } from '../base/files.js';
import { DATA_TYPES, externalData, GRAPH, MODEL } from '../onnx/format.js';
import { bytes, bytesBetween, fieldsOf, type Field } from '../base/protobuf.js';
import { openRandomAccess, remedyFor, type RandomAccessFile } from '../weights/byte-source.js';
import { checkWeight, readWeight } from './onnx-weight.js';

/** What an ONNX file says about its weights. */
export interface WeightsSummary {
  /** Whether some are float16. */
  readonly hasFloat16: boolean;
  /** Whether some are in files beside it. */
  readonly hasFilesBeside: boolean;
}

/** Smaller weights are not moved; in bytes. */
const SMALLEST_MOVED = 1024;

/** The alignment of weights in a file of their own: a page, because they are memory-mapped. */
const ALIGNMENT = 4096;

/** Bytes copied at a time. */
const CHUNK = 2 ** 20;

/**
 * Scans an ONNX file and checks that it is complete and has all its weights.
 *
 * @throws InputError for a file that is something else or truncated, and for a file beside it that is missing or
 * truncated
 */
export async function checkWeights(location: string): Promise<WeightsSummary> {
  const file = await openRandomAccess(location);
  try {
    const { hasFloat16, ends } = await readSummary(file).catch(async (error: unknown) => {
      throw error instanceof InputError ? new InputError(`${error.message}; ${await remedyFor(file)}`) : error;
    });
    for (const [name, end] of ends) await checkFileBeside(location, name, end);
    return { hasFloat16, hasFilesBeside: ends.size > 0 };
  } finally {
    await file.close();
  }
}

/** Whether there are float16 weights, and for each file beside the ONNX file, where its last weight ends. */
async function readSummary(
  file: RandomAccessFile,
): Promise<{ readonly hasFloat16: boolean; readonly ends: ReadonlyMap<string, number> }> {
  let hasFloat16 = false;
  const ends = new Map<string, number>();
  for await (const field of graphFields(file)) {
    if (field.number !== GRAPH.initializer) continue;
    const weight = await readWeight(file, field);
    hasFloat16 ||= weight.type === DATA_TYPES.float16;
    const beside = checkWeight(file.location, weight);
    if (beside !== undefined) ends.set(beside.name, Math.max(ends.get(beside.name) ?? 0, beside.end));
  }
  return { hasFloat16, ends };
}

async function checkFileBeside(location: string, name: string, end: number): Promise<void> {
  const path = join(dirname(location), name);
  const size = await stat(path).then(
    (stats) => stats.size,
    () => undefined,
  );
  if (size === undefined)
    throw new InputError(`${path}: expected weights of ${location}, found no such file; get it, and put it there`);
  if (size < end)
    throw new InputError(
      `${path}: expected weights of ${end} bytes or more, as ${location} says, found ${size}; the file is cut ` +
        'short; get it again',
    );
}

/**
 * Rewrites an ONNX file with its weights in a separate file, from which they can be memory-mapped.
 *
 * @param location a file with its weights inside
 * @param folder where both are written
 * @returns the path of the new ONNX file
 * @throws InputError if they cannot be written
 */
export async function moveWeights(location: string, folder: string): Promise<string> {
  const [path, name] = [join(folder, 'model.onnx'), 'weights.bin'];
  const [file, weights] = [await openRandomAccess(location), await createPendingFile(join(folder, name))];
  try {
    const model: Buffer[] = [];
    for await (const field of fieldsOf(file, 0, file.size)) {
      model.push(
        field.number === MODEL.graph
          ? bytes(MODEL.graph, await graphWithoutWeights(file, field, weights, name))
          : await bytesBetween(file, field.start, field.end),
      );
    }
    await weights.commit();
    await writeFileAtomic(path, Buffer.concat(model));
    return path;
  } finally {
    await weights.discard(); // does nothing once committed
    await file.close();
  }
}

async function graphWithoutWeights(
  file: RandomAccessFile,
  graph: Field,
  weights: PendingFile,
  name: string,
): Promise<Buffer[]> {
  const fields: Buffer[] = [];
  let offset = 0; // in the file of weights
  for await (const field of fieldsOf(file, graph.content, graph.end)) {
    const values = field.number === GRAPH.initializer ? (await readWeight(file, field)).inside : undefined;
    const length = values === undefined ? 0 : values.end - values.content;
    if (values === undefined || length < SMALLEST_MOVED) {
      fields.push(await bytesBetween(file, field.start, field.end));
      continue;
    }
    await copy(file, values, weights, offset);
    const rest = [
      await bytesBetween(file, field.content, values.start),
      await bytesBetween(file, values.end, field.end),
    ];
    fields.push(bytes(GRAPH.initializer, [...rest, ...externalData(name, offset, length)]));
    offset = Math.ceil((offset + length) / ALIGNMENT) * ALIGNMENT;
  }
  return fields;
}

async function copy(file: RandomAccessFile, { content, end }: Field, to: PendingFile, offset: number): Promise<void> {
  for (let start = content; start < end; start += CHUNK) {
    await to.write(await bytesBetween(file, start, Math.min(start + CHUNK, end)), offset + start - content);
  }
}

/** Fields of the model's graph. */
async function* graphFields(file: RandomAccessFile): AsyncGenerator<Field> {
  for await (const field of fieldsOf(file, 0, file.size)) {
    if (field.number === MODEL.graph) yield* fieldsOf(file, field.content, field.end);
  }
}
