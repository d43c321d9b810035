/** @file What the process that draws previews is told, and what it tells. */
import type { GenerateOptions } from '../../app/pictures/options.js';
import type { PromptPair } from '../../app/pictures/prompts.js';
import type { PreviewMark } from '../../diffusion/pictures.js';

/** A text encoder at a moment of the run, and the prompts to draw with it. */
export interface PreviewState extends Pick<PreviewMark, 'of' | 'step'> {
  /** The folder of the checkpoint; of the student alone. */
  readonly checkpoint?: string;
  readonly prompts: readonly PromptPair[];
}

/** The models of a run, as they were before its first step. */
export interface StartingModels {
  readonly teacher: StartingModel;
  readonly student: StartingModel;
  /** The width of the hidden states. */
  readonly width: number;
  /** Whether all parameters are drawn at random. */
  readonly randomWeights: boolean;
  readonly seed: number;
}

interface StartingModel {
  /** Hub id or folder. */
  readonly source: string;
  readonly tokenizerSource?: string;
}

/** What to draw. */
export interface PreviewTask {
  /** Absolute path of the run's folder. */
  readonly run: string;
  /** How often the run has been resumed. */
  readonly resumed: number;
  readonly states: readonly PreviewState[];
  readonly options: GenerateOptions;
  readonly models: StartingModels;
}

/** A preview that was drawn. */
export interface DrawnPreview extends Omit<PreviewMark, 'resumed'> {
  /** The file. */
  readonly path: string;
  /** What is wrong with it, as being of one colour. */
  readonly trouble?: string;
}

/** What the process tells while it works. */
export type PreviewNews =
  | { readonly kind: 'warning'; readonly text: string }
  /** The models of the run are no longer needed: all texts are embedded. */
  | { readonly kind: 'embedded' }
  /** Denoising steps, of all pictures together. */
  | { readonly kind: 'progress'; readonly done: number; readonly total: number }
  | { readonly kind: 'picture'; readonly picture: DrawnPreview };

/** How it ended. */
export type PreviewOutcome =
  | { readonly kind: 'drawn' }
  /** `code`: of bad input, undefined for a bug. */
  | { readonly kind: 'failed'; readonly message: string; readonly code: string | undefined };
