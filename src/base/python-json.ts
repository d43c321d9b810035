/**
 * @file JSON as Python writes it: it may contain `NaN`, `Infinity` and `-Infinity`, which `JSON.parse` rejects, and
 * begin with a byte order mark. For whole configuration files; data files have their own reader.
 */
import { randomUUID } from 'node:crypto';

/** A string, which stays as it is, or one of the three words. */
const STRING_OR_NUMBER = /"[^"\\]*(?:\\[^][^"\\]*)*"|\bNaN\b(?!\s*:)|-?\bInfinity\b/g;

/** Parses JSON as Python writes it. Throws what `JSON.parse` throws for anything else. */
export function parsePythonJson(text: string): unknown {
  const json = text.startsWith('\uFEFF') ? text.slice(1) : text;
  try {
    return JSON.parse(json);
  } catch (error) {
    if (!/NaN|Infinity/.test(json)) throw error;
    return parseWithWords(json, error);
  }
}

/**
 * Parses JSON with the three words. Infinity becomes `1e999`, which is too large for a float64 and so parsed as
 * infinite; NaN has no such form.
 */
function parseWithWords(json: string, first: unknown): unknown {
  const notANumber = randomUUID();
  const standard = json.replace(STRING_OR_NUMBER, (part) => {
    if (part.startsWith('"')) return part;
    return part === 'NaN' ? `"${notANumber}"` : part.replace('Infinity', '1e999');
  });
  try {
    if (!standard.includes(notANumber)) return JSON.parse(standard);
    return JSON.parse(standard, (_, value: unknown) => (value === notANumber ? NaN : value));
  } catch {
    throw first; // its position refers to the original text
  }
}

/** Formats a value as JSON, indented by two spaces. */
export type JsonFormat = (value: unknown) => string;

/** JSON that every reader accepts: NaN and infinities become `null`. */
export const formatStandardJson: JsonFormat = (value) => JSON.stringify(value, null, 2);

/** JSON as Python writes and reads it, with `NaN`, `Infinity` and `-Infinity`. */
export const formatPythonJson: JsonFormat = (value) => {
  const mark = randomUUID();
  const withWords = (_: string, part: unknown): unknown =>
    typeof part === 'number' && !Number.isFinite(part) ? mark + String(part) : part;
  return JSON.stringify(value, withWords, 2).replace(new RegExp(`"${mark}(NaN|-?Infinity)"`, 'g'), '$1');
};
