/** @file How near models come to the teacher, and how well translations find each other. */
import type { Distance, ModelScores, PairsEvaluation, Pooling, StsEvaluation } from '../../evaluate/evaluation.js';
import { h, table } from './dom.js';
import type { Part, View } from './view.js';

/** The section of evaluations; where there are none, how to make one. */
export function evaluationPart(view: View): Part {
  const { words, data } = view;
  const evaluations = data.sections.evaluations;
  const contents =
    evaluations === undefined || (evaluations.pairs === undefined && evaluations.sts.length === 0)
      ? [
          h('p', { class: 'quiet' }, words.noEvaluation),
          h('div', { class: 'command' }, h('code', { tabindex: 0 }, data.sections.commands.evaluate)),
        ]
      : [
          ...(evaluations.pairs === undefined ? [] : pairsTables(view, evaluations.pairs)),
          ...evaluations.sts.flatMap((sts) => stsTable(view, sts)),
        ];
  return { element: h('section', { id: 'evaluation' }, h('h2', {}, words.evaluation), contents) };
}

/** Distances and translations found, in a table each: together they are too wide to be read. */
function pairsTables(
  { words, format, data: { sections } }: View,
  { data, teacher, models }: PairsEvaluation,
): HTMLElement[] {
  const name = (model: ModelScores): Node => modelName(model, words.roles);
  const distance = (scores: Distance | null, key: 'mse' | 'cosine_token'): string => format.loss(scores?.[key]);
  const distances = models.map((model) => {
    const { en, ko } = model.scores;
    return [
      name(model),
      distance(en.distance, 'mse'),
      distance(ko.distance, 'mse'),
      distance(en.distance, 'cosine_token'),
      distance(ko.distance, 'cosine_token'),
      format.count(model.parameters),
      format.small(model.ms_per_text ?? NaN),
    ];
  });
  const found = (model: ModelScores, pooling: Pooling): string[] =>
    (['ko', 'en'] as const).map((from) => format.percent(model.scores[from].translation[pooling].accuracy));
  const learntHidden = sections.settings.some(([flag, value]) => flag === '--loss' && value === 'hidden');
  const foundHead = (pooling: Pooling): string[] =>
    [words.koFindsEn, words.enFindsKo].map((direction) => `${direction}, ${words.foundBy[pooling]}`);
  return [
    h('p', { class: 'quiet' }, words.evaluationNote(format.count(data.pairs), teacher)),
    h('h3', {}, words.distances),
    table(
      [
        words.model,
        `${words.mse}, ${words.english}`,
        `${words.mse}, ${words.korean}`,
        `${words.cosine}, ${words.english}`,
        `${words.cosine}, ${words.korean}`,
        words.parameters,
        words.msPerText,
      ],
      distances,
    ),
    h('p', { class: 'notes quiet' }, words.distancesLegend),
    h('h3', {}, words.found),
    table(
      [words.model, ...foundHead('mean'), ...foundHead('pooled')],
      models.map((model) => [name(model), ...found(model, 'mean'), ...found(model, 'pooled')]),
    ),
    h(
      'p',
      { class: 'notes quiet' },
      words.foundLegend(format.percent(1 / data.pairs)),
      learntHidden && ` ${words.poolerLegend}`,
    ),
  ];
}

function stsTable({ words, format }: View, { file, pairs, models }: StsEvaluation): HTMLElement[] {
  const rows = models.map((model) => [
    modelName(model, words.roles),
    format.loss(model.correlation.mean.spearman),
    format.loss(model.correlation.mean.pearson),
  ]);
  return [
    h('h3', {}, 'STS'),
    h('p', { class: 'quiet' }, words.stsNote(file.split('/').at(-1) ?? file, format.count(pairs))),
    table([words.model, 'Spearman', 'Pearson'], rows),
  ];
}

function modelName(
  { name, role }: { readonly name: string; readonly role: string },
  roles: Readonly<Record<string, string>>,
): Node {
  return h('span', {}, h('strong', {}, name), h('span', { class: 'quiet' }, ` ${roles[role] ?? role}`));
}
