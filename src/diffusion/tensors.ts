/** A text as its hidden states. `[L, D]` */
export type Embedding = Float32Array;

/** Pixels, red, green, blue. `[height, width, 3]` in 0 … 255. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}
