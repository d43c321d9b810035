import type { PrecisionChoice } from '../../engine/precision-choice.js';
import type { Grouping } from '../../evaluate/evaluation.js';
import type { BackendChoice } from '../../tensorflow/backend-choice.js';
import type { DeviceChoice } from '../../tensorflow/device-choice.js';

/** Which models to compare, and on what. */
export interface EvaluationRequest {
  /**
   * `clip` (the teacher), `roberta` (the newest run's best checkpoint), a run, one of its checkpoints, a folder or a
   * hub id.
   */
  readonly compare: readonly string[];
  /** The model whose English embeddings are the reference. */
  readonly teacher: string;
  /** Whether to include the teacher and untrained students even if they are not named. */
  readonly baselines: boolean;
  /** Files of pairs, folders, or a token store. Default: the run's validation pairs. */
  readonly data?: readonly string[];
  readonly koColumn?: string;
  readonly enColumn?: string;
  /** How many pairs to sample. Default: all, up to `DEFAULT_SAMPLES`. */
  readonly samples?: number;
  /** The random seed for sampling. */
  readonly seed: number;
  /** Whether to compare on pairs, or only on `sts`. */
  readonly pairs: boolean;
  /** Files of sentence pairs with human similarity scores. */
  readonly sts: readonly string[];
  /** Groupings for additional, separate scores. */
  readonly by: readonly Grouping[];
  /**
   * Full-length texts per batch. A batch of shorter texts holds more of them, with as many tokens in total. Default: 32
   * on a CPU; on a GPU up to 256, by its memory.
   */
  readonly batchSize?: number;
  /** The precision of matrix products; `auto` means bfloat16 if that is faster. */
  readonly precision: PrecisionChoice;
  readonly backend: BackendChoice;
  readonly device: DeviceChoice;
}
