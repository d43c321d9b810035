/** @file Evaluations as tables for people. */
import { formatBytes, formatCount, formatCounted } from '../base/format.js';
import {
  LANGUAGES,
  POOLINGS,
  type GroupScores,
  type Grouping,
  type Language,
  type ModelFacts,
  type ModelScores,
  type PairsEvaluation,
  type Pooling,
  type StsEvaluation,
} from './evaluation.js';
import type { Cell, Column, Table } from './table.js';

const decimals =
  (digits: number) =>
  (value: number): string =>
    value.toFixed(digits);
const percent = (value: number): string => `${(100 * value).toFixed(1)}%`;
/** As printed in the literature. */
const timesHundred = (value: number): string => (100 * value).toFixed(2);
/** The accuracy of guessing among this many texts, with two significant digits: `0.2%`, `0.01%`. */
const chance = (pairs: number): string => `${Number((100 / pairs).toPrecision(2))}%`;

/** The names of poolings. */
const POOLING_TITLES: Readonly<Record<Pooling, string>> = {
  pooled: 'pooled outputs',
  mean: 'mean of hidden states',
};

/** From texts in a language to their translations. */
const DIRECTIONS: Readonly<Record<Language, string>> = { en: 'en → ko', ko: 'ko → en' };

const GROUPING_TITLES: Readonly<Record<Grouping, string>> = { corpus: 'corpus', length: 'tokens' };

/** All tables of a comparison on pairs. */
export function pairsTables(evaluation: PairsEvaluation): Table[] {
  const groupings = (['corpus', 'length'] as const).filter((by) =>
    evaluation.models.some(({ groups }) => groups.some((group) => group.by === by)),
  );
  return [
    distanceTable(evaluation),
    translationTable(evaluation),
    modelTable(evaluation.models),
    ...groupings.map((by) => groupTable(evaluation, by)),
  ];
}

function distanceTable({ models, teacher }: PairsEvaluation): Table {
  return {
    title: `Distance to ${teacher} on English`,
    keys: 2,
    columns: [
      { title: 'model' },
      { title: 'text' },
      { title: 'MSE', group: 'hidden states', format: decimals(4), bar: 'magnitude' },
      { title: '×100', group: 'hidden states', format: timesHundred },
      { title: 'cosine', group: 'hidden states', format: decimals(4), bar: 'share' },
      { title: 'MSE', group: 'pooled outputs', format: decimals(4), bar: 'magnitude' },
      { title: '×100', group: 'pooled outputs', format: timesHundred },
      { title: 'cosine', group: 'pooled outputs', format: decimals(4), bar: 'share' },
    ],
    rows: models.flatMap(({ name, scores }) =>
      LANGUAGES.map((language): Cell[] => {
        const {
          mse = null,
          cosine_token = null,
          mse_pooled = null,
          cosine_pooled = null,
        } = scores[language].distance ?? {};
        return [name, language, mse, mse, cosine_token, mse_pooled, mse_pooled, cosine_pooled];
      }),
    ),
    notes: [
      ...models.flatMap(({ name, no_distance: why }) => (why === null ? [] : [`${name}: no distances, ${why}`])),
      `cosine of hidden states: of the same position, padding too; ${teacher} on Korean is what an English ` +
        'model makes of it',
    ],
  };
}

function translationTable({ models, data }: PairsEvaluation): Table {
  return {
    title: `Translations found among ${formatCount(data.pairs)}`,
    keys: 2,
    columns: [
      { title: 'model' },
      { title: 'direction' },
      ...POOLINGS.flatMap((pooling): Column[] => [
        { title: 'accuracy', group: POOLING_TITLES[pooling], format: percent, bar: 'share' },
        { title: 'P@10', group: POOLING_TITLES[pooling], format: percent, bar: 'share' },
        { title: 'MRR', group: POOLING_TITLES[pooling], format: decimals(4), bar: 'share' },
      ]),
    ],
    rows: models.flatMap(({ name, scores }) =>
      LANGUAGES.map((language): Cell[] => {
        const { translation } = scores[language];
        return [
          name,
          DIRECTIONS[language],
          ...POOLINGS.flatMap((pooling) => [
            translation[pooling].accuracy,
            translation[pooling].p10,
            translation[pooling].mrr,
          ]),
        ];
      }),
    ),
    notes: [
      `accuracy: the translation is the most similar of all (P@1); guessing finds ${chance(data.pairs)}`,
      'pooled outputs: by the pooler, which learns only with --loss pooler; for a student of hidden states, ' +
        'compare their mean',
    ],
  };
}

/** The models and their cost. */
function modelTable(models: readonly ModelScores[]): Table {
  const cut = models.filter((model) => model.cut > 0);
  return {
    title: 'Models',
    columns: [
      { title: 'model' },
      { title: 'parameters', format: formatCount },
      { title: 'on disk', format: formatBytes },
      { title: 'width' },
      { title: 'ms per text', format: decimals(2) },
      { title: 'from' },
    ],
    rows: models.map(({ name, parameters, bytes, width, ms_per_text, source }) => [
      name,
      parameters,
      bytes,
      width,
      ms_per_text,
      source,
    ]),
    notes: cut.map((model) => `${model.name}: ${formatCounted(model.cut, 'text')} cut to 77 tokens`),
  };
}

function groupTable({ models, teacher }: PairsEvaluation, by: Grouping): Table {
  const groupsOf = (model: ModelScores): readonly GroupScores[] => model.groups.filter((group) => group.by === by);
  return {
    title: `By ${by === 'corpus' ? 'corpus' : `tokens of the English text (${teacher}'s tokenizer)`}`,
    keys: 3,
    columns: [
      { title: 'model' },
      { title: 'text' },
      { title: GROUPING_TITLES[by] },
      { title: 'pairs', format: formatCount },
      { title: 'MSE', format: decimals(4), bar: 'magnitude' },
      { title: 'cosine', format: decimals(4), bar: 'share' },
      { title: 'pooled', group: 'translations found', format: percent, bar: 'share' },
      { title: 'mean', group: 'translations found', format: percent, bar: 'share' },
    ],
    rows: models.flatMap((model) =>
      LANGUAGES.flatMap((language) =>
        groupsOf(model).map(({ group, pairs, scores }): Cell[] => {
          const { distance, translation } = scores[language];
          return [
            model.name,
            language,
            group,
            pairs,
            distance?.mse ?? null,
            distance?.cosine_token ?? null,
            translation.pooled.accuracy,
            translation.mean.accuracy,
          ];
        }),
      ),
    ),
    notes: ['translations are looked for among all pairs, not those of the group alone'],
  };
}

/** The table of a comparison on judged sentences. */
export function stsTable({ file, pairs, models }: StsEvaluation): Table {
  return {
    title: `Similarity as people judge it: ${file}, ${formatCounted(pairs, 'pair')}`,
    columns: [
      { title: 'model' },
      ...POOLINGS.flatMap((pooling): Column[] => [
        { title: 'Spearman', group: POOLING_TITLES[pooling], format: timesHundred, bar: 'share' },
        { title: 'Pearson', group: POOLING_TITLES[pooling], format: timesHundred, bar: 'share' },
      ]),
    ],
    rows: models.map(({ name, correlation }: ModelFacts & StsEvaluation['models'][number]): Cell[] => [
      name,
      ...POOLINGS.flatMap((pooling) => [correlation[pooling].spearman, correlation[pooling].pearson]),
    ]),
    notes: ['correlation of cosine similarity with the scores, ×100'],
  };
}
