/** @file Encodes texts to hidden states, pooled outputs and ids with any text encoder. */
import { putRows } from '../../base/rows.js';
import type { EncoderEngine } from '../../engine/encoder-engine.js';
import { checkFinite } from '../../engine/finite-outputs.js';
import type { PrecisionChoice } from '../../engine/precision-choice.js';
import type { DeviceChoice } from '../../tensorflow/device-choice.js';
import type { BackendChoice } from '../../tensorflow/backend-choice.js';
import { openEncoder, startEncoder } from '../open-encoder.js';
import type { Reporter } from '../reporter.js';
import { encodeToFile } from './encode-to-file.js';
import { encodeBatches, type EncodedBatch, type TextsToEncode } from './encode-batches.js';

/** Which texts to encode, and with which model. */
export interface EncodeRequest {
  /** `roberta`, `clip`, a run, a checkpoint of one, a folder or a hub id. */
  readonly model: string;
  /** Where its tokenizer is, if not with the model. */
  readonly tokenizer?: string;
  readonly texts: readonly string[];
  /** Whether attention masks out padding. */
  readonly attentionMask?: boolean;
  /**
   * Full-length texts per batch. A batch of shorter texts holds more of them, with as many tokens in total. Default: 32
   * on a CPU; on a GPU up to 256, by its memory.
   */
  readonly batchSize?: number;
  /** The precision of matrix products; `auto` means bfloat16 if that is faster. */
  readonly precision: PrecisionChoice;
  readonly backend: BackendChoice;
  readonly device: DeviceChoice;
}

/** The default options. Encoding is in full precision unless requested otherwise. */
export const ENCODE_DEFAULTS = { precision: 'fp32', backend: 'auto', device: 'auto' } as const;

/** `N` texts of `L` tokens, encoded at width `D`; all row-major. */
export interface EncodedTexts {
  /** `[N, L, D]` */
  readonly lastHiddenState: Float32Array;
  /** `[N, D]` */
  readonly poolerOutput: Float32Array;
  /** `[N, L]` */
  readonly inputIds: Int32Array;
  /** `[N, L, D]` */
  readonly shape: readonly [texts: number, length: number, width: number];
  /** How many texts were truncated to `L` tokens. */
  readonly cut: number;
}

/**
 * Encodes texts.
 *
 * @throws InputError for a model or tokenizer that is not available, or weights that are damaged or diverged; the
 *   reporter's abort reason
 */
export async function encodeTexts(request: EncodeRequest, reporter: Reporter): Promise<EncodedTexts> {
  return withEncoder(request, reporter, async ({ texts, ...rest }, start, onEncoded) => {
    const { width, tokenizer } = rest;
    const shape = [texts.length, tokenizer.maxLength, width] as const;
    const lastHiddenState = new Float32Array(shape[0] * shape[1] * shape[2]);
    const poolerOutput = new Float32Array(shape[0] * shape[2]);
    const inputIds = new Int32Array(shape[0] * shape[1]);
    let cut = 0;
    const engine = await start();
    try {
      for await (const batch of encodeBatches({ texts, ...rest }, engine)) {
        putRows(lastHiddenState, batch.rows, batch.lastHiddenState);
        putRows(poolerOutput, batch.rows, batch.poolerOutput);
        putRows(inputIds, batch.rows, batch.ids);
        cut += batch.cut;
        onEncoded(batch);
      }
    } finally {
      engine.dispose();
    }
    return { lastHiddenState, poolerOutput, inputIds, shape, cut };
  });
}

/**
 * Encodes texts into a safetensors file: `last_hidden_state` `[N, L, D]`, `pooler_output` `[N, D]`, `input_ids`
 * `[N, L]`.
 *
 * @returns the shape of the hidden states and the number of truncated texts
 * @throws InputError as `encodeTexts`, and for a file that cannot be written
 */
export async function encodeTextsToFile(
  request: EncodeRequest,
  path: string,
  reporter: Reporter,
): Promise<Pick<EncodedTexts, 'shape' | 'cut'>> {
  return withEncoder(request, reporter, async (texts, start, onEncoded) => {
    const { cut } = await encodeToFile(texts, start, path, onEncoded);
    return { shape: [texts.texts.length, texts.tokenizer.maxLength, texts.width], cut };
  });
}

/** Opens the model and shows the progress of the encoding. */
async function withEncoder<T>(
  { model: name, tokenizer: tokenizerSource, texts, attentionMask = false, batchSize, ...machine }: EncodeRequest,
  reporter: Reporter,
  work: (
    texts: TextsToEncode,
    start: () => Promise<EncoderEngine>,
    onEncoded: (batch: EncodedBatch) => void,
  ) => Promise<T>,
): Promise<T> {
  const opened = await openEncoder(
    { name, flag: '--model', tokenizer: tokenizerSource, tokenizerFlag: '--tokenizer' },
    reporter,
  );
  const {
    tokenizer,
    model: {
      encoder: { width },
      fresh,
    },
  } = opened;
  if (fresh.length > 0)
    reporter.warn(`${name} lacks ${fresh.join(', ')}: pooler_output comes from random values in their place`);
  const progress = reporter.progress('encoding', texts.length, 'texts');
  let done = 0;
  try {
    return await work(
      { texts, tokenizer, width, batchSize, masked: attentionMask },
      () => startEncoder(opened, { ...machine, masked: attentionMask }, reporter),
      ({ rows, lastHiddenState, poolerOutput }) => {
        const batch = Array.from(rows, (row) => texts[row]!);
        checkFinite(name, batch, lastHiddenState, poolerOutput);
        done += rows.length;
        progress.update(done);
        reporter.signal?.throwIfAborted();
      },
    );
  } finally {
    progress.stop();
  }
}
