/** @file Every combination of tokenizer files against what transformers 5.24 made of it. */
import { describe, expect, test } from 'vitest';
import { isError, outcomeOf, recorded, type Family, type Files, type Outcome } from './recorded-tokenizers.js';

function filesOf(choice: string, { parts }: Family): Files {
  const chosen = recorded.partNames.map((name, index) => [name, parts[name][Number(choice[index])]] as const);
  const { vocabulary, ...files } = Object.fromEntries(chosen);
  return { ...files, ...vocabulary };
}

function changed(base: Files, change: Files): Files {
  const files = { ...base };
  for (const [name, content] of Object.entries(change)) {
    const more = (content as { $more?: Files } | null)?.$more;
    files[name] = more === undefined ? content : { ...(base[name] as Files), ...more };
  }
  return files;
}

/** Where this program refuses what transformers takes: the first three give ids that no model was trained on. */
const REFUSED: readonly RegExp[] = [
  // transformers makes up a vocabulary of the special tokens
  /expected a tokenizer\.json.*, got (neither|none of them)/,
  /vocab\.json: expected a whole number/, // ids that it skips or wraps around
  /added_tokens\.json: expected a whole number/,
  /expected a (cls|sep)_token, got null/, // it takes the ids 2 and 3
  /expected a tokenizer_class of CLIP, BERT, .*, got ConvBertTokenizer/, // which reads as two others do
  /expected no such setting, got an empty list \(merges\)/,
];

/** Where no file names a class, transformers gives up without a tokenizer.json; this program goes by the vocabulary. */
const UNNAMED = /^00..10$/;
/** The same for a pad token that no file names. */
const UNNAMED_PAD = /^[12]00..0$/;
/** Files that begin with a byte order mark, which is passed over. */
const BYTE_ORDER_MARK = "\\ufeff{}'";
const UNNAMED_CLASS = /^class None of (None|clip_text_model|unheard-of)$/;

describe.each(Object.entries(recorded.families))('%s', (_, family) => {
  test('gives the ids of transformers for every combination of files', { timeout: 60_000 }, async () => {
    const byChoice = new Map(family.combinations);
    const differences: unknown[] = [];
    for (const [choice, number] of family.combinations) {
      const ours = await outcomeOf(filesOf(choice, family), family);
      let theirs = recorded.outcomes[number];
      // The ids are then those that transformers gives where config.json names the family.
      if (isError(theirs) && UNNAMED.test(choice)) theirs = recorded.outcomes[byChoice.get(choice.slice(0, 5) + '1')!];
      if (isError(theirs) && UNNAMED_PAD.test(choice)) {
        const usual = recorded.outcomes[byChoice.get('010011')!];
        expect({ choice, pad: !isError(ours) && ours.pad }).toEqual({ choice, pad: !isError(usual) && usual.pad });
      } else if (isDifferent(ours, theirs)) differences.push({ choice, ours, theirs });
    }
    expect(family.combinations.length).toBe(336);
    expect(differences).toEqual([]);
  });

  test('gives the ids of transformers after every change of one file', { timeout: 60_000 }, async () => {
    const base: Files = { 'tokenizer_config.json': family.config };
    const files = { ...base, ...family.parts.vocabulary[1] };
    const differences: unknown[] = [];
    for (const [title, change, number] of family.variations) {
      const theirs = recorded.outcomes[number];
      const ours = await outcomeOf(changed(files, change), family);
      if (isError(theirs) && UNNAMED_CLASS.test(title)) expect(isError(ours)).toBe(false);
      else if (isError(theirs) && title.endsWith(BYTE_ORDER_MARK)) continue;
      else if (isDifferent(ours, theirs)) differences.push({ title, ours, theirs });
    }
    expect(family.variations.length).toBeGreaterThan(450);
    expect(differences).toEqual([]);
  });
});

test('the ids were recorded from the transformers that the documentation names', () => {
  expect(recorded.transformers).toBe('5.24.0');
});

function isDifferent(ours: Outcome, theirs: Outcome): boolean {
  if (isError(ours)) return !isError(theirs) && !REFUSED.some((reason) => reason.test(ours.error));
  return JSON.stringify(ours) !== JSON.stringify(theirs);
}
