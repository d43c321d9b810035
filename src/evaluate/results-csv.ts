/**
 * @file Evaluations as one rectangular CSV for other programs, with numbers in full precision and no text that a
 * spreadsheet would read as a formula.
 */
import { csvField } from '../base/csv.js';
import {
  LANGUAGES,
  type Distance,
  type Language,
  type ModelFacts,
  type ModelScores,
  type RunEvaluations,
  type ScoresByLanguage,
  type StsScores,
} from './evaluation.js';

/**
 * A row is a model's scores on the texts of one language, over all pairs or a group; or a model's scores on an STS file
 * (then `by` is `sts` and `group` is the file). Columns that do not apply are empty.
 */
export const CSV_COLUMNS = [
  'model',
  'role',
  'source',
  'parameters',
  'bytes',
  'width',
  'ms_per_text',
  'text',
  'by',
  'group',
  'pairs',
  'mse',
  'mse_x100',
  'cosine_token',
  'mse_pooled',
  'mse_pooled_x100',
  'cosine_pooled',
  'accuracy_pooled',
  'p10_pooled',
  'mrr_pooled',
  'accuracy_mean',
  'p10_mean',
  'mrr_mean',
  'spearman_pooled',
  'pearson_pooled',
  'spearman_mean',
  'pearson_mean',
] as const;

type CsvRow = Partial<Record<(typeof CSV_COLUMNS)[number], string | number | null>>;

/** All evaluations as CSV (RFC 4180) with a header. */
export function resultsCsv({ pairs, sts }: RunEvaluations): string {
  const rows = [
    ...(pairs?.models ?? []).flatMap((model) => pairsRows(model, pairs!.data.pairs)),
    ...sts.flatMap(({ file, pairs: count, models }) => models.map((model) => stsRow(model, file, count))),
  ];
  const lines = rows.map((row) => CSV_COLUMNS.map((column) => csvField(row[column])).join(','));
  return `${[CSV_COLUMNS.join(','), ...lines].join('\n')}\n`;
}

function pairsRows(model: ModelScores, count: number): CsvRow[] {
  const facts = { ...factsRow(model), ms_per_text: model.ms_per_text };
  const rows = (scores: ScoresByLanguage, place: CsvRow): CsvRow[] =>
    LANGUAGES.map((language) => ({ ...facts, text: language, ...place, ...scoresRow(scores[language]) }));
  return [
    rows(model.scores, { pairs: count }),
    ...model.groups.map(({ by, group, pairs, scores }) => rows(scores, { by, group, pairs })),
  ].flat();
}

function scoresRow({ distance, translation: { pooled, mean } }: ScoresByLanguage[Language]): CsvRow {
  return {
    ...(distance === null ? {} : distanceRow(distance)),
    accuracy_pooled: pooled.accuracy,
    p10_pooled: pooled.p10,
    mrr_pooled: pooled.mrr,
    accuracy_mean: mean.accuracy,
    p10_mean: mean.p10,
    mrr_mean: mean.mrr,
  };
}

function distanceRow(distance: Distance): CsvRow {
  return { ...distance, mse_x100: 100 * distance.mse, mse_pooled_x100: 100 * distance.mse_pooled };
}

function stsRow(model: StsScores, file: string, pairs: number): CsvRow {
  const { pooled, mean } = model.correlation;
  return {
    ...factsRow(model),
    by: 'sts',
    group: file,
    pairs,
    spearman_pooled: pooled.spearman,
    pearson_pooled: pooled.pearson,
    spearman_mean: mean.spearman,
    pearson_mean: mean.pearson,
  };
}

function factsRow({ name, role, source, parameters, bytes, width }: ModelFacts): CsvRow {
  return { model: name, role, source, parameters, bytes, width };
}
