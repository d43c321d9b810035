/**
 * @file The results of an evaluation, as `kd eval --json` prints them and as they are kept in a run's
 * folder. Names as in the other JSON files of a run, so that Python reads them as they stand.
 *
 * Notation in this folder: `N` pairs, `B` pairs of a batch, `L` tokens a text (77), `D` a model's width.
 */

import type { Precision } from '../distill/engine.js';

/** The languages of a pair. */
export const LANGUAGES = ['en', 'ko'] as const;
export type Language = (typeof LANGUAGES)[number];

/**
 * What stands for a whole text: the model's pooled output, or the mean of its last hidden states over all `L`
 * positions, padding too, which a distilled student learns like any other.
 */
export const POOLINGS = ['pooled', 'mean'] as const;
export type Pooling = (typeof POOLINGS)[number];

/** How a model's output for texts of a language differs from the teacher's for the English texts. */
export interface Distance {
  /** Mean squared error of the last hidden states, over `N · L · D` values: what the loss `hidden` minimises. */
  readonly mse: number;
  /** The same of the pooled outputs, over `N · D` values: the loss `pooler`. */
  readonly mse_pooled: number;
  /** Cosine similarity of hidden states at the same position, mean over `N · L`. */
  readonly cosine_token: number;
  /** Cosine similarity of pooled outputs, mean over `N`. */
  readonly cosine_pooled: number;
}

/** How well texts find their translation among all `N`, by cosine similarity. */
export interface Retrieval {
  /** Translation accuracy: the share whose translation is the most similar of all; also called P@1. */
  readonly accuracy: number;
  /** The share whose translation is among the ten most similar: P@10. */
  readonly p10: number;
  /** Mean reciprocal rank of the translation. */
  readonly mrr: number;
}

/** The scores of a model on the texts of one language. */
export interface LanguageScores {
  /** Null for a model whose width is not the teacher's. */
  readonly distance: Distance | null;
  /** Texts of this language looking for their translation in the other. */
  readonly translation: Readonly<Record<Pooling, Retrieval>>;
}

export type ScoresByLanguage = Readonly<Record<Language, LanguageScores>>;

/** How pairs are grouped. `length`: tokens of the English text, by the teacher's tokenizer. */
export const GROUPINGS = ['corpus', 'length'] as const;
export type Grouping = (typeof GROUPINGS)[number];

/** The scores of a model on some of the pairs. Translations are looked for among all of them, in every group. */
export interface GroupScores {
  readonly by: Grouping;
  readonly group: string;
  readonly pairs: number;
  readonly scores: ScoresByLanguage;
}

/** The role of a model in a comparison. `untrained`: a run's student before its first step. */
export type ModelRole = 'teacher' | 'student' | 'untrained';

/** A model as such. */
export interface ModelFacts {
  /** As it was named: `clip`, `roberta`, `first:300`, `klue/roberta-small`. */
  readonly name: string;
  readonly role: ModelRole;
  /** Hub id or folder. */
  readonly source: string;
  readonly parameters: number;
  /** Bytes of its parameters as they are stored; null for parameters that are stored nowhere. */
  readonly bytes: number | null;
  /** `D` */
  readonly width: number;
}

/** A model with its scores on pairs. */
export interface ModelScores extends ModelFacts {
  /** Milliseconds that encoding a text took, in batches, the first batch left out; null where there was no other. */
  readonly ms_per_text: number | null;
  /** Texts that were cut to `L` tokens. */
  readonly cut: number;
  /** Why there are no distances, where there are none. */
  readonly no_distance: string | null;
  readonly scores: ScoresByLanguage;
  readonly groups: readonly GroupScores[];
}

/** Where and on what models were evaluated. */
export interface EvaluationSetting {
  /** When it ended, as ISO 8601. */
  readonly created: string;
  readonly kd: string;
  readonly engine: {
    readonly backend: string;
    readonly device: string;
    /** Null where tfjs computed in JavaScript. */
    readonly tensorflow: string | null;
    /** The precision of products, all else being float32; absent in earlier evaluations, which were float32. */
    readonly precision?: Precision;
  };
  readonly batch_size: number;
}

/** Models compared on pairs of sentences. */
export interface PairsEvaluation extends EvaluationSetting {
  readonly data: {
    /** The token store, or the files and folders. */
    readonly source: string;
    /** SHA-256 over all pairs there. */
    readonly fingerprint: string;
    /** The side of a token store's split, or all pairs there. */
    readonly split: 'validation' | 'all';
    /** `N` */
    readonly pairs: number;
    /** Pairs that there are on this side, from which `N` were drawn. */
    readonly available: number;
    readonly seed: number;
  };
  /** Name of the model whose English embeddings are the measure. */
  readonly teacher: string;
  readonly models: readonly ModelScores[];
}

/** Agreement of cosine similarities with people's judgements; null where all similarities are the same. */
export interface Correlation {
  readonly spearman: number | null;
  readonly pearson: number | null;
}

/** A model with its correlations on an STS file. */
export interface StsScores extends ModelFacts {
  readonly correlation: Readonly<Record<Pooling, Correlation>>;
}

/** Models compared on a file of sentence pairs that people have judged for similarity. */
export interface StsEvaluation extends EvaluationSetting {
  readonly file: string;
  readonly pairs: number;
  readonly models: readonly StsScores[];
}

/** All that is kept of a run's evaluations: the last one on pairs, and the last one of every STS file. */
export interface RunEvaluations {
  readonly pairs?: PairsEvaluation;
  readonly sts: readonly StsEvaluation[];
}
