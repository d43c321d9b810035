/** @file ECharts on the page: sizes itself, follows theme and language, and says on hovering what the page says. */
import { init, use, type ECharts, type EChartsCoreOption } from 'echarts/core';
import { BarChart, CustomChart, HeatmapChart, LineChart } from 'echarts/charts';
import {
  DataZoomSliderComponent,
  GridComponent,
  MarkLineComponent,
  TooltipComponent,
  VisualMapComponent,
} from 'echarts/components';
import { SVGRenderer } from 'echarts/renderers';
import { FONT, type Palette } from '../palette.js';
import { h } from './dom.js';

use([
  LineChart,
  BarChart,
  HeatmapChart,
  CustomChart,
  GridComponent,
  TooltipComponent,
  DataZoomSliderComponent,
  MarkLineComponent,
  VisualMapComponent,
  SVGRenderer,
]);

/** A chart on the page. */
export interface MountedChart {
  readonly element: HTMLElement;
  /** Redraws the chart. */
  update(): void;
  dispose(): void;
}

/** Pixels. */
export interface ChartSize {
  readonly width: number;
  readonly height: number;
}

/** What a chart shows. */
export interface ChartOptions {
  /** Its text alternative. */
  readonly label: string;
  readonly className: string;
  readonly option: (size: ChartSize) => EChartsCoreOption;
  /** Called once, when the chart is ready. */
  readonly onReady?: (chart: ECharts) => void;
}

/** A chart in an element of its own. It is drawn when the element has a size, and again when that changes. */
export function mountChart({ label, className, option, onReady }: ChartOptions): MountedChart {
  const element = h('div', { class: `chart ${className}`, role: 'img', 'aria-label': label });
  let chart: ECharts | undefined;
  const draw = (): void => {
    const [width, height] = [element.clientWidth, element.clientHeight];
    if (width === 0 || height === 0) return;
    if (chart === undefined) {
      chart = init(element, null, { renderer: 'svg' });
      onReady?.(chart);
    } else chart.resize({ width, height, silent: true });
    chart.setOption(option({ width, height }), { notMerge: true });
  };
  const observer = new ResizeObserver(() => {
    requestAnimationFrame(draw);
  });
  observer.observe(element);
  return {
    element,
    update: draw,
    dispose() {
      observer.disconnect();
      chart?.dispose();
      chart = undefined;
    },
  };
}

/** How a box looks that shows on hovering. */
export function tooltipStyle(palette: Palette): object {
  return {
    confine: true,
    className: 'tip',
    backgroundColor: palette.paper,
    borderColor: palette.line,
    borderWidth: 1,
    padding: [10, 12],
    extraCssText: 'box-shadow: 0 6px 24px rgb(0 0 0 / 14%); border-radius: 10px;',
    textStyle: { color: palette.ink, fontSize: 13, fontFamily: FONT },
    transitionDuration: 0,
  };
}

/**
 * A box that shows on hovering what a chart of curves says at one place.
 *
 * @param content is given the place on the axis of steps that the pointer is at
 * @param pointer further settings of the line that stands there
 */
export function curveTooltip(palette: Palette, content: (at: number) => HTMLElement, pointer: object = {}): object {
  return {
    ...tooltipStyle(palette),
    trigger: 'axis',
    axisPointer: { type: 'line', lineStyle: { color: palette.soft, width: 1 }, ...pointer },
    formatter: (params: unknown) => content((params as { axisValue: number }[])[0]?.axisValue ?? NaN),
  };
}

/** A line of such a box. */
export interface TipRow {
  readonly colour?: string | undefined;
  readonly name: string;
  readonly value: string;
}

/** What such a box shows. */
export function tip(title: string, rows: readonly TipRow[]): HTMLElement {
  return h(
    'div',
    { class: 'tip-body' },
    h('b', {}, title),
    h(
      'dl',
      {},
      rows.flatMap(({ colour, name, value }) => [
        h('dt', {}, h('i', { style: colour === undefined ? 'visibility: hidden' : `background: ${colour}` }), name),
        h('dd', {}, value),
      ]),
    ),
  );
}
