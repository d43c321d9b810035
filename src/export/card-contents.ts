import type { TextEncoder } from '../models/text-encoder.js';
import type { ModelOrigin } from '../weights/origin.js';
import type { Format } from './formats.js';
import type { TrainingRecord } from './training-record.js';

/** A model as it was named, and where it came from. */
export interface CardModel {
  readonly source: string;
  readonly origin: ModelOrigin;
}

/** What a model card says. */
export interface CardContents {
  /** The name of the export. */
  readonly name: string;
  readonly format: Format;
  readonly encoder: TextEncoder;
  /** The class of transformers that reads the model. */
  readonly architecture: string;
  /** The class of transformers that reads its tokenizer. */
  readonly tokenizer: string;
  /** What the model was exported from. */
  readonly exported: CardModel;
  /** Absent for a model that no run of kd trained. */
  readonly training?: TrainingRecord | undefined;
  readonly teacher?: CardModel | undefined;
  /** What the student started from. */
  readonly student?: CardModel | undefined;
}
