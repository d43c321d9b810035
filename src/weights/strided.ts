type Elements = Uint8Array | Uint16Array | Uint32Array | BigUint64Array;

/** Whether a shape with these strides is contiguous in row-major order. */
export function isContiguous(shape: readonly number[], strides: readonly number[]): boolean {
  let expected = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && strides[axis] !== expected) return false;
    expected *= shape[axis]!;
  }
  return true;
}

/**
 * The elements of a strided view in row-major order.
 *
 * @param bytes the storage from the view's first element on
 * @param itemSize bytes an element: 1, 2, 4 or 8
 */
export function gatherStrided(
  bytes: ArrayBuffer,
  itemSize: number,
  shape: readonly number[],
  strides: readonly number[],
): ArrayBuffer {
  const from = elementsOf(bytes, itemSize);
  const to = elementsOf(new ArrayBuffer(shape.reduce((size, dimension) => size * dimension, itemSize)), itemSize);
  const index = shape.map(() => 0);
  let position = 0;
  for (let i = 0; i < to.length; i++) {
    to[i] = from[position]!;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      position += strides[axis]!;
      if (++index[axis]! < shape[axis]!) break;
      position -= strides[axis]! * shape[axis]!;
      index[axis] = 0;
    }
  }
  return to.buffer as ArrayBuffer;
}

function elementsOf(bytes: ArrayBuffer, itemSize: number): Elements {
  switch (itemSize) {
    case 1:
      return new Uint8Array(bytes);
    case 2:
      return new Uint16Array(bytes);
    case 4:
      return new Uint32Array(bytes);
    default:
      return new BigUint64Array(bytes);
  }
}
