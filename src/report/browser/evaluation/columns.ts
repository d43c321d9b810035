/** @file The columns of an evaluation's tables. */
import type { Language, ModelScores, Pooling, ScoresByLanguage } from '../../../evaluate/evaluation.js';
import { fixed } from '../format.js';
import type { ScoreColumn } from '../scores.js';
import type { Look } from '../view.js';

/** Korean first, since the student is trained for it and narrow screens show the first columns. */
const LANGUAGES = ['ko', 'en'] as const satisfies readonly Language[];

/** A row of scores: a model's on all pairs, or on a group of them. */
interface Scored {
  readonly scores: ScoresByLanguage;
}

/** Errors and cosines of hidden states, Korean first. */
export function distanceColumns<Row extends Scored>({ words }: Look): ScoreColumn<Row>[] {
  const language = { en: words.english, ko: words.korean };
  return (['mse', 'cosine_token'] as const).flatMap((key) =>
    LANGUAGES.map((each): ScoreColumn<Row> => ({
      title: `${key === 'mse' ? words.mse : words.cosine}, ${language[each]}`,
      value: ({ scores }) => scores[each].distance?.[key],
      text: fourDigits,
      better: key === 'mse' ? 'low' : 'high',
    })),
  );
}

/** Shares of translations found, with Korean queries first. */
export function foundColumns<Row extends Scored>({ words, format }: Look): ScoreColumn<Row>[] {
  const direction = { en: words.enFindsKo, ko: words.koFindsEn };
  return (['mean', 'pooled'] as const satisfies readonly Pooling[]).flatMap((pooling) =>
    LANGUAGES.map((from): ScoreColumn<Row> => ({
      title: `${direction[from]}, ${words.foundBy[pooling]}`,
      value: ({ scores }) => scores[from].translation[pooling].accuracy,
      text: format.percent,
      better: 'high',
    })),
  );
}

/** A model's cost: parameters, bytes on disk, width, milliseconds per text. */
export function factColumns({ words, format }: Look): ScoreColumn<ModelScores>[] {
  return [
    { title: words.parameters, value: ({ parameters }) => parameters, text: format.count },
    { title: words.onDisk, value: ({ bytes }) => bytes, text: format.bytes },
    { title: words.width, value: ({ width }) => width, text: format.count },
    { title: words.msPerText, value: ({ ms_per_text: ms }) => ms, text: (value) => value.toFixed(2) },
  ];
}

/** Secondary scores. */
export function otherColumns({ words, format }: Look): ScoreColumn<ModelScores>[] {
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

const fourDigits = (value: number): string => fixed(value, 4);
