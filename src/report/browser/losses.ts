/** @file Loss curves, and what else the training log tells of every step. */
import type { ECharts, EChartsCoreOption } from 'echarts/core';
import { curveChartOption, type Line, type Point } from '../curve-chart.js';
import type { ValidationPoint } from '../report-data.js';
import { smoothed, type Curve, type Points } from '../series.js';
import { axisValue, isMerged, meanShare, nearest, SMOOTHING, zip } from './curves.js';
import { mountChart, tip, tooltipStyle, type ChartSize, type MountedChart, type TipRow } from './chart.js';
import { choice, details, h, slider, table, toggle } from './dom.js';
import type { RunPart, View } from './view.js';

/** Pixels that the slider takes below the chart. */
const SLIDER = 38;

/** Rows of the table of training losses. */
const TABLE_ROWS = 60;

const RANGES = { all: [0, 1], half: [0.5, 1], tenth: [0.9, 1] } as const;

/** A line with what tells it from others. */
interface NamedLine extends Line {
  readonly id: string;
}

/** The section of losses. */
export function lossesPart(first: View): RunPart {
  let view = first;
  const { words } = view;
  let points = view.series.points();
  const charts: MountedChart[] = [];
  const legend = h('div', { class: 'legend' });
  const notes = h('div', { class: 'notes' });
  const small = (
    [
      ['learning_rate', words.learningRate, view.palette.ink],
      ['grad_norm', words.gradNorm, view.palette.ink],
      ['pairs_per_second', words.throughput, view.palette.ink],
    ] as const
  ).map(([curve, title]) => smallChart(curve, title));
  const main = mountChart({ label: words.lossChart, className: 'tall', option: lossOption, onReady: followZoom });
  charts.push(main, ...small.map(({ chart }) => chart));
  const tables = h('div', {});
  const smalls = h(
    'div',
    { class: 'thirds' },
    small.map(({ figure }) => figure),
  );
  const switches = controls();
  const drawn = [switches, legend, main.element, smalls, tables]; // where there is something to draw
  const element = h(
    'section',
    { id: 'losses' },
    h('h2', {}, words.losses),
    h('p', { class: 'quiet' }, words.lossNote),
    switches,
    legend,
    main.element,
    notes,
    smalls,
    tables,
  );
  refresh();
  return {
    element,
    update: (news) => {
      view = news;
      points = view.series.points();
      refresh();
    },
    dispose: () => {
      for (const chart of charts) chart.dispose();
    },
  };

  function refresh(): void {
    drawLegend();
    const isEmpty = points.step.length === 0 && view.data.validation.length === 0;
    for (const each of drawn) each.hidden = isEmpty;
    for (const chart of charts) chart.update();
    notes.replaceChildren(...notesOf());
    const opened = [...tables.querySelectorAll('details')].map(({ open }) => open);
    tables.replaceChildren(validationTable(), trainingTable());
    [...tables.querySelectorAll('details')].forEach((each, i) => {
      each.open = opened[i] ?? false;
    });
  }

  function controls(): HTMLElement {
    const { choices } = view;
    return h(
      'div',
      { class: 'controls' },
      choice(
        words.shown,
        [
          ['both', words.both],
          ['total', words.total],
        ],
        choices.lines,
        (lines) => {
          choices.lines = lines;
          drawLegend();
          main.update();
        },
      ),
      choice(
        words.range,
        [
          ['all', words.rangeAll],
          ['half', words.rangeHalf],
          ['tenth', words.rangeTenth],
        ],
        rangeName(),
        (name) => {
          choices.range = RANGES[name];
          for (const chart of charts) chart.update();
        },
      ),
      toggle(words.logScale, choices.log, (on) => {
        choices.log = on;
        main.update();
      }),
      slider(words.smoothing, { ...SMOOTHING, value: choices.smoothing }, (smoothing) => {
        choices.smoothing = smoothing;
        main.update();
      }),
    );
  }

  function rangeName(): keyof typeof RANGES {
    const names = Object.keys(RANGES) as (keyof typeof RANGES)[];
    return (
      names.find((name) => RANGES[name][0] === view.choices.range[0] && RANGES[name][1] === view.choices.range[1]) ??
      ('' as keyof typeof RANGES)
    );
  }

  function drawLegend(): void {
    const { choices } = view;
    legend.replaceChildren(
      ...linesOf(view, points).map((line) =>
        h(
          'button',
          {
            type: 'button',
            'aria-pressed': String(!choices.hidden.has(line.id)),
            click: () => {
              if (!choices.hidden.delete(line.id)) choices.hidden.add(line.id);
              drawLegend();
              main.update();
            },
          },
          h('i', { class: line.style, style: `--colour: ${line.colour}` }),
          line.name,
        ),
      ),
    );
  }

  /** First and last step shown. */
  function range(): [number, number] {
    const end = Math.max(points.step.at(-1) ?? 1, view.data.validation.at(-1)?.step ?? 1);
    return [view.choices.range[0] * end, view.choices.range[1] * end];
  }

  function lossOption({ height }: ChartSize): EChartsCoreOption {
    const { palette, choices } = view;
    const lines = linesOf(view, points).filter(({ id }) => !choices.hidden.has(id));
    const end = range()[1] / Math.max(choices.range[1], 1e-9);
    const option = curveChartOption({
      lines,
      palette,
      log: choices.log,
      x: words.step,
      y: words.lossAxis,
      height,
      below: SLIDER,
      range: range(),
      endLabels: choices.range[1] === 1,
    });
    return {
      ...option,
      xAxis: { ...(option.xAxis as object), min: 0, max: end },
      tooltip: {
        ...tooltipStyle(palette),
        trigger: 'axis',
        axisPointer: { type: 'line', lineStyle: { color: palette.soft, width: 1 }, snap: false },
        formatter: (params: unknown) => lossTip(axisValue(params), lines),
      },
      dataZoom: [
        {
          type: 'slider',
          filterMode: 'none',
          startValue: range()[0],
          endValue: range()[1],
          height: 26,
          bottom: 6,
          left: 50,
          right: 62,
          brushSelect: false,
          showDetail: false,
          showDataShadow: false,
          moveHandleSize: 0,
          borderColor: 'transparent',
          backgroundColor: `${palette.line}88`,
          fillerColor: `${palette.en}22`,
          borderRadius: 6,
          handleSize: '90%',
          handleStyle: { color: palette.paper, borderColor: palette.soft },
          emphasis: { handleStyle: { borderColor: palette.en, color: palette.paper } },
        },
      ],
    };
  }

  /** The slider under the chart sets what all charts show. */
  function followZoom(chart: ECharts): void {
    let waiting = false;
    chart.on('datazoom', () => {
      const zoom = (chart.getOption().dataZoom as { start: number; end: number }[])[0]!;
      view.choices.range = [zoom.start / 100, zoom.end / 100];
      if (waiting) return;
      waiting = true;
      requestAnimationFrame(() => {
        waiting = false;
        const { yAxis } = lossOption({ width: chart.getWidth(), height: chart.getHeight() });
        chart.setOption({ yAxis });
        for (const { chart: each } of small) each.update();
      });
    });
  }

  function lossTip(step: number, lines: readonly NamedLine[]): HTMLElement {
    const { format } = view;
    const i = nearest(points.step, step);
    const shown = points.step[i] ?? step;
    const rows = lines.map((line): TipRow => {
      if (line.style === 'curve')
        return { colour: line.colour, name: line.name, value: format.loss(line.points[i]?.[1]) };
      const [at, value] = line.points[
        nearest(
          line.points.map(([each]) => each),
          step,
        )
      ] ?? [0, NaN];
      return {
        colour: line.colour,
        name: line.id === 'mean' ? line.name : `${line.name} (${words.step} ${format.count(at)})`,
        value: format.loss(value),
      };
    });
    return tip(`${words.step} ${format.count(shown)} · ${words.epoch} ${format.count(points.epoch[i] ?? 0)}`, rows);
  }

  function smallChart(curve: Curve, title: string): { chart: MountedChart; figure: HTMLElement } {
    const chart = mountChart({
      label: title,
      className: 'low',
      option: ({ height }) => {
        const { palette } = view;
        const { mean, min, max } = points.curves[curve];
        const line: Line = {
          name: title,
          colour: palette.ink,
          style: 'curve',
          points: zip(points.step, mean),
          band: isMerged(min, max) ? { low: min, high: max } : undefined,
        };
        return {
          ...curveChartOption({ lines: [line], palette, log: false, x: words.step, y: '', height, range: range() }),
          tooltip: {
            ...tooltipStyle(palette),
            trigger: 'axis',
            axisPointer: { type: 'line', lineStyle: { color: palette.soft, width: 1 } },
            formatter: (params: unknown) => {
              const i = nearest(points.step, axisValue(params));
              const value =
                curve === 'pairs_per_second' ? view.format.rate(mean[i] ?? NaN) : view.format.small(mean[i] ?? NaN);
              return tip(`${words.step} ${view.format.count(points.step[i] ?? 0)}`, [
                { colour: palette.ink, name: title, value },
              ]);
            },
          },
        };
      },
    });
    const unit = curve === 'pairs_per_second' ? words.throughputUnit : undefined;
    return {
      chart,
      figure: h(
        'figure',
        {},
        h('figcaption', {}, title, unit !== undefined && h('span', { class: 'quiet' }, ` ${unit}`)),
        chart.element,
      ),
    };
  }

  function notesOf(): HTMLElement[] {
    const { series, format, data } = view;
    const { published } = data.sections;
    const merged = series.rows > points.step.length;
    return [
      ...(series.rows === 0 ? [h('p', { class: 'quiet' }, words.noSteps)] : []),
      ...(merged
        ? [h('p', { class: 'quiet' }, words.bucketNote(format.count(series.rows), format.count(points.step.length)))]
        : []),
      ...(published === undefined
        ? []
        : [
            h(
              'p',
              { class: 'quiet' },
              words.publishedNote(
                published.recipe,
                format.loss(published.loss),
                format.loss(published.lossEn),
                format.loss(published.lossKo),
                published.duration,
              ),
            ),
          ]),
      ...sampleNotes(view),
      ...(data.run.isRepeated && data.run.epoch > 1
        ? [
            h(
              'p',
              { class: 'quiet' },
              words.repeatedNote,
              data.run.lastBatch !== null && ` ${words.lastBatchNote(format.count(data.run.lastBatch))}`,
            ),
          ]
        : []),
      ...(series.nonFinite === undefined
        ? []
        : [h('p', { class: 'alarm' }, words.nonFinite(format.count(series.nonFinite)))]),
      ...(data.run.skippedLines === 0
        ? []
        : [h('p', { class: 'alarm' }, words.skippedLines(format.count(data.run.skippedLines)))]),
    ];
  }

  function validationTable(): HTMLElement {
    const { format, data } = view;
    const row = ({ step, epoch, loss, loss_en, loss_ko, pairs }: ValidationPoint): string[] => [
      step === 0 ? words.untrained : format.count(epoch),
      format.count(step),
      format.loss(loss_en),
      format.loss(loss_ko),
      format.loss(loss),
      pairs === null ? '' : format.count(pairs),
    ];
    return details(words.validationTable, () =>
      table([words.epoch, words.step, words.english, words.korean, words.total, words.pairs], data.validation.map(row)),
    );
  }

  function trainingTable(): HTMLElement {
    const { format } = view;
    const stride = Math.max(1, Math.ceil(points.step.length / TABLE_ROWS));
    const chosen = points.step.map((_, i) => i).filter((i) => i % stride === 0 || i === points.step.length - 1);
    const value = (curve: Curve, i: number): number => points.curves[curve].mean[i]!;
    return details(words.trainingTable, () =>
      table(
        [
          words.step,
          words.epoch,
          words.english,
          words.korean,
          words.total,
          words.learningRate,
          words.gradNorm,
          words.pairsPerSecond,
        ],
        chosen.map((i) => [
          format.count(points.step[i]!),
          format.count(points.epoch[i]!),
          ...(['loss_en', 'loss_ko', 'loss'] as const).map((curve) => format.loss(value(curve, i))),
          format.small(value('learning_rate', i)),
          format.small(value('grad_norm', i)),
          format.rate(value('pairs_per_second', i)),
        ]),
      ),
    );
  }
}

/** On which pairs losses were measured, where not on all that are held out. */
function sampleNotes({ words, format, data: { run } }: View): HTMLElement[] {
  const { validationSample, baselineSample, validationPairs } = run;
  const notes = [
    ...(validationSample === null
      ? []
      : [words.sampleNote(format.count(validationSample), format.count(validationPairs))]),
    ...(baselineSample === null ? [] : [words.baselineNote(format.count(baselineSample))]),
  ];
  return notes.length === 0 ? [] : [h('p', { class: 'quiet' }, notes.join(' '))];
}

/** The lines of the loss chart, those that are switched off too. */
function linesOf(view: View, points: Points): NamedLine[] {
  const { palette, words } = view;
  const of = (curve: 'loss' | 'loss_en' | 'loss_ko', colour: string, name: string): NamedLine[] => [
    trainingLine(view, points, curve, colour, `${name}${words.training}`),
    {
      id: `validation-${curve}`,
      name: `${name}${words.validation}`,
      colour,
      style: 'marks',
      points: view.data.validation.map((point): Point => [point.step, point[curve] ?? NaN]),
    },
  ];
  return view.choices.lines === 'total'
    ? [...of('loss', palette.total, ''), ...meanLine(view, points, 'loss'), ...publishedLines(view)]
    : [
        ...of('loss_en', palette.en, `${words.english}, `),
        ...of('loss_ko', palette.ko, `${words.korean}, `),
        ...meanLine(view, points, 'loss_en'), // as of Korean
      ];
}

/** The loss of always giving the teacher's mean. */
function meanLine({ data, words, palette }: View, { step }: Points, curve: 'loss' | 'loss_en'): NamedLine[] {
  const { meanBaseline } = data.run;
  if (meanBaseline === null) return [];
  const [loss, end] = [meanShare(meanBaseline, curve), Math.max(step.at(-1) ?? 1, data.validation.at(-1)?.step ?? 1)];
  const points = [
    [0, loss],
    [end, loss],
  ] as const;
  return [{ id: 'mean', name: words.alwaysMean, colour: palette.soft, style: 'dashes', points }];
}

/**
 * The original project's validation losses, where the run is of one of its recipes: by epoch, or the last one alone.
 */
function publishedLines({
  data: {
    sections: { published },
    run,
  },
  words,
  palette,
}: View): NamedLine[] {
  if (published === undefined || run.stepsPerEpoch === null) return [];
  const perEpoch = run.stepsPerEpoch;
  const points =
    published.lossByEpoch?.map((loss, i): Point => [(i + 1) * perEpoch, loss]) ??
    ([
      [0, published.loss],
      [perEpoch * (run.epochs ?? 1), published.loss],
    ] satisfies Point[]);
  return [{ id: 'published', name: words.published, colour: palette.published, style: 'dashes', points }];
}

function trainingLine(
  { choices }: View,
  { step, curves }: Points,
  curve: Curve,
  colour: string,
  name: string,
): NamedLine {
  const { mean, min, max } = curves[curve];
  const values = smoothed(mean, choices.smoothing);
  const merged = isMerged(min, max);
  return {
    id: `training-${curve}`,
    name,
    colour,
    style: 'curve',
    points: zip(step, values),
    band: merged ? { low: min, high: max } : undefined,
    raw: !merged && choices.smoothing > 0 ? mean : undefined,
  };
}
