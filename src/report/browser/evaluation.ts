/** @file How near models come to the teacher, and how well translations find each other. */
import type { Distance, ModelScores, PairsEvaluation, StsEvaluation } from '../../evaluate/evaluation.js';
import { h, table } from './dom.js';
import type { Part, View } from './view.js';

/** The section of evaluations; where there are none, how to make one. */
export function evaluationPart(view: View): Part {
  const { words, data } = view;
  const evaluations = data.sections.evaluations;
  const contents = evaluations === undefined || (evaluations.pairs === undefined && evaluations.sts.length === 0)
    ? [h('p', { class: 'quiet' }, words.noEvaluation), h('div', { class: 'command' }, h('code', { tabindex: 0 }, `kd eval --compare clip,${data.run.name}`))]
    : [...(evaluations.pairs === undefined ? [] : pairsTable(view, evaluations.pairs)), ...evaluations.sts.flatMap((sts) => stsTable(view, sts))];
  return { element: h('section', { id: 'evaluation' }, h('h2', {}, words.evaluation), contents) };
}

function pairsTable({ words, format }: View, { data, teacher, models }: PairsEvaluation): HTMLElement[] {
  const distance = (scores: Distance | null, key: 'mse' | 'cosine_token'): string => format.loss(scores?.[key]);
  const row = (model: ModelScores): (string | Node)[] => {
    const { en, ko } = model.scores;
    return [
      modelName(model, words.roles),
      distance(en.distance, 'mse'), distance(ko.distance, 'mse'), distance(en.distance, 'cosine_token'), distance(ko.distance, 'cosine_token'),
      format.percent(ko.translation.mean.accuracy), format.percent(en.translation.mean.accuracy), format.count(model.parameters), format.small(model.ms_per_text ?? NaN),
    ];
  };
  const head = [
    words.model, `${words.mse}, ${words.english}`, `${words.mse}, ${words.korean}`, `${words.cosine}, ${words.english}`, `${words.cosine}, ${words.korean}`,
    words.koFindsEn, words.enFindsKo, words.parameters, words.msPerText,
  ];
  return [
    h('p', { class: 'quiet' }, words.evaluationNote(format.count(data.pairs), teacher)),
    table(head, models.map(row)),
    h('p', { class: 'notes quiet' }, words.evaluationLegend),
  ];
}

function stsTable({ words, format }: View, { file, pairs, models }: StsEvaluation): HTMLElement[] {
  const rows = models.map((model) => [modelName(model, words.roles), format.loss(model.correlation.mean.spearman), format.loss(model.correlation.mean.pearson)]);
  return [h('h3', {}, 'STS'), h('p', { class: 'quiet' }, words.stsNote(file.split('/').at(-1) ?? file, format.count(pairs))), table([words.model, 'Spearman', 'Pearson'], rows)];
}

function modelName({ name, role }: { readonly name: string; readonly role: string }, roles: Readonly<Record<string, string>>): Node {
  return h('span', {}, h('strong', {}, name), h('span', { class: 'quiet' }, ` ${roles[role] ?? role}`));
}
