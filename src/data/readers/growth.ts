/** @file Limits on the expansion of compressed data: compressed zeros would fill a disk. */

/** How many bytes are always allowed. */
const FREE_BYTES = 1 << 30;

/** The largest allowed factor: texts expand three to ten times, and the XML of a workbook some fifty times. */
const MAX_GROWTH = 200;

/** The reason to refuse compressed data if it expands more than any text does. */
export function excessOf(packedBytes: number, bytes: number): string | undefined {
  if (bytes <= FREE_BYTES || bytes <= MAX_GROWTH * packedBytes) return undefined;
  const found = `${packedBytes} bytes that unpack to ${bytes} or more`;
  return (
    `expected texts, which unpack to at most ${MAX_GROWTH} times as much, got ${found}; unpack ` +
    `it first if it is sound`
  );
}
