/** @file Translation memories. */
import type { Format } from '../format.js';
import { fromFirstTag } from '../readers/first-tag.js';
import { readTmx, textIn, TMX_COLUMNS, tmxUnits, type TmxText } from '../readers/tmx.js';

/** How many units to search for one with both languages. */
const MAX_EXAMINED = 1000;

/** How many languages a message names. */
const MAX_SHOWN = 10;

export const TMX: Format = {
  shapes: ['tmx'],
  endings: ['.tmx'],
  matches: ({ text }) => /^(?:<!DOCTYPE\s+tmx\b|<tmx\b)/i.test(fromFirstTag(text)),
  probe: async (file) => {
    const units: TmxText[][] = [];
    for await (const batch of tmxUnits(file)) {
      units.push(...batch);
      if (batch.some(isPair)) return [{ shape: 'tmx', columns: TMX_COLUMNS, corpus: 'other' }];
      if (units.length > MAX_EXAMINED) break;
    }
    const languages = [...new Set(units.flatMap((unit) => unit.map(({ language }) => language)))].slice(0, MAX_SHOWN);
    const found =
      languages.length === 0 ? 'no texts' : languages.map((language) => language.slice(0, MAX_SHOWN)).join(', ');
    return { reason: `expected texts in ko and en, got ${found}; export both languages` };
  },
  read: readTmx,
};

function isPair(unit: readonly TmxText[]): boolean {
  return (['ko', 'en'] as const).every((language) => textIn(unit, language) !== undefined);
}
