/** @file The page of one run. */
import type { ReportData } from '../report-data.js';
import { Series } from '../series.js';
import { isSteep, lossesOf } from '../validations.js';
import { configurationPart } from './configuration.js';
import { firstSmoothing } from './curves.js';
import { dataPart } from './data.js';
import { h, shownMessage } from './dom.js';
import { evaluationPart } from './evaluation.js';
import { filmStripsPart } from './film-strips.js';
import { headerPart } from './header.js';
import { followNews, type LiveReport } from './live.js';
import { lossesPart } from './losses.js';
import { picturesPart } from './pictures.js';
import { openShell } from './shell.js';
import { translationsPart } from './translations.js';
import type { Choices, Look, Part, RunPart, View } from './view.js';

/** Shows a run's report, and keeps it live if it is served. */
export function showRun(report: LiveReport): void {
  const state = { report, series: Series.from(report.training) };
  const choices = firstChoices(report);
  const viewIn = (look: Look): View => ({ ...look, choices, data: state.report, series: state.series });
  const shell = openShell({
    facts: () => state.report,
    title: ({ words }) => `${state.report.run.name} – ${words.title}`,
    parts: (look) => partsOf(viewIn(look)),
  });
  if (report.live)
    followNews(
      state,
      (sectionsChanged) => {
        if (sectionsChanged) {
          shell.render();
          return;
        }
        try {
          const view = viewIn(shell.look());
          for (const part of shell.parts()) part.update?.(view);
          shell.renewFooter();
        } catch (error) {
          console.error(error);
          shell.render(); // which says what cannot be shown
        }
      },
      shell.showConnection,
    );
}

function partsOf(view: View): (() => RunPart)[] {
  const { translations, previews, pictures, data, problems } = view.data.sections;
  return [
    () => headerPart(view),
    () => lossesPart(view),
    () => evaluationPart(view),
    ...(translations === undefined ? [] : [() => translationsPart(view, translations)]),
    ...(previews === undefined ? [] : [() => filmStripsPart(view, previews)]),
    ...(pictures === undefined ? [] : [() => picturesPart(view, pictures)]),
    ...(data === undefined ? [] : [() => dataPart(view, data)]),
    () => configurationPart(view),
    ...(problems.length === 0 ? [] : [() => problemsPart(view, problems)]),
  ];
}

/** What could not be shown. */
export function problemsPart({ words }: Look, problems: readonly string[]): Part {
  const list = problems.map((problem) => h('li', { class: 'alarm' }, shownMessage(problem, words)));
  return { element: h('section', { id: 'problems' }, h('h2', {}, words.problems), h('ul', {}, list)) };
}

function firstChoices({ training, validation, sections }: ReportData): Choices {
  return {
    lines: sections.published === undefined ? 'both' : 'total',
    log: isSteep(lossesOf(validation)),
    smoothing: firstSmoothing(training.step.length),
    range: [0, 1],
    hidden: new Set(),
    sentence: 0,
    direction: 'ko',
  };
}
