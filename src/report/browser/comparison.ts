/** @file The page of several runs: their curves over each other, what differs, their evaluations side by side. */
import type { EChartsCoreOption } from 'echarts/core';
import { curveChartOption, type Line, type Point } from '../curve-chart.js';
import type { ComparedRun, ComparisonData, Difference } from '../pages.js';
import { Series, smoothed, type Points } from '../series.js';
import { bestOf } from '../validations.js';
import { mountChart, tip, tooltipStyle, type ChartSize, type TipRow } from './chart.js';
import { axisValue, firstSmoothing, meanShare, nearest, SMOOTHING, STEEP, zip } from './curves.js';
import { choice, h, slider, table, toggle } from './dom.js';
import { evaluationTables } from './evaluation.js';
import { followPage } from './live.js';
import { problemsPart } from './run.js';
import { openShell } from './shell.js';
import type { Look, Part } from './view.js';

const CURVES = ['loss', 'loss_ko', 'loss_en'] as const;

/** What the reader has chosen to see. */
interface Shown {
  curve: (typeof CURVES)[number];
  /** What the runs are laid over each other by: a step of another batch size sees other pairs. */
  over: 'steps' | 'epochs';
  log: boolean;
  smoothing: number;
  readonly hidden: Set<string>;
}

/** Shows runs beside each other, and keeps them up to date where it can be. */
export function showComparison(first: ComparisonData): void {
  let page = first;
  const shown: Shown = {
    curve: 'loss',
    over: haveSameEpochs(page.runs) ? 'steps' : 'epochs',
    log: isSteep(page.runs),
    smoothing: firstSmoothing(Math.max(...page.runs.map(({ training }) => training.step.length))),
    hidden: new Set(),
  };
  const shell = openShell({
    facts: () => page,
    title: ({ words }) => `${namesOf(page)} – ${words.comparison}`,
    parts: (look) => [
      overview(look, page),
      curvesPart(look, page.runs, shown),
      differencesPart(look, page),
      ...evaluationsPart(look, page),
      ...problemsPart(look, page.problems),
    ],
  });
  if (first.live)
    followPage(
      first,
      (news) => {
        page = news;
        shell.render();
      },
      shell.showConnection,
    );
}

const namesOf = ({ runs }: ComparisonData): string => runs.map(({ run }) => run.name).join(', ');

function haveSameEpochs(runs: readonly ComparedRun[]): boolean {
  return new Set(runs.map(({ run }) => run.stepsPerEpoch)).size === 1 || runs.some(({ run }) => !run.stepsPerEpoch);
}

function isSteep(runs: readonly ComparedRun[]): boolean {
  const losses = runs.flatMap(({ validation }) => validation.flatMap(({ loss }) => loss ?? []));
  return losses.length > 1 && Math.min(...losses) < STEEP * Math.max(...losses);
}

const colourOf = ({ palette }: Look, i: number): string => palette.runs[i % palette.runs.length]!;

/** The runs in a line each, the lowest loss marked: with all that are shown as the same. */
function overview(look: Look, page: ComparisonData): Part {
  const { words, format } = look;
  const bests = page.runs.map(({ validation }) => bestOf(validation));
  const lowest = format.loss(Math.min(...bests.map((best) => best?.loss ?? Infinity)));
  const rows = page.runs.map(({ run }, i) => {
    const best = bests[i];
    const loss = format.loss(best?.loss);
    return [
      h('span', {}, h('i', { class: 'dot', style: `background: ${colourOf(look, i)}` }), h('strong', {}, run.name)),
      words.states[run.state],
      run.totalSteps === null ? format.count(run.step) : `${format.count(run.step)} / ${format.count(run.totalSteps)}`,
      best !== undefined && loss === lowest && page.runs.length > 1 ? h('strong', { class: 'best' }, loss) : loss,
      format.loss(best?.loss_ko),
      format.loss(best?.loss_en),
      best === undefined ? '–' : format.count(best.step),
      format.rate(run.pairsPerSecond),
    ];
  });
  const head = [
    words.run,
    words.state,
    words.step,
    words.bestLoss,
    words.korean,
    words.english,
    words.bestStep,
    words.pairsPerSecond,
  ];
  return {
    element: h(
      'section',
      { id: 'overview' },
      h(
        'div',
        { class: 'title' },
        h('h1', {}, namesOf(page)),
        page.live && h('span', { class: 'state live', id: 'live' }, words.live),
      ),
      h('p', { class: 'quiet' }, words.comparisonNote),
      table(head, rows, { numbers: 2 }),
      page.runs.map(
        ({ run: { name, validationSample: sample, validationPairs: all } }) =>
          sample !== null &&
          h('p', { class: 'quiet' }, words.validatedOn(name, format.count(sample), format.count(all))),
      ),
    ),
  };
}

interface RunLine extends Line {
  readonly id: string;
}

/** Curves of all runs over each other: of each its training thin, its validation with marks. */
function curvesPart(look: Look, runs: readonly ComparedRun[], shown: Shown): Part {
  const { words } = look;
  const points = runs.map(({ training }) => Series.from(training).points());
  const legend = h('div', { class: 'legend' });
  const chart = mountChart({ label: words.comparisonChart, className: 'tall', option });
  drawLegend();
  const redraw = (): void => {
    drawLegend();
    chart.update();
  };
  return {
    element: h(
      'section',
      { id: 'losses' },
      h('h2', {}, words.losses),
      h('p', { class: 'quiet' }, words.lossNote),
      controls(),
      legend,
      chart.element,
    ),
    dispose: () => {
      chart.dispose();
    },
  };

  function controls(): HTMLElement {
    const titles = { loss: words.total, loss_ko: words.korean, loss_en: words.english };
    return h(
      'div',
      { class: 'controls' },
      choice(
        words.shown,
        CURVES.map((curve) => [curve, titles[curve]] as const),
        shown.curve,
        (curve) => {
          shown.curve = curve;
          redraw();
        },
      ),
      choice(
        words.over,
        [
          ['steps', words.steps],
          ['epochs', words.epochs],
        ],
        shown.over,
        (over) => {
          shown.over = over;
          redraw();
        },
      ),
      toggle(words.logScale, shown.log, (on) => {
        shown.log = on;
        redraw();
      }),
      slider(words.smoothing, { ...SMOOTHING, value: shown.smoothing }, (smoothing) => {
        shown.smoothing = smoothing;
        redraw();
      }),
    );
  }

  function drawLegend(): void {
    legend.replaceChildren(
      ...allLines().map((line) =>
        h(
          'button',
          {
            type: 'button',
            'aria-pressed': String(!shown.hidden.has(line.id)),
            click: () => {
              if (!shown.hidden.delete(line.id)) shown.hidden.add(line.id);
              redraw();
            },
          },
          h('i', { class: line.style, style: `--colour: ${line.colour}` }),
          line.name,
        ),
      ),
    );
  }

  function allLines(): RunLine[] {
    const lines = runs.flatMap((run, i) => linesOf(look, run, points[i]!, i, shown));
    return [...lines, ...meanLines(look, runs, lastOf(lines), shown)];
  }

  function option({ height }: ChartSize): EChartsCoreOption {
    const { palette, format } = look;
    const lines = allLines().filter(({ id }) => !shown.hidden.has(id));
    const end = lastOf(allLines());
    const x = shown.over === 'steps' ? words.step : words.epoch;
    return {
      ...curveChartOption({
        lines,
        palette,
        log: shown.log,
        x,
        y: words.lossAxis,
        height,
        range: [0, end],
        endLabels: true,
      }),
      tooltip: {
        ...tooltipStyle(palette),
        trigger: 'axis',
        axisPointer: { type: 'line', lineStyle: { color: palette.soft, width: 1 }, snap: false },
        formatter: (params: unknown) => {
          const at = axisValue(params);
          const rows = lines.map((line): TipRow => {
            const i = nearest(
              line.points.map(([each]) => each),
              at,
            );
            return { colour: line.colour, name: line.name, value: format.loss(line.points[i]?.[1]) };
          });
          return tip(`${x} ${shown.over === 'steps' ? format.count(Math.round(at)) : at.toFixed(2)}`, rows);
        },
      },
    };
  }
}

function linesOf(
  look: Look,
  { run, validation }: ComparedRun,
  { step, curves }: Points,
  index: number,
  { curve, over, smoothing }: Shown,
): RunLine[] {
  const colour = colourOf(look, index);
  const unit = over === 'epochs' ? (run.stepsPerEpoch ?? 1) : 1;
  return [
    {
      id: `training-${index}`,
      name: `${run.name}, ${look.words.training}`,
      colour,
      style: 'curve',
      points: zip(
        step.map((each) => each / unit),
        smoothed(curves[curve].mean, smoothing),
      ),
    },
    {
      id: `validation-${index}`,
      name: `${run.name}, ${look.words.validation}`,
      colour,
      style: 'marks',
      points: validation.map((point): Point => [point.step / unit, point[curve] ?? NaN]),
    },
  ];
}

/** Where the longest line ends. */
function lastOf(lines: readonly RunLine[]): number {
  return Math.max(...lines.map(({ points }) => points.at(-1)?.[0] ?? 0), 1);
}

/** The loss of always giving the teacher's mean: one line where it is the same for all runs, else one for each. */
function meanLines(look: Look, runs: readonly ComparedRun[], end: number, { curve }: Shown): RunLine[] {
  const { words, palette, format } = look;
  const means = runs.flatMap(({ run: { name, meanBaseline } }, i) =>
    meanBaseline === null ? [] : [{ name, colour: colourOf(look, i), loss: meanShare(meanBaseline, curve) }],
  );
  const isOne = new Set(means.map(({ loss }) => format.loss(loss))).size === 1;
  return (isOne ? means.slice(0, 1) : means).map(({ name, colour, loss }) => ({
    id: isOne ? 'mean' : `mean of ${name}`,
    name: isOne ? words.alwaysMean : `${name}, ${words.alwaysMean}`,
    colour: isOne ? palette.soft : colour,
    style: 'dashes',
    points: [
      [0, loss],
      [end, loss],
    ],
  }));
}

/** Only the settings, and the facts of data, models and machine, that differ. */
function differencesPart({ words }: Look, { runs, differences }: ComparisonData): Part {
  const list = (title: string, entries: readonly Difference[], nameOf: (name: string) => Node | string): Node[] =>
    entries.length === 0
      ? []
      : [
          h('h3', {}, title),
          table(
            ['', ...runs.map(({ run }) => run.name)],
            entries.map(({ name, values }) => [
              nameOf(name),
              ...values.map((value) => (value === null ? '–' : value === '' ? '✓' : value)),
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

function evaluationsPart(look: Look, { runs, evaluations }: ComparisonData): Part[] {
  const { words } = look;
  const names = runs.map(({ run }) => run.name).join(',');
  const contents =
    evaluations.length === 0
      ? [
          h('p', { class: 'quiet' }, words.noJointEvaluation),
          h('div', { class: 'command' }, h('code', { tabindex: 0 }, `kd eval --compare ${names}`)),
        ]
      : evaluations.flatMap((evaluation) => evaluationTables(look, evaluation, { pooler: 'any' }));
  const isSplit = evaluations.filter(({ pairs }) => pairs !== undefined).length > 1;
  return [
    {
      element: h(
        'section',
        { id: 'evaluation' },
        h('h2', {}, words.evaluation),
        isSplit && h('p', { class: 'alarm' }, words.otherPairs),
        contents,
      ),
    },
  ];
}
