import { byteLetters } from './byte-tokens.js';
import { charactersMap } from './characters-map.js';
import { isCommon } from './common-text.js';
import { compilePattern } from './pattern.js';
import { stepsIn } from './steps.js';
import type { StepConfig } from './tokenizer-json.js';
import {
  AFTER_UNICODE_9,
  BERT_ACCENT,
  BERT_CONTROL,
  BERT_IDEOGRAPH,
  COMBINING_MARK,
  NMT_BLANK,
  NMT_DROPPED,
  WHITE_SPACE,
} from './unicode.js';
import { unsupportedStep } from './unsupported-step.js';

/** Transforms a text before it is split into words. */
export type Normalizer = (text: string) => string;

/**
 * The normaliser of a `tokenizer.json` (`where`, for messages). Replaces those of `@xenova/transformers` 2.17.2, which
 * differ from Python's: `\s` is JavaScript's, `Lowercase` produces final sigma, and `BertNormalizer` misses ideographs
 * outside the basic plane and drops too few accents.
 */
export function normalizerOf(config: StepConfig | null, where = 'tokenizer.json'): Normalizer {
  switch (config?.type) {
    case undefined:
      return (text) => text;
    case 'Sequence': {
      const steps = (config.normalizers as StepConfig[]).map((step) => normalizerOf(step, where));
      return (text) => steps.reduce((result, step) => step(result), text);
    }
    case 'NFC':
    case 'NFD':
    case 'NFKC':
    case 'NFKD': {
      const form = config.type;
      return (text) => normalizeUnicode(text, form);
    }
    case 'Lowercase':
      return lowercase;
    case 'StripAccents':
      return (text) => (isCommon(text) ? text : text.replace(MARK, ''));
    case 'Nmt':
      return (text) => (isCommon(text) ? text : text.replace(DROPPED_BY_NMT, '').replace(BLANK_TO_NMT, ' '));
    case 'Replace': {
      const pattern = compilePattern(config.pattern, where);
      const content = config.content as string;
      return (text) => text.replace(pattern(text), () => content);
    }
    case 'BertNormalizer':
      return bertNormalizer(config);
    case 'Precompiled':
      return charactersMap(config.precompiled_charsmap as string, where);
    case 'ByteLevel':
      return byteLetters;
    case 'Prepend': {
      const start = config.prepend as string;
      return (text) => (text === '' ? text : start + text);
    }
    case 'Strip': {
      const { strip_left: left, strip_right: right } = config;
      return (text) => text.replace(left ? SPACE_BEFORE : /(?!)/, '').replace(right ? SPACE_BEHIND : /(?!)/, '');
    }
    default:
      throw unsupportedStep(where, 'normalizer', config!.type);
  }
}

/**
 * Tells how long the beginning of a text is after normalisation, in UTF-16 code units: `tokenizers` counts all that was
 * written for the first character as its place. Zero if normalisation drops that; SentencePiece's table leaves the
 * place even then.
 */
export function startLengthOf(config: StepConfig | null): (text: string) => number {
  const normalizers = stepsIn(config, 'normalizers').filter(({ type }) => type !== 'Precompiled');
  const [keep, normalize] = [normalizerOf({ type: 'Sequence', normalizers }), normalizerOf(config)];
  return (text) => {
    if (text === '') return 0;
    const first = String.fromCodePoint(text.codePointAt(0)!);
    return keep(first) === '' ? 0 : Math.max(1, normalize(first).length);
  };
}

/** A normalisation form as of Unicode 9. */
function normalizeUnicode(text: string, form: 'NFC' | 'NFD' | 'NFKC' | 'NFKD'): string {
  if (isCommon(text)) return form.endsWith('C') ? text : text.normalize(form);
  const stretches = text.split(LATER);
  return stretches.map((stretch, index) => (index % 2 === 1 ? stretch : stretch.normalize(form))).join('');
}

/** Lower-cases each character separately: unlike JavaScript, a sigma at the end of a word gets no special form. */
function lowercase(text: string): string {
  return text.replaceAll('Σ', 'σ').toLowerCase();
}

/** In a group, so that splitting keeps the separators. */
const LATER = new RegExp(`(${AFTER_UNICODE_9})`, 'v');
const MARK = new RegExp(COMBINING_MARK, 'gv');
const DROPPED_BY_NMT = new RegExp(NMT_DROPPED, 'gv');
const BLANK_TO_NMT = new RegExp(NMT_BLANK, 'gv');
const CONTROL = new RegExp(BERT_CONTROL, 'gv');
const SPACE = new RegExp(WHITE_SPACE, 'gv');
const SPACE_BEFORE = new RegExp(`^${WHITE_SPACE}+`, 'v');
const SPACE_BEHIND = new RegExp(`(?<!${WHITE_SPACE})${WHITE_SPACE}+$`, 'v');
const IDEOGRAPH = new RegExp(BERT_IDEOGRAPH, 'gv');
const ACCENT = new RegExp(BERT_ACCENT, 'gv');

/** BERT's four steps, in the order of `tokenizers/src/normalizers/bert.rs`. */
function bertNormalizer(config: StepConfig): Normalizer {
  const { clean_text: clean, handle_chinese_chars: setIdeographsApart, lowercase: lower } = config;
  const stripAccents = config.strip_accents ?? lower;
  return (text) => {
    let result = text;
    const isClean = isCommon(text);
    if (clean && !isClean) result = result.replace(CONTROL, '').replace(SPACE, ' ');
    if (setIdeographsApart && !isClean) result = result.replace(IDEOGRAPH, ' $& ');
    if (stripAccents) result = normalizeUnicode(result, 'NFD').replace(ACCENT, '');
    return lower ? lowercase(result) : result;
  };
}
