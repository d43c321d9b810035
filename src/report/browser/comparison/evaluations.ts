/** @file The section of the runs' evaluations, side by side. */
import { areSplit } from '../../joint-evaluations.js';
import type { ComparisonData } from '../../pages.js';
import { h } from '../dom.js';
import { evaluationTables } from '../evaluation.js';
import type { Look, Part } from '../view.js';

/** The runs' evaluations; if there are none, the command that makes one. */
export function evaluationsPart(look: Look, { evaluations, evaluate }: ComparisonData): Part {
  const { words } = look;
  const contents =
    evaluations.length === 0
      ? [
          h('p', { class: 'quiet' }, words.noJointEvaluation),
          h('div', { class: 'command' }, h('code', { tabindex: 0 }, evaluate)),
        ]
      : evaluations.flatMap((evaluation) => evaluationTables(look, evaluation, { pooler: 'any' }));
  return {
    element: h(
      'section',
      { id: 'evaluation' },
      h('h2', {}, words.evaluation),
      areSplit(evaluations) && h('p', { class: 'alarm' }, words.otherPairs),
      contents,
    ),
  };
}
