/** @file The messages to and from the process that draws previews. */
import type { GenerateOptions } from '../../app/pictures/options.js';
import type { PromptPair } from '../../app/pictures/prompts.js';
import type { PreviewMark } from '../../diffusion/pictures.js';

/** A text encoder at a step of the run, and the prompts to draw with it. */
export interface PreviewState extends Pick<PreviewMark, 'of' | 'step'> {
  /** The checkpoint's folder; only for the student. */
  readonly checkpoint?: string;
  readonly prompts: readonly PromptPair[];
}

/** The models of a run, as they were before its first step. */
export interface StartingModels {
  readonly teacher: StartingModel;
  readonly student: StartingModel;
  /** The width of the hidden states. */
  readonly width: number;
  /** Whether all parameters are randomly initialised. */
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
  /** The file's path. */
  readonly path: string;
  /** What is wrong with it, for example that it has only one colour. */
  readonly trouble?: string;
}

/** What the process reports while it works. */
export type PreviewEvent =
  | { readonly kind: 'warning'; readonly text: string }
  /** All texts are encoded; the run's models are no longer needed. */
  | { readonly kind: 'embedded' }
  /** Denoising steps over all pictures. */
  | { readonly kind: 'progress'; readonly done: number; readonly total: number }
  | { readonly kind: 'picture'; readonly picture: DrawnPreview };

/** How it ended. */
export type PreviewOutcome =
  | { readonly kind: 'drawn' }
  /** `code`: the code of bad input; undefined for a bug. */
  | { readonly kind: 'failed'; readonly message: string; readonly code: string | undefined };
