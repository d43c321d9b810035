import type { TextEncoder } from '../models/text-encoder.js';
import type { ModelOrigin } from '../weights/origin.js';
import type { Format } from './format.js';
import type { TrainingRecord } from './training-record.js';

/** A model's name and origin. */
export interface CardModel {
  readonly source: string;
  readonly origin: ModelOrigin;
}

/** The contents of a model card. */
export interface CardContents {
  /** The export's name. */
  readonly name: string;
  readonly format: Format;
  readonly encoder: TextEncoder;
  /** The transformers class that loads the model. */
  readonly architecture: string;
  /** The transformers class that loads its tokenizer. */
  readonly tokenizer: string;
  /** What the model was exported from. */
  readonly exported: CardModel;
  /** Absent for a model that was not trained by a kd run. */
  readonly training?: TrainingRecord | undefined;
  readonly teacher?: CardModel | undefined;
  /** The model that the student started from. */
  readonly student?: CardModel | undefined;
}
