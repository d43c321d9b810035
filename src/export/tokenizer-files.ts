/** @file Writes a tokenizer's files for other programs. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '../base/files.js';
import { ifThere, readJsonObject } from '../base/json-file.js';
import type { JsonFormat } from '../base/python-json.js';
import { readTokenizerFiles, TOKENIZER_FILES } from '../text/tokenizer-files.js';
import type { AddedToken, TokenizerJson } from '../text/tokenizer-json.js';
import { MAX_LENGTH } from '../text/max-length.js';

/** How to write an export's tokenizer. */
export interface TokenizerStyle {
  /** Write merges as `"a b"`: `@xenova/transformers` 2 cannot read the pairs that `tokenizers` 0.20 and later write. */
  readonly plainMerges: boolean;
  readonly json: JsonFormat;
}

/**
 * Copies a tokenizer's files with two settings changed: the length, which becomes the 77 tokens of training, and the
 * model inputs, which become the ids alone, so that the tokenizer's output passed to the model has no attention mask.
 * Older checkpoints with only vocabulary files get a `tokenizer.json`.
 */
export async function writeTokenizerFiles(
  from: string,
  to: string,
  { plainMerges, json: format }: TokenizerStyle,
): Promise<void> {
  const { json, padToken, className } = await readTokenizerFiles(from);
  const stored = await ifThere(readJsonObject(join(from, 'tokenizer.json')));
  const isRewritten = stored === undefined || (plainMerges && json.model.type === 'BPE');
  for (const name of TOKENIZER_FILES) {
    if (isRewritten && name === 'added_tokens.json') continue; // its ids may differ from those in use
    const bytes = await readFile(join(from, name)).catch(() => undefined);
    if (bytes !== undefined) await writeFileAtomic(join(to, name), bytes);
  }
  if (isRewritten) await writeFileAtomic(join(to, 'tokenizer.json'), `${format(complete(json, stored))}\n`);
  const settings = (await ifThere(readJsonObject(join(from, 'tokenizer_config.json')))) ?? { pad_token: padToken };
  const config = {
    // Otherwise the model's configuration would decide, which may not be the one beside the tokenizer.
    tokenizer_class: className === 'TokenizersBackend' ? 'PreTrainedTokenizerFast' : className,
    ...settings,
    model_max_length: MAX_LENGTH,
    model_input_names: ['input_ids'],
  };
  await writeFileAtomic(join(to, 'tokenizer_config.json'), `${format(config)}\n`);
}

/** Tokenizer classes of transformers that diffusers accepts by name; the others need their base class. */
const CLASSES = [
  'CLIPTokenizerFast',
  'BertTokenizerFast',
  'RobertaTokenizerFast',
  'XLMRobertaTokenizerFast',
  'CamembertTokenizerFast',
];

/** The concrete transformers class that loads a tokenizer's folder, as diffusers requires it. */
export async function tokenizerClass(folder: string): Promise<string> {
  const name = (await ifThere(readJsonObject(join(folder, 'tokenizer_config.json'))))?.tokenizer_class;
  const fast = `${String(name).replace(/Fast$/, '')}Fast`;
  return CLASSES.includes(fast) ? fast : 'PreTrainedTokenizerFast';
}

/** Adds all fields that `tokenizers` requires in a `tokenizer.json`. */
function complete(json: TokenizerJson, stored: object | undefined): object {
  const merges = json.model.merges?.map((merge) => (typeof merge === 'string' ? merge : merge.join(' ')));
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    decoder:
      json.model.type === 'WordPiece'
        ? { type: 'WordPiece', prefix: '##', cleanup: true }
        : { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
    ...stored,
    added_tokens: json.added_tokens.map(completeToken),
    normalizer: json.normalizer,
    pre_tokenizer: json.pre_tokenizer,
    post_processor: completeProcessor(json),
    model: merges === undefined ? json.model : { ...json.model, merges },
  };
}

function completeToken({ id, content, ...settings }: AddedToken): AddedToken {
  return {
    id,
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: true,
    ...settings,
  };
}

function completeProcessor({ post_processor: processor }: TokenizerJson): object | null {
  return processor?.type === 'RobertaProcessing'
    ? { trim_offsets: false, add_prefix_space: false, ...processor }
    : processor;
}
