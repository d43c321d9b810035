/** @file The translations section: a heat map of sentence similarities, and the nearest neighbours of one sentence. */
import type { Translations } from '../report-data.js';
import { details, h, table } from './dom.js';
import { formatSimilarity, isComparable, rankOf, type Compared } from './translations/compared.js';
import { heatMap } from './translations/heat-map.js';
import { neighbours } from './translations/neighbours.js';
import type { Part, View } from './view.js';

/** Sentences shown in the heat map. */
const SHOWN = 10;

/** The translations section; only a note if outputs of the student are not finite. */
export function translationsPart(view: View, translations: Translations): Part {
  if (isComparable(translations)) return comparedPart(view, translations);
  const { words } = view;
  const note = h('p', { class: 'alarm' }, words.notComparable(translations.checkpoint));
  return { element: h('section', { id: 'translations' }, h('h2', {}, words.translations), note) };
}

function comparedPart(view: View, translations: Compared): Part {
  const { words, format } = view;
  const { pairs, checkpoint, pooling, similarity } = translations;
  const shown = pairs.slice(0, SHOWN);
  const chart = heatMap(view, translations, shown.length);
  const found = similarity.filter((row, i) => rankOf(row, i) === 1).length;
  const element = h(
    'section',
    { id: 'translations' },
    h('h2', {}, words.translations),
    h(
      'p',
      { class: 'quiet' },
      `${words.translationsNote(format.count(pairs.length), checkpoint)} ${words.poolings[pooling]}`,
    ),
    h('p', {}, h('strong', {}, words.translationsFound(format.count(found), format.count(pairs.length)))),
    h('h3', {}, words.heatMap),
    h(
      'div',
      { class: 'heat' },
      h('figure', {}, chart.element),
      h(
        'ol',
        { class: 'pairs' },
        shown.map(({ ko, en }) =>
          h('li', {}, h('span', { lang: 'ko' }, ko), h('span', { class: 'quiet', lang: 'en' }, en)),
        ),
      ),
    ),
    details(words.heatMapTable, () =>
      table(
        ['', ...shown.map((_, i) => String(i + 1))],
        shown.map(({ ko }, i) => [`${i + 1} ${ko}`, ...shown.map((_, j) => formatSimilarity(similarity[i]![j]!))]),
      ),
    ),
    h('h3', {}, words.nearest),
    neighbours(view, translations),
  );
  return {
    element,
    dispose: () => {
      chart.dispose();
    },
  };
}
