/** @file The report's page: shows the data embedded in it, and asks for news where there may be some. */
import { PALETTES, THEMES, type Theme } from '../palette.js';
import type { ReportData } from '../report-data.js';
import { Series } from '../series.js';
import { configurationPart } from './configuration.js';
import { dataPart } from './data.js';
import { choice, h } from './dom.js';
import { evaluationPart } from './evaluation.js';
import { formatFor } from './format.js';
import { headerPart } from './header.js';
import { followNews, type LiveReport } from './live.js';
import { lossesPart } from './losses.js';
import { recall, remember } from './memory.js';
import { picturesPart } from './pictures.js';
import { translationsPart } from './translations.js';
import type { Choices, Part, View } from './view.js';
import { LANGUAGES, WORDS, type Language } from './words.js';

/** Points from which a curve is so dense that it is smoothed to begin with. */
const DENSE = 150;

/** A loss that falls to less than this share begins on a logarithmic axis. */
const STEEP = 0.4;

start(JSON.parse(document.getElementById('report')!.textContent) as LiveReport);

function start(report: LiveReport): void {
  const state = { report, series: Series.from(report.training) };
  const choices = firstChoices(report);
  let language = recall('language', LANGUAGES) ?? (navigator.language.toLowerCase().startsWith('ko') ? 'ko' : 'en');
  let theme = recall('theme', ['auto', ...THEMES]) ?? 'auto';
  const system = matchMedia('(prefers-color-scheme: dark)');
  let parts: Part[] = [];

  system.addEventListener('change', () => {
    if (theme === 'auto') render();
  });
  render();
  if (report.live) followNews(state, apply, showConnection);

  function viewNow(): View {
    return {
      language,
      words: WORDS[language],
      format: formatFor(language),
      palette: PALETTES[shownTheme()],
      choices,
      data: state.report,
      series: state.series,
    };
  }

  function shownTheme(): Theme {
    return theme === 'auto' ? (system.matches ? 'dark' : 'light') : theme;
  }

  function render(): void {
    for (const part of parts) part.dispose?.();
    document.documentElement.lang = language;
    document.documentElement.dataset.theme = shownTheme();
    const view = viewNow();
    document.title = `${state.report.run.name} – ${view.words.title}`;
    parts = partsOf(view);
    const [scrolled, focused] = [scrollY, document.activeElement?.id];
    document.getElementById('page')!.replaceChildren(
      bar(view),
      h(
        'main',
        {},
        parts.map(({ element }) => element),
      ),
      footer(view),
    );
    scrollTo(0, scrolled);
    if (focused !== undefined && focused !== '') document.getElementById(focused)?.focus();
  }

  /** Name, sections, language and theme. */
  function bar({ words }: View): HTMLElement {
    const titles = parts.flatMap(({ element }) => {
      const title = element.querySelector('h2')?.textContent;
      return title == null ? [] : [h('a', { href: `#${element.id}` }, title)];
    });
    return h(
      'header',
      { class: 'bar' },
      h('nav', { 'aria-label': words.sections }, h('a', { href: '#overview', class: 'brand' }, 'kd'), titles),
      h(
        'div',
        { class: 'switches' },
        choice(
          words.language,
          [
            ['en', 'EN'],
            ['ko', '한국어'],
          ],
          language,
          (chosen: Language) => {
            language = chosen;
            remember('language', chosen);
            render();
          },
        ),
        choice(
          words.theme,
          [
            ['auto', '◐'],
            ['light', '☀'],
            ['dark', '☾'],
          ],
          theme,
          (chosen) => {
            theme = chosen;
            remember('theme', chosen);
            render();
          },
        ),
      ),
    );
  }

  function footer({ words, format }: View): HTMLElement {
    const data = state.report;
    const when = data.live
      ? words.updated(format.time(data.written))
      : words.written(format.time(data.written), data.kd);
    return h('footer', { class: 'quiet' }, h('span', { id: 'written' }, when), ' ', words.charts);
  }

  /** Shows new data: updates the logs in place, and redraws other sections. */
  function apply(sectionsChanged: boolean): void {
    if (sectionsChanged) {
      render();
      return;
    }
    const view = viewNow();
    for (const part of parts) part.update?.(view);
    document.querySelector('footer')?.replaceWith(footer(view));
  }

  function showConnection(isThere: boolean): void {
    const { words } = viewNow();
    const sign = document.getElementById('live');
    if (sign === null) return;
    sign.textContent = isThere ? words.live : words.lost;
    sign.classList.toggle('lost', !isThere);
  }
}

function partsOf(view: View): Part[] {
  const { sections } = view.data;
  return [
    headerPart(view),
    lossesPart(view),
    evaluationPart(view),
    ...(sections.translations === undefined ? [] : [translationsPart(view, sections.translations)]),
    ...(sections.pictures === undefined ? [] : [picturesPart(view, sections.pictures)]),
    ...(sections.data === undefined ? [] : [dataPart(view, sections.data)]),
    configurationPart(view),
    ...(sections.problems.length === 0 ? [] : [problemsPart(view)]),
  ];
}

function problemsPart({ words, data }: View): Part {
  return {
    element: h(
      'section',
      { id: 'problems' },
      h('h2', {}, words.problems),
      h(
        'ul',
        {},
        data.sections.problems.map((problem) => h('li', { class: 'alarm' }, problem)),
      ),
    ),
  };
}

function firstChoices({ training, validation, sections }: ReportData): Choices {
  const losses = validation.flatMap(({ loss }) => (loss === null ? [] : [loss]));
  return {
    lines: sections.published === undefined ? 'both' : 'total',
    log: losses.length > 1 && Math.min(...losses) < STEEP * losses[0]!,
    smoothing: training.step.length >= DENSE ? 0.6 : 0,
    range: [0, 1],
    hidden: new Set(),
    sentence: 0,
    direction: 'ko',
  };
}
