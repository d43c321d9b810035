/**
 * @file Unigram, BPE with byte fallback, WordLevel and ways to split words against what transformers 5.24 made of the
 * same files (scripts/tokenizers/record_sentencepiece.py).
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadTokenizer } from '../../src/text/tokenizer.js';

interface Folder {
  title: string;
  files: Record<string, unknown> & { 'tokenizer.json': { model: object; pre_tokenizer: object } };
  pad: number;
  /** Without padding. */
  ids: number[][];
}

const FIXTURE = path.join(import.meta.dirname, '../fixtures/tokenizer-files/sentencepiece.json');
const { texts, folders } = JSON.parse(await readFile(FIXTURE, 'utf8')) as { texts: string[]; folders: Folder[] };

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'kd-sentencepiece-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function put(files: Record<string, unknown>): Promise<void> {
  for (const [name, content] of Object.entries(files))
    await writeFile(path.join(folder, name), JSON.stringify(content));
}

test.each(folders)('$title gives the ids of transformers', async ({ files, pad, ids }) => {
  await put(files);
  const tokenizer = await loadTokenizer(folder);
  expect(tokenizer.padId).toBe(pad);
  for (const [i, text] of texts.entries()) {
    const expected = [...ids[i], ...new Array<number>(77 - ids[i].length).fill(pad)];
    expect([text, [...tokenizer.encode(text).ids]]).toEqual([text, expected]);
  }
});

describe('refused in one line is', () => {
  const { files } = folders.find(({ title }) => title === 'Unigram as it is')!;
  const stored = files['tokenizer.json'];
  const bytes = folders.find(({ title }) => title === 'BPE with byte fallback')!.files['tokenizer.json'];
  const vocabulary = (vocab: unknown, settings = {}) => ({
    ...stored,
    model: { type: 'Unigram', unk_id: 0, vocab, ...settings },
  });
  const without = (token: string): object => {
    const { vocab, ...model } = bytes.model as { vocab: Record<string, number> };
    const kept = Object.entries(vocab).filter(([each]) => each !== token);
    return { ...bytes, model: { ...model, vocab: Object.fromEntries(kept) } };
  };

  test.each([
    [
      'an unknown type',
      { ...stored, model: { type: 'Neural' } },
      /expected a model of type BPE, .*, got Neural; use a/,
    ],
    ['no unknown token', vocabulary([['a', 0]], { unk_id: null }), /expected .*, got null \(model\.unk_id\)/],
    ['one beyond the vocabulary', vocabulary([['a', 0]], { unk_id: 1 }), /expected an id below 1, got 1/],
    ['a vocabulary by name', vocabulary({ a: 0 }), /expected a list of tokens and their scores, got an object/],
    ['a token without a score', vocabulary([['a']]), /expected a token of its own, .*\(model\.vocab\[0\]\)/],
    [
      'a token that is there twice',
      vocabulary([
        ['a', 0],
        ['a', 1],
      ]),
      /expected a token of its own, .*\[1\]\)/,
    ],
    ['a damaged table', { ...stored, normalizer: { type: 'Precompiled', precompiled_charsmap: 'AAAA' } }, /a table of/],
    [
      'contradicting spaces',
      { ...stored, pre_tokenizer: { ...stored.pre_tokenizer, add_prefix_space: false } },
      /expected/,
    ],
    [
      'an unknown scheme',
      { ...stored, pre_tokenizer: { ...stored.pre_tokenizer, prepend_scheme: 'last' } },
      /expected one of .*, got "last"|expected/,
    ],
    ['byte fallback without a byte', without('<0x41>'), /expected tokens for all bytes \(<0x00> to <0xFF>\)/],
  ])('%s', async (_, json, message) => {
    await put({ ...files, 'tokenizer.json': json });
    const failure = await loadTokenizer(folder).catch((error: unknown) => (error as Error).message);
    expect(failure).toMatch(message);
    expect(failure).toContain(path.join(folder, 'tokenizer.json'));
  });

  test('a class of another kind of model', async () => {
    await put({ ...files, 'tokenizer_config.json': { tokenizer_class: 'BertTokenizer' } });
    await expect(loadTokenizer(folder)).rejects.toThrow(
      'expected a model of type BPE or WordPiece, as BertTokenizer has it, got Unigram; correct tokenizer_class',
    );
  });

  test("SentencePiece's own file alone", async () => {
    await put({ 'sentencepiece.bpe.model': '', 'config.json': { model_type: 'xlm-roberta' } });
    await expect(loadTokenizer(folder)).rejects.toThrow(
      `${folder}: expected a tokenizer.json, got only sentencepiece.bpe.model; write it in transformers, with ` +
        'sentencepiece installed: AutoTokenizer.from_pretrained("…").save_pretrained("…")',
    );
  });
});
