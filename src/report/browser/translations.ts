/** @file The translations section: a heat map of sentence similarities, and the nearest neighbours of one sentence. */
import type { EChartsCoreOption } from 'echarts/core';
import { FONT } from '../palette.js';
import type { Translations } from '../report-data.js';
import { mountChart, tip, tooltipStyle, type MountedChart } from './chart.js';
import { choice, details, h, table } from './dom.js';
import type { Part, View } from './view.js';

/** Sentences shown in the heat map. */
const SHOWN = 10;

/** Neighbours shown for a sentence. */
const NEIGHBOURS = 5;

/** Compared sentences, all of whose similarities are numbers. */
interface Compared extends Translations {
  readonly similarity: readonly (readonly number[])[];
}

/** The translations section; only a note if outputs of the student are not finite. */
export function translationsPart(view: View, translations: Translations): Part {
  if (isFinite(translations)) return comparedPart(view, translations);
  const { words } = view;
  const note = h('p', { class: 'alarm' }, words.notComparable(translations.checkpoint));
  return { element: h('section', { id: 'translations' }, h('h2', {}, words.translations), note) };
}

function isFinite(translations: Translations): translations is Compared {
  return translations.similarity.every((row) => row.every((value) => value !== null));
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
        shown.map(({ ko }, i) => [`${i + 1} ${ko}`, ...shown.map((_, j) => digits(similarity[i]![j]!))]),
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

/** A similarity, which may differ from others in its last digits only. */
const digits = (value: number): string => value.toFixed(4);

/** The rank of a sentence's own translation among all sentences by similarity, from 1. */
function rankOf(similarities: readonly number[], own: number): number {
  return 1 + similarities.filter((value, i) => i !== own && value >= similarities[own]!).length;
}

function heatMap({ words, palette }: View, { pairs, similarity }: Compared, size: number): MountedChart {
  const cells = Array.from(
    { length: size * size },
    (_, i) => [i % size, Math.floor(i / size), similarity[Math.floor(i / size)]![i % size]] as const,
  );
  const values = cells.map(([, , value]) => value!);
  const numbers = Array.from({ length: size }, (_, i) => String(i + 1));
  const axis = (name: string): object => ({
    type: 'category',
    data: numbers,
    name,
    nameLocation: 'middle',
    nameGap: 26,
    nameTextStyle: { color: palette.soft, fontSize: 12, fontFamily: FONT },
    axisLine: { show: false },
    axisTick: { show: false },
    axisLabel: { color: palette.soft, fontSize: 12, fontFamily: FONT, interval: 0 },
    splitArea: { show: false },
  });
  const option = (): EChartsCoreOption => ({
    animation: false,
    grid: { left: 46, right: 4, top: 42, bottom: 48, outerBoundsMode: 'none' },
    xAxis: { ...axis(words.english), position: 'top' },
    yAxis: { ...axis(words.korean), inverse: true },
    visualMap: {
      orient: 'horizontal',
      left: 'center',
      bottom: 0,
      itemWidth: 10,
      itemHeight: 150,
      calculable: false,
      precision: 4,
      text: [`${words.similarity} ${digits(Math.max(...values))}`, digits(Math.min(...values))],
      textStyle: { color: palette.soft, fontSize: 12, fontFamily: FONT },
      min: Math.min(...values),
      max: Math.max(...values),
      inRange: { color: [...palette.heat] },
    },
    tooltip: {
      ...tooltipStyle(palette),
      trigger: 'item',
      formatter: (params: unknown) => {
        const [column, row, value] = (params as { value: readonly [number, number, number] }).value;
        return h(
          'div',
          { class: 'tip-body narrow' },
          h('div', { lang: 'ko' }, pairs[row]!.ko),
          h('div', { lang: 'en' }, pairs[column]!.en),
          tip('', [{ name: row === column ? words.own : words.similarity, value: digits(value) }]),
        );
      },
    },
    series: [
      {
        type: 'heatmap',
        data: cells.map((cell) => [...cell]),
        itemStyle: { borderColor: palette.paper, borderWidth: 2, borderRadius: 4 },
        emphasis: { itemStyle: { borderColor: palette.ink } },
      },
    ],
  });
  return mountChart({ label: words.heatMapLabel, className: 'square', option });
}

function neighbours(view: View, { pairs, similarity }: Compared): HTMLElement {
  const { words, choices, format } = view;
  const select = h('select', {
    'aria-label': words.sentence,
    change: () => {
      choices.sentence = Number(select.value);
      draw();
    },
  });
  const rank = h('p', { class: 'quiet' });
  const list = h('ol', { class: 'neighbours' });
  const other = (): 'ko' | 'en' => (choices.direction === 'ko' ? 'en' : 'ko');

  function fill(): void {
    select.replaceChildren(
      ...pairs.map((pair, i) => h('option', { value: i, selected: i === choices.sentence }, pair[choices.direction])),
    );
    select.lang = choices.direction;
    draw();
  }

  function draw(): void {
    const own = choices.sentence;
    const values = choices.direction === 'ko' ? similarity[own]! : similarity.map((row) => row[own]!);
    const nearest = values
      .map((_, i) => i)
      .sort((a, b) => values[b]! - values[a]!)
      .slice(0, NEIGHBOURS);
    const [high, low] = [values[nearest[0]!]!, Math.min(...values)];
    rank.textContent = words.rank(format.count(rankOf(values, own)));
    list.replaceChildren(
      ...nearest.map((i) =>
        h(
          'li',
          { class: i === own ? 'own' : undefined },
          h('span', { lang: other() }, pairs[i]![other()], i === own && h('em', {}, words.own)),
          h('span', { class: 'number' }, digits(values[i]!)),
          h('i', { style: `width: ${Math.max(2, (100 * (values[i]! - low)) / Math.max(high - low, 1e-9))}%` }),
        ),
      ),
    );
  }

  fill();
  return h(
    'div',
    { class: 'nearest' },
    h(
      'div',
      { class: 'controls' },
      choice(
        words.direction,
        [
          ['ko', words.koToEn],
          ['en', words.enToKo],
        ],
        choices.direction,
        (direction) => {
          choices.direction = direction;
          fill();
        },
      ),
      select,
    ),
    rank,
    list,
  );
}
