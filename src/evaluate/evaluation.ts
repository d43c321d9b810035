/**
 * @file The results of an evaluation, as printed by `kd eval --json` and saved in a run's folder. Names are snake case,
 * like those in the other JSON files of a run, for use from Python.
 *
 * Notation in this folder: `N` pairs, `B` pairs in a batch, `L` tokens in a text (77), `D` a model's width.
 */

import type { Precision } from '../engine/precision-choice.js';

/** The languages of a pair. */
export const LANGUAGES = ['en', 'ko'] as const;
export type Language = (typeof LANGUAGES)[number];

/**
 * How a whole text is represented: by the model's pooled output, or by the mean of its last hidden states over all `L`
 * positions, including padding, which a distilled student learns like any other position.
 */
export const POOLINGS = ['pooled', 'mean'] as const;
export type Pooling = (typeof POOLINGS)[number];

/** How a model's outputs for texts in one language differ from the teacher's for the English texts. */
export interface Distance {
  /** Mean squared error of the last hidden states, over `N · L · D` values: what the loss `hidden` minimises. */
  readonly mse: number;
  /** The same for pooled outputs, over `N · D` values: what the loss `pooler` minimises. */
  readonly mse_pooled: number;
  /** Cosine similarity of hidden states at the same position, averaged over `N · L`. */
  readonly cosine_token: number;
  /** Cosine similarity of pooled outputs, averaged over `N`. */
  readonly cosine_pooled: number;
}

/** How well texts find their translation among all `N`, by cosine similarity. */
export interface Retrieval {
  /** Translation accuracy (P@1): the share of texts whose translation is the most similar of all. */
  readonly accuracy: number;
  /** P@10: the share of texts whose translation is among the ten most similar. */
  readonly p10: number;
  /** Mean reciprocal rank of the translation. */
  readonly mrr: number;
}

/** The scores of a model on the texts of one language. */
export interface LanguageScores {
  /** Null for a model whose width differs from the teacher's. */
  readonly distance: Distance | null;
  /** Texts in this language as queries for their translations. */
  readonly translation: Readonly<Record<Pooling, Retrieval>>;
}

export type ScoresByLanguage = Readonly<Record<Language, LanguageScores>>;

/** How pairs are grouped. `length`: tokens of the English text, by the teacher's tokenizer. */
export const GROUPINGS = ['corpus', 'length'] as const;
export type Grouping = (typeof GROUPINGS)[number];

/** A model's scores on a group of pairs. Translations are always searched for among all pairs. */
export interface GroupScores {
  readonly by: Grouping;
  readonly group: string;
  readonly pairs: number;
  readonly scores: ScoresByLanguage;
}

/** The role of a model in a comparison. `untrained`: a run's student before its first step. */
export type ModelRole = 'teacher' | 'student' | 'untrained';

/** General facts about a model. */
export interface ModelFacts {
  /** As it was named: `clip`, `roberta`, `first:300`, `klue/roberta-small`. */
  readonly name: string;
  readonly role: ModelRole;
  /** Hub id or folder. */
  readonly source: string;
  readonly parameters: number;
  /** Bytes of its stored parameters; null if they are not stored. */
  readonly bytes: number | null;
  /** `D` */
  readonly width: number;
}

/** A model with its scores on pairs. */
export interface ModelScores extends ModelFacts {
  /** Milliseconds to encode a text, in batches, excluding the first batch; null if there was no other. */
  readonly ms_per_text: number | null;
  /** The number of texts truncated to `L` tokens. */
  readonly cut: number;
  /** Why there are no distances, if so. */
  readonly no_distance: string | null;
  readonly scores: ScoresByLanguage;
  readonly groups: readonly GroupScores[];
}

/** Where and with what models were evaluated. */
export interface EvaluationSetting {
  /** When it ended, ISO 8601. */
  readonly created: string;
  readonly kd: string;
  readonly engine: {
    readonly backend: string;
    readonly device: string;
    /** Null if tfjs computed in JavaScript. */
    readonly tensorflow: string | null;
    /** The precision of matrix products, all else being float32; absent in earlier evaluations, which used float32. */
    readonly precision?: Precision;
  };
  readonly batch_size: number;
}

/** Models compared on pairs of sentences. */
export interface PairsEvaluation extends EvaluationSetting {
  readonly data: {
    /** The token store, or the files and folders. */
    readonly source: string;
    /** SHA-256 over all its pairs. */
    readonly fingerprint: string;
    /** The split of a token store, or all its pairs. */
    readonly split: 'validation' | 'all';
    /** `N` */
    readonly pairs: number;
    /** The number of available pairs, from which `N` were drawn. */
    readonly available: number;
    readonly seed: number;
  };
  /** The name of the model whose English embeddings are the reference. */
  readonly teacher: string;
  readonly models: readonly ModelScores[];
}

/** Correlation of cosine similarities with human judgements; null if all similarities are equal. */
export interface Correlation {
  readonly spearman: number | null;
  readonly pearson: number | null;
}

/** A model with its correlations on an STS file. */
export interface StsScores extends ModelFacts {
  readonly correlation: Readonly<Record<Pooling, Correlation>>;
}

/** Models compared on a file of sentence pairs with human similarity judgements. */
export interface StsEvaluation extends EvaluationSetting {
  readonly file: string;
  readonly pairs: number;
  readonly models: readonly StsScores[];
}

/** A run's saved evaluations: the last one on pairs, and the last one on every STS file. */
export interface RunEvaluations {
  readonly pairs?: PairsEvaluation;
  readonly sts: readonly StsEvaluation[];
}
