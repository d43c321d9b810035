/** @file The text model in a safetensors file of a whole CLIP: a quarter of the bytes for ViT-L/14. */
import type { ByteSource } from './byte-source.js';
import type { TensorEntry } from './safetensors-entries.js';
import { encodeHeader, readHeader } from './safetensors-header.js';

/** A safetensors file that can be assembled from parts of another. */
export interface TextTower {
  /** The new file's first bytes. */
  readonly header: Uint8Array;
  /** The parts of the original file that follow, in order; `end` is exclusive. */
  readonly ranges: readonly { readonly start: number; readonly end: number }[];
  /** The size of the new file in bytes. */
  readonly size: number;
}

const TEXT = 'text_model.';
const VISION = 'vision_model.';

/**
 * How to cut the text model out of a whole CLIP; undefined for any other file. Reads the header only.
 *
 * @throws InputError if the header is invalid
 */
export async function findTextTower(file: ByteSource): Promise<TextTower | undefined> {
  const { tensors, metadata, dataStart } = await readHeader(file);
  const names = [...tensors.keys()];
  if (!names.some((name) => name.startsWith(VISION)) || !names.some((name) => name.startsWith(TEXT))) return undefined;
  const kept = [...tensors.values()].filter(({ name }) => name.startsWith(TEXT));
  const ranges = joinNeighbours(kept).map(({ begin, end }) => ({ start: dataStart + begin, end: dataStart + end }));
  const header = encodeHeader(kept, metadata);
  return { header, ranges, size: ranges.reduce((size, { start, end }) => size + end - start, header.length) };
}

/** The bytes of the new file from a position to its end. */
export async function* towerBytes(
  { header, ranges }: TextTower,
  stream: (start: number, end: number) => AsyncIterable<Uint8Array>,
  position: number,
): AsyncGenerator<Uint8Array> {
  if (position < header.length) yield header.subarray(position);
  let begin = header.length; // of a range, in the new file
  for (const { start, end } of ranges) {
    const skipped = Math.max(0, position - begin);
    if (skipped < end - start) yield* stream(start + skipped, end);
    begin += end - start;
  }
}

/** Merges adjacent ranges. */
function joinNeighbours(tensors: readonly TensorEntry[]): { begin: number; end: number }[] {
  const ranges: { begin: number; end: number }[] = [];
  for (const { begin, end } of tensors) {
    const last = ranges.at(-1);
    if (last?.end === begin) last.end = end;
    else ranges.push({ begin, end });
  }
  return ranges;
}
