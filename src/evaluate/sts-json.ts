/**
 * @file Reads judged pairs from JSON: an array of objects, or an object on each line (JSON Lines). KLUE-STS has
 * `{sentence1, sentence2, labels: {"real-label": 3.714, label: 3.7}}`; others have `score` or `label` beside the
 * sentences.
 */
import { isSameName } from '../data/columns.js';
import { anyObject, checkJson, isObject, valuesThat, type JsonObject } from '../base/json-schema.js';
import { parseJson, soundJson } from '../base/parse-json.js';
import { checkedPair, NAMES } from './sts-pair.js';
import type { StsPair } from './sts.js';

const REMEDY = 'give an array or lines of objects with sentence1, sentence2 and score, as in KLUE-STS, or TSV or CSV';

const ARRAY = valuesThat<readonly unknown[]>(Array.isArray, 'an array of judged pairs, as in KLUE-STS');

/**
 * Reads the pairs of an array, or of JSON Lines.
 *
 * @param path the file, for messages
 * @param areLines whether the text is known to be JSON Lines; otherwise its beginning decides
 * @throws InputError for anything else, and for an item without score or sentences
 */
export function parseStsJson(text: string, path: string, areLines: boolean): StsPair[] {
  if (areLines || isJsonLines(text)) {
    return text.split(/\r\n|\n|\r/).flatMap((line, i) => {
      if (line.trim() === '') return [];
      const where = `${path} line ${i + 1}`;
      return [stsPairOf(parseJson(line, where, REMEDY), where)];
    });
  }
  const items = checkJson(ARRAY, parseJson(text, path, REMEDY), path, REMEDY);
  return items.map((item, i) => stsPairOf(item, `${path} item ${i + 1}`));
}

/** Whether the first of several lines is an object, as pandas and datasets write them even into a `.json`. */
function isJsonLines(text: string): boolean {
  const [first, second] = text.split(/[\r\n]+/).filter((line) => line.trim() !== '');
  return second !== undefined && soundJson(anyObject, first!) !== undefined;
}

/**
 * The pair that an object holds.
 *
 * @param where the file and the line or item, for messages
 * @throws InputError for anything but an object with a score and two sentences
 */
export function stsPairOf(value: unknown, where: string): StsPair {
  const item = checkJson(anyObject, value, where, 'correct the item or remove it');
  const score = part(item, NAMES.score) ?? (isObject(item.labels) ? labelOf(item.labels) : undefined);
  return checkedPair(score, part(item, NAMES.sentence1), part(item, NAMES.sentence2), where);
}

/** KLUE-STS's mean of the judgements; `label` is that mean, rounded. */
function labelOf(labels: JsonObject): unknown {
  return labels['real-label'] ?? labels.label;
}

/** The value under the first of several names; undefined if there is none, or only null. */
function part(item: JsonObject, names: readonly string[]): unknown {
  const values = names.flatMap((name) => Object.keys(item).filter((key) => isSameName(key, name)));
  return values.map((key) => item[key]).find((value) => value !== undefined && value !== null);
}
