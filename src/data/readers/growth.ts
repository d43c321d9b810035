/** @file How much larger than packed data what it unpacks to may be: packed zeros would fill a disk. */

/** So many bytes are taken at any rate. */
const FREE_BYTES = 1 << 30;

/** Texts unpack to three to ten times as much, and the XML of a workbook to some fifty times. */
const MOST_GROWTH = 200;

/** Why packed data is not unpacked, if it unpacks to more than any texts do. */
export function excessOf(packedBytes: number, bytes: number): string | undefined {
  if (bytes <= FREE_BYTES || bytes <= MOST_GROWTH * packedBytes) return undefined;
  const found = `${packedBytes} bytes that unpack to ${bytes} or more`;
  return (
    `expected texts, which unpack to at most ${MOST_GROWTH} times as much, got ${found}; unpack ` +
    `it first if it is sound`
  );
}
