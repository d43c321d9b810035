/** @file Facts on pages: large numbers, and lists of names and values. */
import type { Entry } from '../report-data.js';
import type { Format } from './format.js';
import { breakable, h } from './dom.js';

/** A large number with notes below it. */
export function fact(
  title: string,
  value: string,
  notes: readonly (string | undefined)[],
  { className = '', unit }: { readonly className?: string; readonly unit?: string } = {},
): HTMLElement {
  return h(
    'div',
    { class: `fact ${className}` },
    h('span', { class: 'fact-title' }, title),
    h('b', {}, value, unit !== undefined && h('small', {}, ` ${unit}`)),
    notes.map((note) => note !== undefined && h('span', { class: 'quiet' }, note)),
  );
}

/** Steps done, out of how many; on two lines if space is short. */
export function stepsOf(format: Format, step: number, total: number | null): HTMLElement {
  const of = total !== null && h('span', { class: 'total' }, ` / ${format.count(total)}`);
  return h('span', {}, format.count(step), of);
}

/** A list of names and values. */
export function entries(list: readonly Entry[], isCode: boolean): HTMLElement {
  return h(
    'dl',
    { class: 'entries' },
    list.flatMap(([name, value]) => [
      h('dt', {}, isCode ? h('code', {}, name) : name),
      h('dd', {}, value === '' ? '✓' : breakable(value)),
    ]),
  );
}
