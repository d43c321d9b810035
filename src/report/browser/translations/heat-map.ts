/** @file A heat map of the similarities of sentences and translations. */
import type { EChartsCoreOption } from 'echarts/core';
import { FONT, type Palette } from '../../palette.js';
import { mountChart, tip, tooltipStyle, type MountedChart } from '../chart.js';
import { h } from '../dom.js';
import type { View } from '../view.js';
import { formatSimilarity, type Compared } from './compared.js';

/** A cell of the map. */
type Cell = readonly [column: number, row: number, similarity: number];

/** The heat map of the first `size` sentences. */
export function heatMap(view: View, translations: Compared, size: number): MountedChart {
  const option = (): EChartsCoreOption => heatMapOption(view, translations, size);
  return mountChart({ label: view.words.heatMapLabel, className: 'square', option });
}

function heatMapOption(view: View, translations: Compared, size: number): EChartsCoreOption {
  const { words, palette } = view;
  const cells = Array.from({ length: size * size }, (_, i): Cell => {
    const [column, row] = [i % size, Math.floor(i / size)];
    return [column, row, translations.similarity[row]![column]!];
  });
  return {
    animation: false,
    grid: { left: 46, right: 4, top: 42, bottom: 48, outerBoundsMode: 'none' },
    xAxis: { ...sentenceAxis(words.english, size, palette), position: 'top' },
    yAxis: { ...sentenceAxis(words.korean, size, palette), inverse: true },
    visualMap: colourScale(view, cells),
    tooltip: {
      ...tooltipStyle(palette),
      trigger: 'item',
      formatter: (params: unknown) => cellTip(view, translations, (params as { value: Cell }).value),
    },
    series: [
      {
        type: 'heatmap',
        data: cells.map((cell) => [...cell]),
        itemStyle: { borderColor: palette.paper, borderWidth: 2, borderRadius: 4 },
        emphasis: { itemStyle: { borderColor: palette.ink } },
      },
    ],
  };
}

/** An axis whose ticks are the numbers of the sentences, from 1. */
function sentenceAxis(name: string, size: number, palette: Palette): object {
  const text = { color: palette.soft, fontSize: 12, fontFamily: FONT };
  return {
    type: 'category',
    data: Array.from({ length: size }, (_, i) => String(i + 1)),
    name,
    nameLocation: 'middle',
    nameGap: 26,
    nameTextStyle: text,
    axisLine: { show: false },
    axisTick: { show: false },
    axisLabel: { ...text, interval: 0 },
    splitArea: { show: false },
  };
}

function colourScale({ words, palette }: View, cells: readonly Cell[]): object {
  const values = cells.map(([, , similarity]) => similarity);
  const [min, max] = [Math.min(...values), Math.max(...values)];
  return {
    orient: 'horizontal',
    left: 'center',
    bottom: 0,
    itemWidth: 10,
    itemHeight: 150,
    calculable: false,
    precision: 4,
    text: [`${words.similarity} ${formatSimilarity(max)}`, formatSimilarity(min)],
    textStyle: { color: palette.soft, fontSize: 12, fontFamily: FONT },
    min,
    max,
    inRange: { color: [...palette.heat] },
  };
}

function cellTip({ words }: View, { pairs }: Compared, [column, row, similarity]: Cell): HTMLElement {
  const name = row === column ? words.own : words.similarity;
  return h(
    'div',
    { class: 'tip-body narrow' },
    h('div', { lang: 'ko' }, pairs[row]!.ko),
    h('div', { lang: 'en' }, pairs[column]!.en),
    tip('', [{ name, value: formatSimilarity(similarity) }]),
  );
}
