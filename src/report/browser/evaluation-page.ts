/** @file The page of a single evaluation. */
import type { EvaluationSetting, ModelFacts } from '../../evaluate/evaluation.js';
import { withoutCopies } from '../evaluated-models.js';
import type { EvaluationData } from '../pages.js';
import { h } from './dom.js';
import { evaluationTables } from './evaluation.js';
import { entries } from './facts.js';
import { openShell } from './shell.js';
import type { Look, Part } from './view.js';

/** Shows an evaluation. */
export function showEvaluation(page: EvaluationData): void {
  openShell({
    facts: () => page,
    title: ({ words }) => words.evaluation,
    parts: (look) => [() => overview(look, page), () => scores(look, page), () => setting(look, page)],
  });
}

function overview({ words }: Look, { evaluations: { pairs, sts } }: EvaluationData): Part {
  const models = withoutCopies<ModelFacts>(pairs?.models ?? sts[0]?.models ?? []);
  const names = models.filter(({ role }) => role === 'student').map(({ name }) => name);
  return {
    element: h(
      'section',
      { id: 'overview' },
      h('div', { class: 'title' }, h('h1', {}, words.evaluation)),
      h('p', { class: 'quiet' }, (names.length === 0 ? models.map(({ name }) => name) : names).join(', ')),
    ),
  };
}

function scores(look: Look, { evaluations }: EvaluationData): Part {
  return {
    element: h(
      'section',
      { id: 'scores' },
      h('h2', {}, look.words.scores),
      evaluationTables(look, evaluations, { opened: true, pooler: 'any' }),
    ),
  };
}

/** What was evaluated, when, and with what. */
function setting({ words, format }: Look, { evaluations: { pairs, sts } }: EvaluationData): Part {
  const { created, kd, engine, batch_size: size } = (pairs ?? sts[0]) as EvaluationSetting;
  const facts = [
    ...(pairs === undefined
      ? []
      : ([
          [pairs.data.split === 'all' ? words.sourceFiles : words.environmentNames.data!, pairs.data.source],
          [words.pairs, `${format.count(pairs.data.pairs)} / ${format.count(pairs.data.available)}`],
          [words.environmentNames.fingerprint!, pairs.data.fingerprint.slice(0, 12)],
        ] as const)),
    ...sts.map(({ file, pairs: count }) => ['STS', `${file} (${format.count(count)})`] as const),
    [words.date, format.time(created)],
    [words.environmentNames.backend!, engine.backend],
    ...(engine.tensorflow === null ? [] : ([[words.environmentNames.tensorflow!, engine.tensorflow]] as const)),
    [words.environmentNames.device!, engine.device],
    [words.batchSize, format.count(size)],
    ['kd', kd],
  ] as const;
  return { element: h('section', { id: 'setting' }, h('h2', {}, words.configuration), entries(facts, false)) };
}
