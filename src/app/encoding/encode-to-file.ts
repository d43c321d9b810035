import type { EncoderEngine } from '../../engine/encoder-engine.js';
import { createSafetensors, type SafetensorsWriter, type TensorValues } from '../../weights/safetensors-writer.js';
import { encodeBatches, type EncodedBatch, type TextsToEncode } from './encode-batches.js';

/**
 * Encodes texts into a safetensors file: `last_hidden_state` `[N, L, D]`, `pooler_output` `[N, D]`, `input_ids`
 * `[N, L]`. The file is created before the model is loaded, so that a path that cannot be written fails at once. It
 * gets its name when it is complete.
 *
 * @param loadEngine loads the engine, which is disposed of here
 * @returns how many texts were truncated to `L` tokens
 * @throws InputError if the file cannot be written
 */
export async function encodeToFile(
  texts: TextsToEncode,
  loadEngine: () => Promise<EncoderEngine>,
  path: string,
  onEncoded: (batch: EncodedBatch) => void,
): Promise<{ readonly cut: number }> {
  const { width } = texts;
  const count = texts.texts.length;
  const length = texts.tokenizer.maxLength;
  const file = await createSafetensors(path, [
    { name: 'last_hidden_state', dtype: 'F32', shape: [count, length, width] },
    { name: 'pooler_output', dtype: 'F32', shape: [count, width] },
    { name: 'input_ids', dtype: 'I32', shape: [count, length] },
  ]);
  let engine: EncoderEngine | undefined;
  let cut = 0;
  try {
    engine = await loadEngine();
    for await (const batch of encodeBatches(texts, engine)) {
      await writeRows(file, 'last_hidden_state', batch.rows, batch.lastHiddenState);
      await writeRows(file, 'pooler_output', batch.rows, batch.poolerOutput);
      await writeRows(file, 'input_ids', batch.rows, batch.ids);
      cut += batch.cut;
      onEncoded(batch);
    }
    await file.finish();
  } finally {
    await file.discard(); // nothing to discard once finished
    engine?.dispose();
  }
  return { cut };
}

/** Writes rows of equal size to the positions of their texts. */
async function writeRows(
  file: SafetensorsWriter,
  name: string,
  rows: Uint32Array,
  values: TensorValues,
): Promise<void> {
  const size = values.length / rows.length;
  for (const [i, row] of rows.entries()) await file.write(name, row * size, values.subarray(i * size, (i + 1) * size));
}
