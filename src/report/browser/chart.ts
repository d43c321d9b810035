/**
 * @file ECharts on the page: resizes itself, follows the page's theme and language, and has tooltips like the page's
 * text.
 */
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

/** In pixels. */
export interface ChartSize {
  readonly width: number;
  readonly height: number;
}

/** What a chart shows. */
export interface ChartOptions {
  /** The text alternative. */
  readonly label: string;
  readonly className: string;
  readonly option: (size: ChartSize) => EChartsCoreOption;
  /** Called once, when the chart is ready. */
  readonly onReady?: (chart: ECharts) => void;
}

/** What draws each mounted chart. */
const drawings = new Set<() => void>();

/** Draws all charts at once, at the sizes that their elements have now. */
export function drawCharts(): void {
  for (const draw of drawings) draw();
}

/** Mounts a chart in an element of its own. It is drawn once the element has a size, and redrawn when that changes. */
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
  drawings.add(draw);
  return {
    element,
    update: draw,
    dispose() {
      observer.disconnect();
      drawings.delete(draw);
      chart?.dispose();
      chart = undefined;
    },
  };
}

/** The style of tooltips. */
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
 * A tooltip with the values of a chart's curves at one step.
 *
 * @param content called with the pointer's position on the step axis
 * @param pointer further settings of the vertical line at that position
 */
export function curveTooltip(palette: Palette, content: (at: number) => HTMLElement, pointer: object = {}): object {
  return {
    ...tooltipStyle(palette),
    trigger: 'axis',
    axisPointer: { type: 'line', lineStyle: { color: palette.soft, width: 1 }, ...pointer },
    formatter: (params: unknown) => content((params as { axisValue: number }[])[0]?.axisValue ?? NaN),
  };
}

/** A line of a tooltip. */
export interface TipRow {
  readonly colour?: string | undefined;
  readonly name: string;
  readonly value: string;
}

/** The content of a tooltip. */
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
