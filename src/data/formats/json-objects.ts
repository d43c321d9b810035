/** @file Determines what the objects of a JSON file hold, by the first of them. */
import { isObject, type JsonObject } from '../../base/json-schema.js';
import { shownNames, whyUnrecognised } from '../column-faults.js';
import { recogniseHeader, type ColumnNames, type TextColumns } from '../columns.js';
import { corpusOf } from '../corpora.js';
import type { NoPairs, Probed } from '../format.js';
import { entriesOf } from '../readers/json.js';
import type { Shape } from '../source.js';

/** How many objects to examine. */
export const EXAMINED_ROWS = 20;

/**
 * Decides by the first object with both columns; others may lack one if a text is missing.
 *
 * @param areNested whether to look for pairs in lists inside the objects, if they have none themselves
 */
export function probeObjects(
  objects: readonly JsonObject[],
  shape: Shape,
  name: string,
  names: ColumnNames,
  areNested = false,
): readonly [Probed] | NoPairs {
  const verdict = probeFlat(objects, shape, name, names);
  if (!areNested || !('reason' in verdict)) return verdict;
  const lists = listsIn(objects).map(({ keys, items }) => ({ keys, found: probeFlat(items, shape, name, names) }));
  const withPairs = lists.flatMap(({ keys, found }) => ('reason' in found ? [] : [{ ...found[0], inner: keys }]));
  if (withPairs.length === 1) return [withPairs[0]!];
  if (withPairs.length > 1) {
    const shown = shownNames(withPairs.map(({ inner }) => inner.join('.')));
    return {
      reason: `expected pairs in one list of each object, got them in ${shown}; write one object for each pair`,
    };
  }
  const [first, ...others] = lists;
  if (first === undefined || others.length > 0) return verdict;
  return { reason: `in ${first.keys.join('.')}: ${(first.found as NoPairs).reason}` };
}

function probeFlat(
  objects: readonly JsonObject[],
  shape: Shape,
  name: string,
  names: ColumnNames,
): readonly [Probed] | NoPairs {
  const entries = objects.map((object) => entriesOf(object));
  const textsOf = entries.map(textsByKey);
  for (const own of entries) {
    const keys = own.map(([key]) => key);
    const rows = textsOf.map((texts) => keys.map((key) => texts.get(key)));
    const recognised = recogniseHeader(keys, names, rows);
    if (recognised === undefined || areLists(own, recognised.columns)) continue;
    const texts = entries.map((others) =>
      others.map(([, value]) => value).filter((value) => typeof value === 'string'),
    );
    return [{ shape, columns: recognised.columns, corpus: corpusOf(recognised, texts, name) }];
  }
  const listed = entries.flatMap((own) => listedTexts(own, names)).slice(0, 2);
  if (listed.length > 0) {
    const found = `lists in ${shownNames([...new Set(listed)])}`;
    return { reason: `expected one text under each key, got ${found}; write one object for each pair` };
  }
  if (objects.length === 0)
    return { reason: 'expected objects such as {"ko": "…", "en": "…"}, got none; write one for each pair' };
  const keys = entries[0]!.map(([key]) => key);
  return {
    reason: whyUnrecognised(
      keys,
      names,
      textsOf.map((texts) => keys.map((key) => texts.get(key))),
    ),
  };
}

/** The keys of both texts if they hold lists. */
function listedTexts(entries: readonly (readonly [string, unknown])[], names: ColumnNames): string[] {
  const columns = recogniseHeader(
    entries.map(([key]) => key),
    names,
  )?.columns;
  return columns !== undefined && areLists(entries, columns) ? [columns.ko, columns.en] : [];
}

/** The deepest list that is searched for pairs: `{"documents": [{"paragraphs": [{"sentences": […]}]}]}`. */
const MAX_LEVELS = 4;

/** The lists of objects inside some objects, by their keys, with their first objects. */
function listsIn(objects: readonly JsonObject[]): { keys: readonly string[]; items: JsonObject[] }[] {
  const lists = new Map<string, { keys: readonly string[]; items: JsonObject[] }>();
  const search = (object: JsonObject, path: readonly string[], level: number): void => {
    if (level === MAX_LEVELS) return;
    for (const [key, value] of Object.entries(object)) {
      const keys = [...path, key];
      if (isObject(value)) search(value, keys, level + 1);
      if (!Array.isArray(value)) continue;
      const items = value.filter(isObject).slice(0, EXAMINED_ROWS);
      const id = JSON.stringify(keys);
      const list = lists.get(id) ?? { keys, items: [] };
      if (items.length > 0) lists.set(id, list);
      list.items.push(...items.slice(0, EXAMINED_ROWS - list.items.length));
      for (const item of items) search(item, keys, level + 1);
    }
  };
  for (const object of objects) search(object, [], 0);
  return [...lists.values()];
}

/** Whether each column holds a list, so that the object is the whole table. */
function areLists(entries: readonly (readonly [string, unknown])[], { ko, en }: TextColumns): boolean {
  return [ko, en].every((column) => entries.some(([key, value]) => key === column && Array.isArray(value)));
}

/** The texts of an object by their keys. If a key occurs twice, the first counts. */
function textsByKey(entries: readonly (readonly [string, unknown])[]): Map<string, string | undefined> {
  return new Map(entries.toReversed().map(([key, value]) => [key, typeof value === 'string' ? value : undefined]));
}
