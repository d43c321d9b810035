/** @file How near held-out sentences and translations lie to each other in the student's space. */

/** `N` pairs of held-out sentences and how similar each Korean sentence is to each English one. */
export interface Translations {
  /** Name of the checkpoint that encoded them. */
  readonly checkpoint: string;
  /** What stands for a sentence: the pooled output, or the mean of its hidden states. */
  readonly pooling: 'pooled' | 'mean';
  readonly pairs: readonly { readonly ko: string; readonly en: string }[];
  /** Cosine similarities `[N][N]`: of the Korean sentence of a row, the English one of a column. */
  readonly similarity: readonly (readonly number[])[];
}
