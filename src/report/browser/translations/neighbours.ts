/** @file The nearest neighbours of one sentence among the translations. */
import { choiceOf, controlRow } from '../controls.js';
import { h } from '../dom.js';
import type { View } from '../view.js';
import { formatSimilarity, rankOf, type Compared } from './compared.js';

/** Neighbours shown for a sentence. */
const NEIGHBOURS = 5;

/** A sentence to choose, and its nearest neighbours. */
export function neighbours(view: View, translations: Compared): HTMLElement {
  const { words, choices, format } = view;
  const { pairs } = translations;
  const select = h('select', {
    'aria-label': words.sentence,
    change: () => {
      choices.sentence = Number(select.value);
      draw();
    },
  });
  const rank = h('p', { class: 'quiet' });
  const list = h('ol', { class: 'neighbours' });
  function fill(): void {
    select.replaceChildren(
      ...pairs.map((pair, i) => h('option', { value: i, selected: i === choices.sentence }, pair[choices.direction])),
    );
    select.lang = choices.direction;
    draw();
  }

  function draw(): void {
    const { sentence, direction } = choices;
    const similarities = similaritiesOf(translations, sentence, direction);
    rank.textContent = words.rank(format.count(rankOf(similarities, sentence)));
    list.replaceChildren(...nearestItems(view, translations, similarities));
  }

  fill();
  return h(
    'div',
    { class: 'nearest' },
    controlRow(
      choiceOf(
        choices,
        'direction',
        words.direction,
        [
          ['ko', words.koToEn],
          ['en', words.enToKo],
        ],
        fill,
      ),
      select,
    ),
    rank,
    list,
  );
}

/** The similarities of a sentence with all sentences of the other language. */
function similaritiesOf({ similarity }: Compared, sentence: number, direction: 'ko' | 'en'): readonly number[] {
  return direction === 'ko' ? similarity[sentence]! : similarity.map((row) => row[sentence]!);
}

/** The nearest sentences, nearest first, with bars from the lowest similarity to the highest. */
function nearestItems({ words, choices }: View, { pairs }: Compared, similarities: readonly number[]): HTMLElement[] {
  const { sentence, direction } = choices;
  const language = direction === 'ko' ? 'en' : 'ko';
  const nearest = similarities
    .map((_, i) => i)
    .sort((a, b) => similarities[b]! - similarities[a]!)
    .slice(0, NEIGHBOURS);
  const [high, low] = [similarities[nearest[0]!]!, Math.min(...similarities)];
  return nearest.map((i) =>
    h(
      'li',
      { class: i === sentence ? 'own' : undefined },
      h('span', { lang: language }, pairs[i]![language], i === sentence && h('em', {}, words.own)),
      h('span', { class: 'number' }, formatSimilarity(similarities[i]!)),
      h('i', { style: `width: ${Math.max(2, (100 * (similarities[i]! - low)) / Math.max(high - low, 1e-9))}%` }),
    ),
  );
}
