/** @file What `kd encode` does. */
import type { PrecisionChoice } from '../../engine/precision-choice.js';
import type { DeviceChoice } from '../../tensorflow/device-choice.js';
import type { BackendChoice } from '../../tensorflow/backend-choice.js';
import { MAX_LENGTH } from '../../text/max-length.js';
import type { Output } from '../../app/output.js';
import { formatCount, formatCounted } from '../../base/format.js';
import { checkOutputFile } from '../../app/encoding/output-file.js';
import { encodeTextsToFile } from '../../app/encoding/encode-texts.js';
import { readTexts } from '../../app/encoding/texts.js';

/** The flags of `kd encode`. */
export interface EncodeFlags {
  readonly model: string;
  readonly tokenizer?: string;
  readonly input: string;
  readonly output: string;
  readonly attentionMask?: boolean;
  readonly batchSize?: number;
  readonly precision: PrecisionChoice;
  readonly backend: BackendChoice;
  readonly device: DeviceChoice;
}

/** Encodes the texts of a file into another. */
export async function encode(flags: EncodeFlags, output: Output): Promise<void> {
  await checkOutputFile(flags.output);
  const texts = await readTexts(flags.input);
  const { shape, cut } = await encodeTextsToFile({ ...flags, texts }, flags.output, output);
  if (cut > 0) output.warn(`${formatCount(cut)} of ${formatCounted(texts.length, 'text')} cut to ${MAX_LENGTH} tokens`);
  output.result(`${flags.output}: ${formatCounted(texts.length, 'text')}, last_hidden_state [${shape.join(', ')}]`, {
    event: 'done',
    output: flags.output,
    texts: texts.length,
    cut,
    last_hidden_state: shape,
  });
}
