/** @file Determines what the objects of a JSON file hold, by the first of them. */
import type { JsonObject } from '../../base/json-schema.js';
import { whyUnrecognised } from '../column-faults.js';
import { recogniseHeader, type ColumnNames, type TextColumns } from '../columns.js';
import { corpusOf } from '../corpora.js';
import type { NoPairs, Probed } from '../format.js';
import { entriesOf } from '../readers/json.js';
import type { Shape } from '../source.js';

/** How many objects to examine. */
export const LOOKED_AT = 20;

/** Decides by the first object with both columns; others may lack one if a text is missing. */
export function probeObjects(
  objects: readonly JsonObject[],
  shape: Shape,
  name: string,
  names: ColumnNames,
): readonly [Probed] | NoPairs {
  const entries = objects.map((object) => entriesOf(object));
  for (const own of entries) {
    const keys = own.map(([key]) => key);
    const rows = entries.map((others) => keys.map((key) => textAt(others, key)));
    const recognised = recogniseHeader(keys, names, rows);
    if (recognised === undefined || areLists(own, recognised.columns)) continue;
    const texts = entries.map((others) =>
      others.map(([, value]) => value).filter((value) => typeof value === 'string'),
    );
    return [{ shape, columns: recognised.columns, corpus: corpusOf(recognised, texts, name) }];
  }
  if (objects.length === 0) return { reason: 'expected objects such as {"ko": "…", "en": "…"}, got none' };
  const keys = entries[0]!.map(([key]) => key);
  return {
    reason: whyUnrecognised(
      keys,
      names,
      entries.map((others) => keys.map((key) => textAt(others, key))),
    ),
  };
}

/** Whether each column holds a list, so that the object is the whole table. */
function areLists(entries: readonly (readonly [string, unknown])[], { ko, en }: TextColumns): boolean {
  return [ko, en].every((column) => entries.some(([key, value]) => key === column && Array.isArray(value)));
}

function textAt(entries: readonly (readonly [string, unknown])[], key: string): string | undefined {
  const value = entries.find(([name]) => name === key)?.[1];
  return typeof value === 'string' ? value : undefined;
}
