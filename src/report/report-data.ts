/** @file The data of a report, embedded in its page and sent to live pages. */
import type { PrepareReport } from '../data/prepare/report.js';
import type { PreviewMark } from '../diffusion/pictures.js';
import type { PublishedResult } from '../training/recipes.js';
import type { RunEvaluations } from '../evaluate/evaluation.js';
import type { RunState } from '../runs/run-states.js';
import type { SeriesJson } from './series.js';

/** A validation; a loss that is not a number is null. */
export interface ValidationPoint {
  readonly step: number;
  readonly epoch: number;
  readonly loss: number | null;
  readonly loss_en: number | null;
  readonly loss_ko: number | null;
  /** The number of pairs; null for logs of earlier versions, which lack it. */
  readonly pairs: number | null;
}

/** The facts in the header of a run's page. */
export interface RunFacts {
  readonly name: string;
  /** Its folder, relative to the current one. */
  readonly folder: string;
  readonly state: RunState;
  /** The error that ended it, if one did. */
  readonly error?: string;
  /** When it was started, ISO 8601. */
  readonly created: string;
  /** The last logged step. */
  readonly step: number;
  readonly epoch: number;
  readonly pairsPerSecond: number | null;
  /** Over all logged steps. */
  readonly meanPairsPerSecond: number | null;
  /** Seconds of training up to the last logged step, without validations and checkpoints. */
  readonly trainedSeconds: number | null;
  /** Estimated seconds of training still to come; null if the run is not running or has not logged enough. */
  readonly secondsLeft: number | null;
  /** The loss of always predicting the teacher's mean, both languages together; null if it was not measured. */
  readonly meanBaseline: number | null;
  /** Planned steps and epochs; null if the configuration does not say. */
  readonly totalSteps: number | null;
  readonly stepsPerEpoch: number | null;
  /** Pairs in the last batch of an epoch, if it is smaller than the others. */
  readonly lastBatch: number | null;
  /** Whether every epoch has the same batches in the same order. */
  readonly isRepeated: boolean;
  readonly epochs: number | null;
  /** Names of checkpoints. */
  readonly best: string | null;
  readonly last: string | null;
  readonly trainingPairs: number;
  readonly validationPairs: number;
  /** Pairs in the uniform sample used for validation; null if all are used. */
  readonly validationSample: number | null;
  /** Pairs that the untrained student was measured on, if different from those of later validations; otherwise null. */
  readonly baselineSample: number | null;
  readonly teacher: { readonly source: string; readonly parameters: number };
  readonly student: { readonly source: string; readonly parameters: number };
  /** How many steps were skipped, as their losses or gradients were not finite. */
  readonly skippedSteps: number;
  /** How many lines of the logs could not be read. */
  readonly skippedLines: number;
}

/** A setting or fact with its name. */
export type Entry = readonly [name: string, value: string];

/** `N` pairs of held-out sentences, and the similarity of each Korean sentence to each English one. */
export interface Translations {
  /** Name of the checkpoint that encoded them. */
  readonly checkpoint: string;
  /** How a sentence is represented: by its pooled output, or by the mean of its hidden states over all positions. */
  readonly pooling: 'pooled' | 'mean';
  readonly pairs: readonly { readonly ko: string; readonly en: string }[];
  /**
   * Cosine similarities `[N][N]`: rows are Korean sentences, columns English ones; null where the student's outputs are
   * not finite.
   */
  readonly similarity: readonly (readonly (number | null)[])[];
}

/** An image small enough to embed in the page. */
export interface SmallImage {
  /** The image as a `data:` URL. */
  readonly image: string;
  /** Size in pixels. */
  readonly width: number;
  readonly height: number;
}

/** A picture drawn by a text encoder of the run, or a grid of them. */
export interface Thumbnail extends SmallImage {
  readonly kind: 'picture' | 'grid';
  readonly prompts: readonly string[];
  readonly encoders: readonly string[];
  /** Null if the noise came from a file. */
  readonly seed: number | null;
  readonly steps: number;
  readonly guidance: number;
  /** What is wrong with the picture, if anything. */
  readonly trouble?: string | undefined;
}

/** The newest pictures of a run, newest first. */
export interface ContactSheet {
  /** The number of all pictures. */
  readonly total: number;
  readonly pictures: readonly Thumbnail[];
}

/** A preview: a prompt drawn at one point of the run. */
export interface Frame extends SmallImage, Pick<PreviewMark, 'of' | 'step'> {
  /** What is wrong with the picture, if anything. */
  readonly trouble?: string;
}

/** A prompt drawn at successive points of the run. */
export interface FilmStrip {
  readonly prompt: PreviewMark['prompt'];
  /** The seed of the noise from which all frames start. */
  readonly seed: number | null;
  readonly steps: number;
  readonly guidance: number;
  /** How many checkpoints were drawn. */
  readonly checkpoints: number;
  /** Those of the teacher, the untrained student and the checkpoints, evenly spaced if there are many. */
  readonly frames: readonly Frame[];
}

/** The previews of a run. */
export interface FilmStrips {
  /** The number of all strips. */
  readonly total: number;
  readonly strips: readonly FilmStrip[];
}

/** The parts of a report that seldom change; each is absent if the run has nothing for it. */
export interface Sections {
  /** Settings, keyed by flag. */
  readonly settings: readonly Entry[];
  /** Shell command lines. */
  readonly commands: {
    /** Trains another run with the same settings. */
    readonly repeat: string;
    readonly evaluate: string;
  };
  /** What the run was computed with. */
  readonly environment: readonly Entry[];
  /** How many rows of the data were used and dropped. */
  readonly data?: PrepareReport;
  readonly translations?: Translations;
  readonly evaluations?: RunEvaluations;
  readonly previews?: FilmStrips;
  readonly pictures?: ContactSheet;
  /** The original project's published results for the run's recipe. */
  readonly published?: PublishedResult & { readonly recipe: string };
  /** What could not be shown, and why, such as damaged files. */
  readonly problems: readonly string[];
}

/** What every page holds. */
export interface PageFacts {
  /** When it was made, ISO 8601. */
  readonly written: string;
  /** The version of `kd`. */
  readonly kd: string;
  /** Whether the page polls for updates. */
  readonly live: boolean;
  /** The URL of the list of runs, if there is one. */
  readonly home?: string;
}

/** A whole report. */
export interface ReportData extends PageFacts {
  readonly kind: 'run';
  readonly run: RunFacts;
  readonly training: SeriesJson;
  readonly validation: readonly ValidationPoint[];
  readonly sections: Sections;
}

/** How much data a page already has. */
export interface Position {
  /** Changes when rows already sent no longer count. */
  readonly generation: string;
  /** How many training rows it has. */
  readonly rows: number;
  /** The version of the sections it has. */
  readonly sections: string;
}

/** The data that a page lacks. */
export interface News {
  readonly position: Position;
  readonly run: RunFacts;
  readonly validation: readonly ValidationPoint[];
  /** Rows to add: step, epoch, then the values of `CURVES`; null if not a number. */
  readonly rows?: readonly (readonly (number | null)[])[];
  /** The complete curves, if rows are not enough. */
  readonly training?: SeriesJson;
  readonly sections?: Sections;
}
