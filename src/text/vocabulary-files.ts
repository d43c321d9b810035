import path from 'node:path';
import { InputError } from '../errors.js';
import { readJsonObject, readTextFile, type AddedToken, type TokenizerJson } from './tokenizer-json.js';

/**
 * Builds what a `tokenizer.json` would say from the files of older checkpoints: `vocab.txt` (BERT's WordPiece, as
 * klue/roberta-small has it) or `vocab.json` with `merges.txt` (CLIP's BPE). Undefined where neither is there.
 */
export async function readVocabularyFiles(
  folder: string,
  config: Readonly<Record<string, unknown>>,
): Promise<TokenizerJson | undefined> {
  const wordPieces = await readTextFile(path.join(folder, 'vocab.txt'));
  if (wordPieces !== undefined) return bertTokenizerJson(wordPieces, config);
  const vocab = await readJsonObject(folder, 'vocab.json');
  const merges = await readTextFile(path.join(folder, 'merges.txt'));
  if (vocab === undefined || merges === undefined) return undefined;
  if (!('<|startoftext|>' in vocab)) {
    throw new InputError(
      `${folder}: expected a tokenizer.json or CLIP's vocabulary, got a vocab.json without <|startoftext|>; ` +
        'save the tokenizer with a current version of transformers',
    );
  }
  return clipTokenizerJson(vocab as Record<string, number>, merges);
}

/** Settings of transformers' `BertTokenizer`, with its defaults. */
function bertTokenizerJson(text: string, config: Readonly<Record<string, unknown>>): TokenizerJson {
  const lines = text.replace(/\r?\n$/, '').split(/\r?\n/);
  const vocab = Object.fromEntries(lines.map((token, id) => [token, id]));
  const specials = ['[CLS]', '[PAD]', '[SEP]', '[UNK]', '[MASK]'];
  return {
    added_tokens: specials.filter((token) => token in vocab).map((token) => specialToken(token, vocab)),
    normalizer: {
      type: 'BertNormalizer',
      clean_text: true,
      handle_chinese_chars: config.tokenize_chinese_chars ?? true,
      strip_accents: config.strip_accents ?? null,
      lowercase: config.do_lower_case ?? true,
    },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: { type: 'BertProcessing', cls: ['[CLS]', vocab['[CLS]']], sep: ['[SEP]', vocab['[SEP]']] },
    model: {
      type: 'WordPiece',
      unk_token: '[UNK]',
      continuing_subword_prefix: '##',
      max_input_chars_per_word: 100,
      vocab,
    },
  };
}

/** Settings of transformers' `CLIPTokenizerFast`; `merges.txt` starts with a line that names its version. */
function clipTokenizerJson(vocab: Record<string, number>, merges: string): TokenizerJson {
  const [start, end] = ['<|startoftext|>', '<|endoftext|>'] as const;
  const words = "'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+";
  return {
    added_tokens: [specialToken(start, vocab), specialToken(end, vocab)],
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
        { type: 'Split', pattern: { Regex: words }, behavior: 'Removed', invert: true },
        { type: 'ByteLevel', add_prefix_space: false, use_regex: true },
      ],
    },
    post_processor: { type: 'RobertaProcessing', cls: [start, vocab[start]], sep: [end, vocab[end]] },
    model: {
      type: 'BPE',
      unk_token: end,
      end_of_word_suffix: '</w>',
      vocab,
      merges: merges
        .split(/\r?\n/)
        .filter((line, index) => line !== '' && !(index === 0 && line.startsWith('#version'))),
    },
  };
}

function specialToken(content: string, vocab: Readonly<Record<string, number>>): AddedToken {
  return { id: vocab[content], content, normalized: false, special: true };
}
