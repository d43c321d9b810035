import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { EVENT_SCHEMAS, faultsOf, holdToSchema } from '../json-events.js';

const PAGE = readFileSync(new URL('../../docs/json.md', import.meta.url), 'utf8');

it('docs/json.md lists exactly the events and fields of the schema', () => {
  const sections = PAGE.split(/^## /m).slice(1);
  const shown = sections.map((section) => ({
    title: section.slice(0, section.indexOf('\n')).replaceAll('`', ''),
    fields: [...section.matchAll(/^\| `(\w+)` +\| ([^|]*?) *\|/gm)].map(([, name, type]) => `${name}: ${type}`),
  }));
  const documented = Object.entries(EVENT_SCHEMAS).map(([title, { properties, required }]) => ({
    title,
    fields: Object.entries(properties)
      .filter(([name]) => name !== 'event')
      .map(
        ([name, { type }]) => `${name}: ${[type].flat().join(' or ')}${required.includes(name) ? '' : ', optional'}`,
      ),
  }));
  expect(shown).toEqual(documented);
});

it('an event that differs from the documentation is detected', () => {
  const skipped = { event: 'skipped', step: 7 };
  expect(faultsOf(skipped)).toEqual([]);
  expect(faultsOf({ ...skipped, more: 1 })).toEqual(['more is not documented']);
  expect(faultsOf({ event: 'skipped' })).toEqual(['step is missing']);
  expect(faultsOf({ event: 'skipped', step: 7.5 })).toEqual(['step is 7.5']);
  expect(faultsOf({ event: 'other' })).toEqual(['no event of the name other']);
  expect(() => {
    holdToSchema(['train', '--json'], '{"event":"other"}\n');
  }).toThrow('no event of the name other');
});
