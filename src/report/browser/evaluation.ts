/** @file The evaluation tables: distance to the teacher, and how often translations find each other. */
import type {
  GroupScores,
  Grouping,
  ModelFacts,
  ModelScores,
  PairsEvaluation,
  RunEvaluations,
  StsEvaluation,
  StsScores,
} from '../../evaluate/evaluation.js';
import { withoutCopies } from '../evaluated-models.js';
import { details, h, nameOf } from './dom.js';
import { distanceColumns, factColumns, foundColumns, otherColumns } from './evaluation/columns.js';
import { fixed } from './format.js';
import { scoreTable, type ScoreColumn } from './scores.js';
import type { Look, Part, View } from './view.js';

/** The evaluation section of a run; if there is no evaluation, how to make one. */
export function evaluationPart(view: View): Part {
  const { words, data } = view;
  const { evaluations, settings, commands } = data.sections;
  const learntHidden = settings.some(([flag, value]) => flag === '--loss' && value === 'hidden');
  const contents =
    evaluations === undefined || (evaluations.pairs === undefined && evaluations.sts.length === 0)
      ? [
          h('p', { class: 'quiet' }, words.noEvaluation),
          h('div', { class: 'command' }, h('code', { tabindex: 0 }, commands.evaluate)),
        ]
      : evaluationTables(view, evaluations, learntHidden ? { pooler: 'untaught' } : {});
  return { element: h('section', { id: 'evaluation' }, h('h2', {}, words.evaluation), contents) };
}

/** The level of detail of an evaluation. */
interface Detail {
  /** Which note on poolers to show: that this run's was not trained, or that some are not; none if they all are. */
  readonly pooler?: 'untaught' | 'any';
  /** Whether groups are expanded. */
  readonly opened?: boolean;
}

/** All tables of an evaluation. */
export function evaluationTables(look: Look, { pairs, sts }: RunEvaluations, detail: Detail = {}): HTMLElement[] {
  return [
    ...(pairs === undefined ? [] : pairsTables(look, { ...pairs, models: withoutCopies(pairs.models) }, detail)),
    ...sts.flatMap((file) => stsTable(look, file)),
  ];
}

const competes = ({ role }: ModelFacts): boolean => role !== 'teacher';

/** The distances and the translations found, as separate tables: one would be too wide to read. */
function pairsTables(
  look: Look,
  { data, teacher, models }: PairsEvaluation,
  { pooler, opened = false }: Detail,
): HTMLElement[] {
  const { words, format } = look;
  // all pairs may include training pairs
  const evaluated = data.split === 'validation' ? words.evaluationNote : words.evaluationOfAllNote;
  const tableOf = (caption: string, columns: readonly ScoreColumn<ModelScores>[]): HTMLElement =>
    scoreTable(look, columns, models, { name: (model) => modelName(look, model), competes, caption });
  const groupings = (['corpus', 'length'] as const).filter((by) =>
    models.some(({ groups }) => groups.some((group) => group.by === by)),
  );
  return [
    h('p', { class: 'quiet' }, `${evaluated(format.count(data.pairs), teacher)} ${words.barNote}`),
    h('h3', {}, words.distances),
    tableOf(words.distances, distanceColumns(look)),
    h('p', { class: 'notes quiet' }, words.distancesLegend),
    h('h3', {}, words.found),
    tableOf(words.found, foundColumns(look)),
    h(
      'p',
      { class: 'notes quiet' },
      words.foundLegend(format.chance(data.pairs)),
      pooler !== undefined && ` ${words.poolerLegends[pooler]}`,
    ),
    h('h3', {}, words.models),
    tableOf(words.models, factColumns(look)),
    ...modelNotes(look, models),
    details(words.allScores, () => tableOf(words.allScores, otherColumns(look))),
    ...groupings.flatMap((by) =>
      opened
        ? [h('h3', {}, words.byGroup[by]), groupTable(look, models, by)]
        : [details(words.byGroup[by], () => groupTable(look, models, by))],
    ),
  ];
}

/** Notes: why a model has no distances, and how many of its texts were truncated. */
function modelNotes({ words, format }: Look, models: readonly ModelScores[]): HTMLElement[] {
  const notes = models.flatMap(({ name, no_distance: why, cut }) => [
    ...(why === null ? [] : [`${name}: ${words.noDistances(why)}`]),
    ...(cut > 0 ? [`${name}: ${words.cutTexts(format.count(cut))}`] : []),
  ]);
  return notes.map((note) => h('p', { class: 'notes quiet' }, note));
}

interface GroupRow extends GroupScores {
  readonly model: ModelScores;
}

/** Scores by corpus or by length: one table per group, with the models as rows, as above. */
function groupTable(look: Look, models: readonly ModelScores[], by: Grouping): HTMLElement {
  const { words, format } = look;
  const rows = models.flatMap((model) =>
    model.groups.filter((group) => group.by === by).map((group): GroupRow => ({ ...group, model })),
  );
  const names = [...new Set(rows.map(({ group }) => group))];
  const columns = [
    ...distanceColumns<GroupRow>(look),
    ...foundColumns<GroupRow>(look).slice(0, 2), // the two by the mean
  ];
  return h(
    'div',
    {},
    names.flatMap((name) => {
      const members = rows.filter(({ group }) => group === name);
      const title = by === 'corpus' ? (words.corpora[name] ?? name) : `${name} ${words.tokens}`;
      return [
        h('h4', {}, title, h('span', { class: 'quiet' }, ` ${words.groupPairs(format.count(members[0]!.pairs))}`)),
        scoreTable(look, columns, members, {
          name: ({ model }) => modelName(look, model),
          competes: ({ model }) => competes(model),
          caption: title,
        }),
      ];
    }),
    h('p', { class: 'notes quiet' }, words.groupNote),
  );
}

function stsTable(look: Look, { file, pairs, models }: StsEvaluation): HTMLElement[] {
  const { words, format } = look;
  const columns = (['mean', 'pooled'] as const).flatMap((pooling) =>
    (['spearman', 'pearson'] as const).map((kind): ScoreColumn<StsScores> => ({
      title: `${kind === 'spearman' ? 'Spearman' : 'Pearson'}, ${words.foundBy[pooling]}`,
      value: ({ correlation }) => correlation[pooling][kind],
      text: (value) => fixed(100 * value, 2),
      better: 'high',
    })),
  );
  return [
    h('h3', {}, 'STS'),
    h('p', { class: 'quiet' }, words.stsNote(file.split('/').at(-1) ?? file, format.count(pairs))),
    scoreTable(look, columns, withoutCopies(models), {
      name: (model) => modelName(look, model),
      competes,
      caption: file,
    }),
  ];
}

/** A model's name and role; a baseline shared by several runs has no name of its own. */
function modelName({ words }: Look, { name, role }: ModelFacts): Node {
  const called = words.roles[role] ?? role;
  const own = name.replace(/ \(untrained\)$/, '');
  return own === ''
    ? h('span', {}, h('strong', {}, called))
    : h('span', {}, nameOf(own), h('span', { class: 'quiet' }, ` ${called}`));
}
