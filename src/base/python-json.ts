/**
 * @file JSON as Python writes it: with `NaN`, `Infinity` and `-Infinity`, which `json.dump` lets pass and `JSON.parse`
 * does not, and a byte order mark. For whole files of configurations; data are read by a reader of their own.
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

/** JSON has no number that is none, but numbers too large for a float64, which are infinite: `1e999`. */
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
    throw first; // its place is one in the text as it stands
  }
}

/** How a value is written as JSON, indented by two. */
export type JsonFormat = (value: unknown) => string;

/** As every reader of JSON knows it: numbers that are none are `null`. */
export const formatStandardJson: JsonFormat = (value) => JSON.stringify(value, null, 2);

/** As Python writes and reads it: numbers that are none are `NaN`, `Infinity` and `-Infinity`. */
export const formatPythonJson: JsonFormat = (value) => {
  const mark = randomUUID();
  const withWords = (_: string, part: unknown): unknown =>
    typeof part === 'number' && !Number.isFinite(part) ? mark + String(part) : part;
  return JSON.stringify(value, withWords, 2).replace(new RegExp(`"${mark}(NaN|-?Infinity)"`, 'g'), '$1');
};
