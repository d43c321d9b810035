/** @file The losses section: the loss chart, and the other values in the training log. */
import { choiceOf, controlRow, curveControls } from './controls.js';
import { chooser, h, type Chooser } from './dom.js';
import { lineLegend } from './line-legend.js';
import { lossLines } from './losses/lines.js';
import { logViewOf } from './losses/log-view.js';
import { mountLossChart } from './losses/loss-chart.js';
import { lossNotes } from './losses/notes.js';
import { rangeSliders } from './losses/range-sliders.js';
import { smallCharts } from './losses/small-charts.js';
import { trainingTable, validationTable } from './losses/tables.js';
import type { Choices, RunPart, View } from './view.js';

/** The part of the steps that each button selects. */
const RANGES = { all: [0, 1], half: [0.5, 1], tenth: [0.9, 1] } as const;
type RangeName = keyof typeof RANGES;

/** The losses section. */
export function lossesPart(first: View): RunPart {
  let view = logViewOf(first);
  const { words, choices } = view;
  const legend = lineLegend(
    () => lossLines(view),
    choices.hidden,
    () => {
      lossChart.update();
    },
  );
  const small = smallCharts(() => view);
  const lossChart = mountLossChart(() => view, redrawOthers);
  const charts = [lossChart, ...small.map(({ chart }) => chart)];
  const ranges = rangeButtons(view, redrawCharts);
  const sliders = rangeSliders(() => view, redrawCharts);
  const switches = controlRow(
    choiceOf(
      choices,
      'lines',
      words.shown,
      [
        ['both', words.both],
        ['total', words.total],
      ],
      () => {
        legend.update();
        lossChart.update();
      },
    ),
    ranges.element,
    curveControls(view, choices, () => {
      lossChart.update();
    }),
  );
  const notes = h('div', { class: 'notes' });
  const figures = h(
    'div',
    { class: 'thirds' },
    small.map(({ figure }) => figure),
  );
  const tables = h('div', {});
  // shown if there is something to draw
  const drawn = [switches, legend.element, lossChart.element, sliders.element, tables];
  refresh();
  return {
    element: h(
      'section',
      { id: 'losses' },
      h('h2', {}, words.losses),
      h('p', { class: 'quiet' }, words.lossNote),
      switches,
      legend.element,
      lossChart.element,
      sliders.element,
      notes,
      figures,
      tables,
    ),
    update: (news) => {
      view = logViewOf(news);
      refresh();
    },
    dispose: () => {
      for (const chart of charts) chart.dispose();
    },
  };

  /** Shows the report as it is now. */
  function refresh(): void {
    legend.update();
    const isEmpty = view.points.step.length === 0 && view.data.validation.length === 0;
    for (const each of drawn) each.hidden = isEmpty;
    figures.hidden = view.points.step.length === 0; // they need the training log
    redrawCharts();
    notes.replaceChildren(...lossNotes(view));
    replaceTables(tables, [validationTable(view), trainingTable(view)]);
  }

  function redrawCharts(): void {
    lossChart.update();
    redrawOthers();
  }

  /** Redraws all but the loss chart, and shows the range in the buttons and sliders, whatever has changed it. */
  function redrawOthers(): void {
    for (const { chart } of small) chart.update();
    ranges.choose(rangeName(choices));
    sliders.update();
  }
}

/**
 * The buttons that select a range of steps.
 *
 * @param redraw called when one was pressed
 */
function rangeButtons({ words, choices }: View, redraw: () => void): Chooser<RangeName> {
  return chooser(
    words.range,
    [
      ['all', words.rangeAll],
      ['half', words.rangeHalf],
      ['tenth', words.rangeTenth],
    ],
    rangeName(choices),
    (name) => {
      choices.range = RANGES[name];
      redraw();
    },
  );
}

/** Replaces the tables; those that were open stay open. */
function replaceTables(tables: HTMLElement, next: readonly HTMLElement[]): void {
  const opened = [...tables.querySelectorAll('details')].map(({ open }) => open);
  tables.replaceChildren(...next);
  [...tables.querySelectorAll('details')].forEach((each, i) => {
    each.open = opened[i] ?? false;
  });
}

/** The button of the current range; none if it was set with the slider. */
function rangeName({ range: [from, to] }: Choices): RangeName | undefined {
  return (Object.keys(RANGES) as RangeName[]).find((name) => RANGES[name][0] === from && RANGES[name][1] === to);
}
