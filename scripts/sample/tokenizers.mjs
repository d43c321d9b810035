/** @file Tokenizers for the sample's models, in the hub's formats. */
import { countWords, trainMerges } from './vocabulary-training.mjs';

/** @typedef {{ size: number, files: Record<string, unknown> }} Tokenizer its number of tokens, and its files by name */

/** GPT-2's alphabet: a printable character for every byte. */
const BYTE_LETTERS = (() => {
  /** @param {number} byte */
  const printable = (byte) => (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
  const bytes = Array.from({ length: 256 }, (_, byte) => byte);
  let next = 256;
  return bytes.map((byte) => String.fromCharCode(printable(byte) ? byte : next++));
})();

/** The order in which CLIP's vocabulary lists the bytes: those that stand for themselves come first. */
const CLIP_ALPHABET = [...BYTE_LETTERS].sort((a, b) => a.charCodeAt(0) - b.charCodeAt(0));

const [START, END] = ['<|startoftext|>', '<|endoftext|>'];

/**
 * A tokenizer like CLIP's: lower case, byte-level BPE with `</w>` at the ends of words. Returns its files by name.
 *
 * @param {readonly string[]} texts
 * @param {number} mergeCount
 * @returns {Tokenizer}
 */
export function clipTokenizer(texts, mergeCount) {
  const words = countWords(texts).map(([word, count]) => {
    const letters = [...Buffer.from(word)].map((byte) => BYTE_LETTERS[byte] ?? '');
    return { symbols: [...letters.slice(0, -1), `${letters.at(-1)}</w>`], count };
  });
  const merges = trainMerges(words, mergeCount, (left, right) => left + right);
  const tokens = [
    ...CLIP_ALPHABET,
    ...CLIP_ALPHABET.map((letter) => `${letter}</w>`),
    ...merges.map(([left, right]) => left + right),
    START,
    END,
  ];
  const vocab = Object.fromEntries(tokens.map((token, id) => [token, id]));
  const json = {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: [START, END].map((token) => addedToken(token, vocab)),
    normalizer: {
      type: 'Sequence',
      normalizers: [
        { type: 'NFC' },
        { type: 'Replace', pattern: { Regex: '\\s+' }, content: ' ' },
        { type: 'Lowercase' },
      ],
    },
    pre_tokenizer: {
      type: 'Sequence',
      pretokenizers: [
        {
          type: 'Split',
          pattern: { Regex: "'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+" },
          behavior: 'Removed',
          invert: true,
        },
        { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
      ],
    },
    post_processor: {
      type: 'RobertaProcessing',
      sep: [END, vocab[END]],
      cls: [START, vocab[START]],
      trim_offsets: false,
      add_prefix_space: false,
    },
    decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: END,
      continuing_subword_prefix: '',
      end_of_word_suffix: '</w>',
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab,
      merges: merges.map((merge) => merge.join(' ')),
    },
  };
  const specials = { bos_token: START, eos_token: END, pad_token: END, unk_token: END };
  return {
    size: tokens.length,
    files: {
      'tokenizer.json': json,
      'tokenizer_config.json': {
        ...specials,
        do_lower_case: true,
        model_max_length: 77,
        tokenizer_class: 'CLIPTokenizer',
      },
      'special_tokens_map.json': specials,
    },
  };
}

const SPECIALS = {
  cls_token: '[CLS]',
  pad_token: '[PAD]',
  sep_token: '[SEP]',
  unk_token: '[UNK]',
  mask_token: '[MASK]',
};

/**
 * A tokenizer like klue/roberta-small's: cased WordPiece, special tokens first. Returns its files by name.
 *
 * @param {readonly string[]} texts
 * @param {number} mergeCount
 * @returns {Tokenizer}
 */
export function wordPieceTokenizer(texts, mergeCount) {
  /** @param {string} word */
  const split = (word) => Array.from(word, (character, i) => (i === 0 ? character : `##${character}`));
  const words = countWords(texts).map(([word, count]) => ({ symbols: split(word), count }));
  /**
   * @param {string} left
   * @param {string} right
   */
  const join = (left, right) => left + right.slice(2);
  const merges = trainMerges(words, mergeCount, join);
  const characters = [
    ...new Set([
      ...Array.from({ length: 94 }, (_, i) => String.fromCharCode(33 + i)),
      ...words.flatMap(({ symbols }) => symbols),
    ]),
  ];
  const alphabet = characters.flatMap((c) => (/^[a-z]$/.test(c) ? [c, `##${c}`] : [c])).sort();
  const tokens = [
    ...new Set([...Object.values(SPECIALS), ...alphabet, ...merges.map(([left, right]) => join(left, right))]),
  ];
  const vocab = Object.fromEntries(tokens.map((token, id) => [token, id]));
  const json = {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: Object.values(SPECIALS).map((token) => addedToken(token, vocab)),
    normalizer: {
      type: 'BertNormalizer',
      clean_text: true,
      handle_chinese_chars: true,
      strip_accents: null,
      lowercase: false,
    },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: { type: 'BertProcessing', sep: ['[SEP]', vocab['[SEP]']], cls: ['[CLS]', vocab['[CLS]']] },
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    model: {
      type: 'WordPiece',
      unk_token: '[UNK]',
      continuing_subword_prefix: '##',
      max_input_chars_per_word: 100,
      vocab,
    },
  };
  return {
    size: tokens.length,
    files: {
      'tokenizer.json': json,
      'tokenizer_config.json': {
        ...SPECIALS,
        bos_token: '[CLS]',
        eos_token: '[SEP]',
        do_lower_case: false,
        model_max_length: 512,
        tokenizer_class: 'BertTokenizer',
      },
      'special_tokens_map.json': SPECIALS,
      'vocab.txt': `${tokens.join('\n')}\n`,
    },
  };
}

/**
 * @param {string} content
 * @param {Record<string, number>} vocab
 */
function addedToken(content, vocab) {
  return {
    id: vocab[content],
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: true,
  };
}
