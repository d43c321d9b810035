import { patternFor, type Written } from './common-text.js';
import { checkPattern, PatternError } from './pattern-cost.js';
import { DIGIT, LETTER, NUMBER, WHITE_SPACE } from './unicode.js';
import { unsupportedStep } from './unsupported-step.js';

/** Oniguruma's character classes, used in a tokenizer.json, in JavaScript with the `v` flag. */
const CLASSES: Readonly<Record<string, string>> = {
  '\\s': WHITE_SPACE,
  '\\p{L}': LETTER,
  '\\p{N}': NUMBER,
  '\\d': DIGIT,
};

/** The other escapes in JavaScript. */
const ESCAPES: Readonly<Record<string, string>> = {
  '\\S': '\\P{White_Space}',
  '\\r': '\\r',
  '\\n': '\\n',
  '\\t': '\\t',
};

/**
 * Compiles the pattern of a `Split` or `Replace` step (`{"String": …}` or `{"Regex": …}`) to a global regular
 * expression that matches what Python's tokenizers match. It is chosen per text, as common texts have a faster one.
 * Throws an `InputError` for a pattern that JavaScript cannot express.
 */
export function compilePattern(pattern: unknown, where = 'tokenizer.json'): (text: string) => RegExp {
  const { String: literal, Regex: regex } = (pattern ?? {}) as { String?: string; Regex?: string };
  if (literal === '') return () => NEVER;
  if (literal !== undefined) {
    const pattern = new RegExp(literal.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&'), 'gv');
    return () => pattern;
  }
  if (regex === undefined) throw unsupportedStep(where, 'pattern', JSON.stringify(pattern));
  try {
    checkPattern(translate(regex, where));
    return patternFor((written) => new RegExp(translate(regex, where, written), 'gv'));
  } catch (error) {
    if (error instanceof PatternError) throw unsupportedStep(where, 'pattern', `${shown(regex)} (${error.message})`);
    if (error instanceof SyntaxError) throw unsupportedStep(where, 'pattern', shown(regex));
    throw error;
  }
}

/** Never matches, as Python does not find empty strings. */
const NEVER = /(?!)/g;

function translate(regex: string, where: string, written: Written = (characterClass) => characterClass): string {
  return regex.replace(/\\(?:[pP]\{\^?\w+\}|.)/gsu, (escape) => {
    const characterClass = CLASSES[escape];
    if (characterClass !== undefined) return written(characterClass);
    const known = ESCAPES[escape];
    if (known !== undefined) return known;
    // An escaped sign stands for itself, which JavaScript only allows for syntax characters: write its code point
    // instead.
    if (!/\w/.test(escape[1]!)) return `\\u{${escape.codePointAt(1)!.toString(16)}}`;
    throw unsupportedStep(where, 'pattern', shown(regex));
  });
}

/** The beginning of a pattern, for messages. */
function shown(regex: string): string {
  return `"${regex.slice(0, 80)}"`;
}
