/** @file How near models come to the teacher, and how well translations find each other. */
import type {
  GroupScores,
  Grouping,
  Language,
  ModelFacts,
  ModelScores,
  PairsEvaluation,
  Pooling,
  RunEvaluations,
  ScoresByLanguage,
  StsEvaluation,
  StsScores,
} from '../../evaluate/evaluation.js';
import { withoutCopies } from '../evaluated-models.js';
import { details, h } from './dom.js';
import { scoreTable, type ScoreColumn } from './scores.js';
import type { Look, Part, View } from './view.js';

/** Korean first: it is what a student is trained for, and what a narrow screen shows. */
const LANGUAGES = ['ko', 'en'] as const satisfies readonly Language[];

/** The section of evaluations of a run; where there are none, how to make one. */
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

/** How much of an evaluation is said. */
interface Detail {
  /** What is said of poolers: that a run's did not learn, or that some do not; nothing where they do. */
  readonly pooler?: 'untaught' | 'any';
  /** Whether groups stand open. */
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

/** Distances and translations found, in a table each: together they are too wide to be read. */
function pairsTables(
  look: Look,
  { data, teacher, models }: PairsEvaluation,
  { pooler, opened = false }: Detail,
): HTMLElement[] {
  const { words, format } = look;
  const evaluated = data.split === 'validation' ? words.evaluationNote : words.evaluationOfAllNote; // may be trained on
  const options = { name: (model: ModelScores) => modelName(look, model), competes };
  const groupings = (['corpus', 'length'] as const).filter((by) =>
    models.some(({ groups }) => groups.some((group) => group.by === by)),
  );
  return [
    h('p', { class: 'quiet' }, `${evaluated(format.count(data.pairs), teacher)} ${words.barNote}`),
    h('h3', {}, words.distances),
    scoreTable(
      look,
      distanceColumns(look, ({ scores }: ModelScores) => scores),
      models,
      {
        ...options,
        caption: words.distances,
      },
    ),
    h('p', { class: 'notes quiet' }, words.distancesLegend),
    h('h3', {}, words.found),
    scoreTable(
      look,
      foundColumns(look, ({ scores }: ModelScores) => scores),
      models,
      {
        ...options,
        caption: words.found,
      },
    ),
    h(
      'p',
      { class: 'notes quiet' },
      words.foundLegend(format.chance(data.pairs)),
      pooler !== undefined && ` ${words.poolerLegends[pooler]}`,
    ),
    h('h3', {}, words.models),
    scoreTable(look, factColumns(look), models, { ...options, caption: words.models }),
    ...modelNotes(look, models),
    details(words.allScores, () =>
      scoreTable(look, otherColumns(look), models, { ...options, caption: words.allScores }),
    ),
    ...groupings.flatMap((by) =>
      opened
        ? [h('h3', {}, words.byGroup[by]), groupTable(look, models, by)]
        : [details(words.byGroup[by], () => groupTable(look, models, by))],
    ),
  ];
}

/** Errors and cosines of hidden states, Korean first. */
function distanceColumns<Row>({ words }: Look, scoresOf: (row: Row) => ScoresByLanguage): ScoreColumn<Row>[] {
  const language = { en: words.english, ko: words.korean };
  return (['mse', 'cosine_token'] as const).flatMap((key) =>
    LANGUAGES.map((each): ScoreColumn<Row> => ({
      title: `${key === 'mse' ? words.mse : words.cosine}, ${language[each]}`,
      value: (row) => scoresOf(row)[each].distance?.[key],
      text: fourDigits,
      better: key === 'mse' ? 'low' : 'high',
    })),
  );
}

/** Shares of translations found, Korean sentences first. */
function foundColumns<Row>({ words, format }: Look, scoresOf: (row: Row) => ScoresByLanguage): ScoreColumn<Row>[] {
  const direction = { en: words.enFindsKo, ko: words.koFindsEn };
  return (['mean', 'pooled'] as const satisfies readonly Pooling[]).flatMap((pooling) =>
    LANGUAGES.map((from): ScoreColumn<Row> => ({
      title: `${direction[from]}, ${words.foundBy[pooling]}`,
      value: (row) => scoresOf(row)[from].translation[pooling].accuracy,
      text: format.percent,
      better: 'high',
    })),
  );
}

function factColumns({ words, format }: Look): ScoreColumn<ModelScores>[] {
  return [
    { title: words.parameters, value: ({ parameters }) => parameters, text: format.count },
    { title: words.onDisk, value: ({ bytes }) => bytes, text: format.bytes },
    { title: words.width, value: ({ width }) => width, text: format.count },
    { title: words.msPerText, value: ({ ms_per_text: ms }) => ms, text: (value) => value.toFixed(2) },
  ];
}

/** Scores that one looks at second. */
function otherColumns({ words, format }: Look): ScoreColumn<ModelScores>[] {
  const language = { en: words.english, ko: words.korean };
  const direction = { en: words.enFindsKo, ko: words.koFindsEn };
  return [
    ...(['mse_pooled', 'cosine_pooled'] as const).flatMap((key) =>
      LANGUAGES.map((each): ScoreColumn<ModelScores> => ({
        title: `${key === 'mse_pooled' ? words.mse : words.cosine}, ${words.foundBy.pooled}, ${language[each]}`,
        value: ({ scores }) => scores[each].distance?.[key],
        text: fourDigits,
        better: key === 'mse_pooled' ? 'low' : 'high',
      })),
    ),
    ...(['mean', 'pooled'] as const).flatMap((pooling) =>
      (['p10', 'mrr'] as const).flatMap((key) =>
        LANGUAGES.map((from): ScoreColumn<ModelScores> => ({
          title: `${key === 'p10' ? 'P@10' : 'MRR'}, ${direction[from]}, ${words.foundBy[pooling]}`,
          value: ({ scores }) => scores[from].translation[pooling][key],
          text: key === 'p10' ? format.percent : fourDigits,
          better: 'high',
        })),
      ),
    ),
  ];
}

/** Why a model has no distances, and how many of its texts were cut. */
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

/** Scores by corpus or by length, a table a group: the models stand below each other, as above. */
function groupTable(look: Look, models: readonly ModelScores[], by: Grouping): HTMLElement {
  const { words, format } = look;
  const rows = models.flatMap((model) =>
    model.groups.filter((group) => group.by === by).map((group): GroupRow => ({ ...group, model })),
  );
  const names = [...new Set(rows.map(({ group }) => group))];
  const columns = [
    ...distanceColumns(look, ({ scores }: GroupRow) => scores),
    ...foundColumns(look, ({ scores }: GroupRow) => scores).slice(0, 2),
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
      text: (value) => (100 * value).toFixed(2),
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

/** A model's name and role; a baseline that several runs share has no name of its own. */
function modelName({ words }: Look, { name, role }: ModelFacts): Node {
  const called = words.roles[role] ?? role;
  const own = name.replace(/ \(untrained\)$/, '');
  return own === ''
    ? h('span', {}, h('strong', {}, called))
    : h('span', {}, h('strong', {}, own), h('span', { class: 'quiet' }, ` ${called}`));
}

const fourDigits = (value: number): string => value.toFixed(4);
