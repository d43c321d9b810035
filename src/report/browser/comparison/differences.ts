/** @file The differences section of a comparison. */
import type { ComparisonData, Difference } from '../../pages.js';
import { breakable, h, nameOf, table } from '../dom.js';
import type { Look, Part } from '../view.js';

/** The settings, and the facts of data, models and machine, that differ; nothing else. */
export function differencesPart({ words }: Look, { runs, differences }: ComparisonData): Part {
  const list = (title: string, entries: readonly Difference[], titleOf: (name: string) => Node | string): Node[] =>
    entries.length === 0
      ? []
      : [
          h('h3', {}, title),
          table(
            ['', ...runs.map(({ run }) => nameOf(run.name))],
            entries.map(({ name, values }) => [
              titleOf(name),
              ...values.map((value) =>
                value === null
                  ? '–'
                  : value === ''
                    ? '✓'
                    : h('span', {}, breakable(words.environmentValue(name, value))),
              ),
            ]),
            { numbers: Infinity, label: title },
          ),
        ];
  return {
    element: h(
      'section',
      { id: 'differences' },
      h('h2', {}, words.differences),
      differences.length === 0 && h('p', { class: 'quiet' }, words.noDifferences),
      list(
        words.settings,
        differences.filter(({ isSetting }) => isSetting),
        (name) => h('code', {}, name),
      ),
      list(
        words.environment,
        differences.filter(({ isSetting }) => !isSetting),
        (name) => words.environmentNames[name] ?? name,
      ),
    ),
  };
}
