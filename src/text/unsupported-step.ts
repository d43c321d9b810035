import { InputError } from '../base/errors.js';

/**
 * The error for a part of a `tokenizer.json` of a kind that no CLIP, BERT or RoBERTa has.
 *
 * @param where the file, for the message
 * @param part what it is, as the file names it
 * @param found its kind
 */
export function unsupportedStep(
  where: string,
  part: 'normalizer' | 'pre_tokenizer' | 'pattern',
  found: string,
): InputError {
  return new InputError(
    `${where}: expected a ${part} as CLIP, BERT and RoBERTa have it, got ${found}; use a checkpoint with one of them`,
  );
}
