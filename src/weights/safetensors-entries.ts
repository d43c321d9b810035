/** @file The tensors that a safetensors header lists. */
import { isObject } from '../base/json-schema.js';
import { isSizes } from '../base/shape.js';
import { byteLengthOf, isDtype, type Dtype } from './dtypes.js';
import { placeOf, type TensorInfo } from './tensor-source.js';
import { damagedFile, shownShape, shownValue } from './wording.js';

/** A tensor and the position of its bytes, counted from the header's end. */
export interface TensorEntry extends TensorInfo {
  readonly begin: number;
  readonly end: number;
}

/**
 * Checks what a header says about a tensor.
 *
 * @param dataSize the number of bytes after the header
 * @param where file and tensor, for messages
 * @throws InputError
 */
export function checkEntry(name: string, entry: unknown, dataSize: number, where: string): TensorEntry {
  if (!isObject(entry))
    throw damagedFile(where, 'expected an object with dtype, shape and data_offsets, found something else');
  const { dtype, shape, data_offsets: offsets } = entry;
  if (!isDtype(dtype)) {
    throw damagedFile(where, `expected a dtype such as F32, F16 or BF16, found ${shownValue(dtype)}`);
  }
  if (!isSizes(shape)) throw damagedFile(where, `expected a shape of whole numbers, found ${shownValue(shape)}`);
  if (!isSizes(offsets) || offsets.length !== 2) {
    throw damagedFile(where, `expected data_offsets of two whole numbers, found ${shownValue(offsets)}`);
  }
  const [begin, end] = offsets as [number, number];
  checkSize(dtype, shape, begin, end, dataSize, where);
  return { name, dtype, shape, begin, end };
}

function checkSize(
  dtype: Dtype,
  shape: readonly number[],
  begin: number,
  end: number,
  dataSize: number,
  where: string,
): void {
  const range = `bytes ${begin} to ${end}`;
  if (end > dataSize) {
    throw damagedFile(where, `expected ${range} after the header, the file has ${dataSize} there`);
  }
  const size = byteLengthOf(dtype, shape);
  if (end - begin !== size) {
    throw damagedFile(
      where,
      `expected ${size} bytes for ${dtype} ${shownShape(shape)}, the header gives it ${end - begin} (${range})`,
    );
  }
}

/**
 * Checks that tensors, sorted by position, lie end to end, without overlaps or gaps.
 *
 * @throws InputError
 */
export function checkCoverage(tensors: readonly TensorEntry[], dataSize: number, location: string): void {
  let end = 0;
  for (const { name, begin, end: next } of tensors) {
    if (begin !== end) {
      const fault = begin < end ? 'shares bytes with the tensor before it' : 'leaves a hole before it';
      throw damagedFile(
        placeOf(location, name),
        `expected to begin at byte ${end} after the header, begins at ${begin}: it ${fault}`,
      );
    }
    end = next;
  }
  if (end !== dataSize) {
    throw damagedFile(location, `expected ${end} bytes of tensors after the header, the file has ${dataSize} there`);
  }
}
