/** @file The page of a preparation: sources and options, and what happened to the rows. */
import { droppedOf } from '../../data/prepare/drop-reasons.js';
import type { PreparationData } from '../pages.js';
import { dataPart } from './data.js';
import { h } from './dom.js';
import { entries, fact } from './facts.js';
import { openShell } from './shell.js';
import type { Look, Part } from './view.js';

/** Shows a preparation. */
export function showPreparation(page: PreparationData): void {
  openShell({
    facts: () => page,
    title: ({ words }) => words.prepared,
    parts: (look) => [
      () => overview(look, page),
      () => dataPart(look, page.report, true),
      () => configuration(look, page),
    ],
  });
}

function overview({ words, format }: Look, { folder, report: { total } }: PreparationData): Part {
  return {
    element: h(
      'section',
      { id: 'overview' },
      h('div', { class: 'title' }, h('h1', {}, words.prepared)),
      h('p', { class: 'quiet' }, words.preparedNote(folder)),
      h(
        'div',
        { class: 'facts' },
        fact(words.training, format.count(total.training), [words.pairsUnit]),
        fact(words.validation, format.count(total.validation), [words.pairsUnit]),
        fact(words.rowsRead, format.count(total.read), []),
        fact(words.dropped, format.count(droppedOf(total)), [
          total.not_sampled > 0 ? `${words.notSampled} ${format.count(total.not_sampled)}` : undefined,
        ]),
      ),
    ),
  };
}

function configuration(
  { words, format }: Look,
  { folder, sources, teacher, student, options, written, kd }: PreparationData,
): Part {
  const facts = [
    [words.sourceFiles, sources.join(', ')],
    [words.roles.teacher!, teacher],
    [words.roles.student!, student],
    [words.environmentNames.data!, folder],
    [words.date, format.time(written)],
    ['kd', kd],
  ] as const;
  return {
    element: h(
      'section',
      { id: 'configuration' },
      h('h2', {}, words.configuration),
      h(
        'div',
        { class: 'halves' },
        h('div', {}, h('h3', {}, words.sourcesAndModels), entries(facts, false)),
        h('div', {}, h('h3', {}, words.options), entries(options, true)),
      ),
    ),
  };
}
