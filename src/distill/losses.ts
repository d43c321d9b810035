/** The losses of a batch, from a step or an evaluation. */
export interface Losses {
  /** Mean squared error on the English sentences. */
  readonly lossEn: number;
  /** Mean squared error on the Korean sentences. */
  readonly lossKo: number;
}
