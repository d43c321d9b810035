/**
 * @file A `tokenizer.json` with each of its parts replaced by something else, against what transformers 5.24 made of
 * it (scripts/tokenizers/record.py).
 */
import { describe, expect, test } from 'vitest';
import { isError, outcomeOf, recorded, type Outcome } from './recorded-tokenizers.js';

/** Where this program refuses what transformers takes. */
const REFUSED: readonly RegExp[] = [
  // The type of a step is missing, unknown or no text: it guesses from the fields which it may be.
  /expected (a value|text|a decoder's type), got .* \([\w.[\]]*\.type\)/,
  /expected a (normalizer|pre_tokenizer) as CLIP, BERT and RoBERTa have it/,
  /got another \(post_processor .*\)/,
  /expected a model of type .*, got none/,
  /expected true or false, got .* \(post_processor\.(trim_offsets|add_prefix_space)\)/, // takes it for a BertProcessing
  // Special tokens around the text that the vocabulary has not, or has with another id: it takes the id.
  /expected the post_processor's .* with the vocabulary's id/,
  /expected the post_processor's tokens in the vocabulary/,
  /expected a post_processor with the text once/,
  /expected an id of its own, not that of/,
  /expected 0, got 0\.5 \(model\.dropout\)/, // other ids each time
  /expected tokens for all bytes/,
  /expected a whole number from 0 to (1000|2147483647), got 4294967296/,
  /expected "BatchLongest" or an object/,
  /expected a pattern as .*, got "" \(which matches nothing at all\)/,
];

/** One part replaced; `$delete` takes it out. */
function mutate(value: unknown, path: readonly (string | number)[], mutation: unknown): unknown {
  const changed = structuredClone(value);
  let owner = changed as Record<string | number, unknown>;
  for (const key of path.slice(0, -1)) owner = owner[key] as Record<string | number, unknown>;
  const last = path.at(-1)!;
  if (mutation !== '$delete') owner[last] = mutation;
  else if (Array.isArray(owner)) owner.splice(Number(last), 1);
  else Reflect.deleteProperty(owner, last);
  return changed;
}

describe.each(Object.entries(recorded.families))('%s', (_, family) => {
  test(
    'is refused, or gives the ids of transformers, whatever part of it is replaced',
    { timeout: 120_000 },
    async () => {
      const stored = family.parts['tokenizer.json'][3];
      const names = family.config as { pad_token: string };
      const config = { tokenizer_class: 'PreTrainedTokenizerFast', pad_token: names.pad_token };
      const differences: unknown[] = [];
      const counts = { bothRefuse: 0, same: 0, stricter: 0 };
      for (const [path, outcomes] of family.mutations) {
        for (const [index, number] of outcomes.entries()) {
          const json = mutate(stored, path, recorded.mutations[index]);
          const ours = await outcomeOf({ 'tokenizer.json': json, 'tokenizer_config.json': config }, family);
          const kind = compare(ours, recorded.outcomes[number]);
          if (kind === 'different') {
            differences.push({ path, mutation: recorded.mutations[index], ours, theirs: recorded.outcomes[number] });
          } else counts[kind]++;
        }
      }
      expect(differences).toEqual([]);
      expect(counts.same).toBeGreaterThan(100);
      expect(counts.bothRefuse).toBeGreaterThan(500);
    },
  );
});

function compare(ours: Outcome, theirs: Outcome): 'bothRefuse' | 'same' | 'stricter' | 'different' {
  if (isError(ours)) {
    if (isError(theirs)) return 'bothRefuse';
    return REFUSED.some((reason) => reason.test(ours.error)) ? 'stricter' : 'different';
  }
  return JSON.stringify(ours) === JSON.stringify(theirs) ? 'same' : 'different';
}
