import type { EncoderEngine } from '../../engine/encoder-engine.js';
import { tokenBatch } from '../../text/token-batch.js';
import type { TextTokenizer } from '../../text/tokenizer.js';
import { createSafetensors } from '../../weights/safetensors-writer.js';

/** `N` texts, encoded `B` at a time: `L` tokens a text, `D` the model's width. */
export interface TextsToEncode {
  readonly texts: readonly string[];
  readonly tokenizer: TextTokenizer;
  /** D */
  readonly width: number;
  /** B */
  readonly batchSize: number;
  /** Whether a text's tokens attend to its tokens only, not to its padding. */
  readonly masked: boolean;
}

/**
 * Encodes texts into a safetensors file: `last_hidden_state` `[N, L, D]`, `pooler_output` `[N, D]`, `input_ids` `[N, L]`.
 * The file is begun before the model is loaded, so that a path which cannot be written shows at once, and appears
 * under its name when it is whole.
 *
 * @param loadEngine loads the model; it is disposed of here
 * @returns how many texts were longer than `L` tokens, and cut
 * @throws InputError if the file cannot be written
 */
export async function encodeToFile(
  { texts, tokenizer, width, batchSize, masked }: TextsToEncode,
  loadEngine: () => Promise<EncoderEngine>,
  path: string,
  onEncoded: (texts: number) => void,
): Promise<{ readonly cut: number }> {
  const length = tokenizer.maxLength;
  const file = await createSafetensors(path, [
    { name: 'last_hidden_state', dtype: 'F32', shape: [texts.length, length, width] },
    { name: 'pooler_output', dtype: 'F32', shape: [texts.length, width] },
    { name: 'input_ids', dtype: 'I32', shape: [texts.length, length] },
  ]);
  let engine: EncoderEngine | undefined;
  let cut = 0;
  try {
    engine = await loadEngine();
    for (let start = 0; start < texts.length; start += batchSize) {
      const batch = tokenBatch(texts.slice(start, start + batchSize), tokenizer);
      cut += batch.cut;
      const { lastHiddenState, poolerOutput } = await engine.encode(
        batch.ids,
        batch.size,
        masked ? batch.mask : undefined,
      );
      await file.write('last_hidden_state', start * length * width, lastHiddenState);
      await file.write('pooler_output', start * width, poolerOutput);
      await file.write('input_ids', start * length, batch.ids);
      onEncoded(start + batch.size);
    }
    await file.finish();
  } finally {
    await file.discard(); // nothing to discard once finished
    engine?.dispose();
  }
  return { cut };
}
