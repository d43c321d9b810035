/** @typedef {{ name: string, shape: readonly number[], values: Float32Array<ArrayBuffer> }} Tensor */

/**
 * The bytes of a safetensors file with float32 tensors.
 *
 * @param {readonly Tensor[]} tensors
 */
export function safetensors(tensors) {
  /** @type {Record<string, object>} */
  const header = { __metadata__: { format: 'pt' } };
  let offset = 0;
  for (const { name, shape, values } of tensors) {
    header[name] = { dtype: 'F32', shape, data_offsets: [offset, offset + values.byteLength] };
    offset += values.byteLength;
  }
  const json = Buffer.from(JSON.stringify(header));
  const padding = Buffer.alloc(-json.length & 7, ' '); // tensors start at a multiple of 8
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length + padding.length));
  return Buffer.concat([length, json, padding, ...tensors.map(({ values }) => Buffer.from(values.buffer))]);
}
