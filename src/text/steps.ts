/** @file The steps of a `tokenizer.json`, which may be in sequences, and sequences in these. */
import type { StepConfig } from './tokenizer-json.js';

/** The key of the steps in a sequence of each part. */
type SequenceKey = 'normalizers' | 'pretokenizers';

/** The steps in their order, without the sequences around them, which change nothing. */
export function stepsIn(config: StepConfig | null, key: SequenceKey): StepConfig[] {
  if (config === null) return [];
  return config.type === 'Sequence' ? (config[key] as StepConfig[]).flatMap((step) => stepsIn(step, key)) : [config];
}
