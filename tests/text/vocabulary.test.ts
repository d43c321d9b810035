import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { loadTokenizer } from '../../src/text/tokenizer.js';

const VOCAB = { a: 0, b: 1, ab: 2, 'a</w>': 3, 'b</w>': 4, 'ab</w>': 5, '<pad>': 6 };

/** The ids of tokenizers 0.23.3, by text. */
const IDS: readonly [text: string, plain: readonly number[], withSuffix: readonly number[]][] = [
  ['ab', [2], [5]],
  ['a가b', [2], [5]],
  ['ab가', [2], [2]],
  ['a가b가가', [2], [2]],
  ['가', [], []],
  ['가a가', [0], [0]],
  ['a', [0], [3]],
];

const MERGES = { '': ['a b'], '</w>': ['a b', 'a b</w>'] };

test.each([
  ['', 1],
  ['</w>', 2],
] as const)(
  'BPE without an unknown token joins letters over those it has not, with the suffix %j',
  async (suffix, ids) => {
    const idsOf = await bpe({ end_of_word_suffix: suffix, merges: MERGES[suffix] });
    for (const row of IDS) expect([row[0], idsOf(row[0])]).toEqual([row[0], row[ids]]);
  },
);

/** The ids of tokenizers 0.23.3 without merges, by text. */
const WHOLE_IDS: typeof IDS = [
  ['ab', [2], [2]],
  ['a가b', [0, 1], [0, 4]],
  ['가b', [1], [4]],
  ['가ab', [0, 1], [0, 4]],
  ['ab가', [0, 1], [0, 1]],
];

test.each([
  ['', 1],
  ['</w>', 2],
] as const)(
  'BPE that looks up whole words first does so with all of their letters, with the suffix %j',
  async (suffix, ids) => {
    const idsOf = await bpe({ end_of_word_suffix: suffix, merges: [], ignore_merges: true });
    for (const row of WHOLE_IDS) expect([row[0], idsOf(row[0])]).toEqual([row[0], row[ids]]);
  },
);

/** Loads a BPE without an unknown token. */
async function bpe(model: object): Promise<(text: string) => number[]> {
  const folder = await mkdtemp(path.join(tmpdir(), 'kd-vocabulary-'));
  try {
    const whole = { type: 'BPE', unk_token: null, vocab: VOCAB, ...model };
    const settings = { tokenizer_class: 'PreTrainedTokenizerFast', pad_token: '<pad>' };
    await writeFile(path.join(folder, 'tokenizer.json'), JSON.stringify({ added_tokens: [], model: whole }));
    await writeFile(path.join(folder, 'tokenizer_config.json'), JSON.stringify(settings));
    const tokenizer = await loadTokenizer(folder);
    return (text) => {
      const { ids, length } = tokenizer.encode(text);
      return [...ids.slice(0, length)];
    };
  } finally {
    await rm(folder, { recursive: true });
  }
}

test.each(['onnxruntime-node', 'onnxruntime-web'])(
  'the library imports %s, but nothing that takes time to load is installed in its place',
  (name) => {
    const inLibrary = createRequire(createRequire(import.meta.url).resolve('@xenova/transformers/package.json'));
    const { name: installed } = inLibrary(`${name}/package.json`) as { name: string };
    expect(installed).toBe('onnxruntime-common');
  },
);
