import { InputError } from '../base/errors.js';

/** The exponent bits of a float32: all set in infinities and NaN, and in no other value. */
const EXPONENT = 0x7f800000;

/**
 * Checks that weights are finite: a single one that is not makes every output NaN.
 *
 * @param where file and tensor, for the message
 * @returns the values
 * @throws InputError that says which are not
 */
export function checkFinite(values: Float32Array, where: string): Float32Array {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  for (let i = 0; i < bits.length; i++) {
    if ((bits[i]! & EXPONENT) === EXPONENT) throw notFinite(values, i, where);
  }
  return values;
}

function notFinite(values: Float32Array, first: number, where: string): InputError {
  const count = values.reduce((sum, value) => sum + (Number.isFinite(value) ? 0 : 1), 0);
  const others = count === 1 ? '' : `, and ${count - 1} more of ${values.length}`;
  return new InputError(
    `${where}: expected finite numbers, found ${values[first]} as value ${first}${others}; ` +
      'the weights are damaged, or their training diverged: take another copy or checkpoint',
  );
}
