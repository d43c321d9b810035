import { InputError } from '../base/errors.js';
import { checkPattern, PatternError } from './pattern-cost.js';
import { LETTER, NUMBER, WHITE_SPACE } from './unicode.js';

/** What an escape of Oniguruma, the regular expressions of a tokenizer.json, is called with JavaScript's `v` flag. */
const ESCAPES: Readonly<Record<string, string>> = {
  '\\s': WHITE_SPACE,
  '\\S': '\\P{White_Space}',
  '\\p{L}': LETTER,
  '\\p{N}': NUMBER,
  '\\d': '\\p{Nd}',
  '\\r': '\\r',
  '\\n': '\\n',
  '\\t': '\\t',
};

/**
 * The pattern of a `Split` or `Replace` step (`{"String": …}` or `{"Regex": …}`) as a global regular expression that
 * matches what Python's tokenizers match. Throws an `InputError` for a pattern JavaScript cannot say.
 */
export function compilePattern(pattern: unknown, where = 'tokenizer.json'): RegExp {
  const { String: literal, Regex: regex } = (pattern ?? {}) as { String?: string; Regex?: string };
  if (literal === '') return NEVER;
  if (literal !== undefined) return new RegExp(literal.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&'), 'gv');
  if (regex === undefined) throw unsupported(where, JSON.stringify(pattern));
  const source = translate(regex, where);
  try {
    checkPattern(source);
    return new RegExp(source, 'gv');
  } catch (error) {
    if (error instanceof PatternError) throw unsupported(where, `${regex.slice(0, 80)} (${error.message})`);
    if (error instanceof SyntaxError) throw unsupported(where, regex.slice(0, 80));
    throw error;
  }
}

/** Python finds an empty text nowhere. */
const NEVER = /(?!)/g;

function translate(regex: string, where: string): string {
  return regex.replace(/\\(?:[pP]\{\^?\w+\}|.)/gsu, (escape) => {
    const known = ESCAPES[escape];
    if (known !== undefined) return known;
    // An escaped sign stands for itself, in JavaScript only if it is a syntax character: write its number instead.
    if (!/\w/.test(escape[1]!)) return `\\u{${escape.codePointAt(1)!.toString(16)}}`;
    throw unsupported(where, regex.slice(0, 80));
  });
}

function unsupported(where: string, pattern: string): InputError {
  return new InputError(
    `${where}: the pattern ${pattern} is not one this program can read; use a CLIP, BERT or RoBERTa checkpoint`,
  );
}
