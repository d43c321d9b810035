/** @file The data of a report, as embedded in its page and sent to it. */
import type { PrepareReport } from '../data/prepare/report.js';
import type { PreviewMark } from '../diffusion/pictures.js';
import type { PublishedResult } from '../training/recipes.js';
import type { RunEvaluations } from '../evaluate/evaluation.js';
import type { RunState } from '../runs/run-states.js';
import type { SeriesJson } from './series.js';

/** A validation; null for a loss that is no number. */
export interface ValidationPoint {
  readonly step: number;
  readonly epoch: number;
  readonly loss: number | null;
  readonly loss_en: number | null;
  readonly loss_ko: number | null;
  /** Over how many pairs; null where the log does not say, as those of earlier versions do not. */
  readonly pairs: number | null;
}

/** A run, as its page says it at the top. */
export interface RunFacts {
  readonly name: string;
  /** Its folder, from the current one. */
  readonly folder: string;
  readonly state: RunState;
  /** The error that ended it, where one did. */
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
  /** Seconds of training that are still to come; null for a run that is not at work, or that has not logged enough. */
  readonly secondsLeft: number | null;
  /** The loss of always giving the teacher's mean, both languages together; null where it was not measured. */
  readonly meanBaseline: number | null;
  /** Steps and epochs that were asked for; null where the configuration does not say. */
  readonly totalSteps: number | null;
  readonly stepsPerEpoch: number | null;
  /** Pairs in the last batch of an epoch, where that is smaller than the others. */
  readonly lastBatch: number | null;
  /** Whether every epoch takes the same batches in the same order. */
  readonly isRepeated: boolean;
  readonly epochs: number | null;
  /** Names of checkpoints. */
  readonly best: string | null;
  readonly last: string | null;
  readonly trainingPairs: number;
  readonly validationPairs: number;
  /** Pairs of the uniform sample that a validation takes; null where it takes all. */
  readonly validationSample: number | null;
  /** Pairs that the untrained student was measured on, where a validation takes others; else null. */
  readonly baselineSample: number | null;
  readonly teacher: { readonly source: string; readonly parameters: number };
  readonly student: { readonly source: string; readonly parameters: number };
  /** Lines of the logs that could not be read. */
  readonly skippedLines: number;
}

/** A setting or a fact under its name. */
export type Entry = readonly [name: string, value: string];

/** `N` pairs of held-out sentences and how similar each Korean sentence is to each English one. */
export interface Translations {
  /** Name of the checkpoint that encoded them. */
  readonly checkpoint: string;
  /** What stands for a sentence: the pooled output, or the mean of its hidden states over all positions. */
  readonly pooling: 'pooled' | 'mean';
  readonly pairs: readonly { readonly ko: string; readonly en: string }[];
  /** Cosine similarities `[N][N]`: of the Korean sentence of a row, the English one of a column. */
  readonly similarity: readonly (readonly number[])[];
}

/** An image small enough to stand in the page. */
export interface SmallImage {
  /** The image itself, as a `data:` address. */
  readonly image: string;
  /** Its pixels. */
  readonly width: number;
  readonly height: number;
}

/** A picture drawn by a text encoder of the run, or a grid of them. */
export interface Thumbnail extends SmallImage {
  readonly kind: 'picture' | 'grid';
  readonly prompts: readonly string[];
  readonly encoders: readonly string[];
  /** Null for noise from a file. */
  readonly seed: number | null;
  readonly steps: number;
  readonly guidance: number;
  /** What is wrong with the picture, if anything. */
  readonly trouble?: string | undefined;
}

/** The newest pictures of a run, the newest first. */
export interface ContactSheet {
  /** Pictures there are in all. */
  readonly total: number;
  readonly pictures: readonly Thumbnail[];
}

/** A preview: a prompt at a moment of the run. */
export interface Frame extends SmallImage, Pick<PreviewMark, 'of' | 'step'> {
  /** What is wrong with the picture, if anything. */
  readonly trouble?: string;
}

/** A prompt at one moment after another. */
export interface FilmStrip {
  readonly prompt: PreviewMark['prompt'];
  /** The seed of the noise from which all frames start. */
  readonly seed: number | null;
  readonly steps: number;
  readonly guidance: number;
  /** Checkpoints that were drawn in all. */
  readonly checkpoints: number;
  /** The teacher's, the untrained student's, and those of checkpoints, at even distances where there are many. */
  readonly frames: readonly Frame[];
}

/** The previews of a run. */
export interface FilmStrips {
  /** Strips there are in all. */
  readonly total: number;
  readonly strips: readonly FilmStrip[];
}

/** The parts of a report that change seldom; each is absent where the run has nothing for it. */
export interface Sections {
  /** Settings by their flags. */
  readonly settings: readonly Entry[];
  /** Command lines for a shell. */
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
  /** What the original project published of the run's recipe. */
  readonly published?: PublishedResult & { readonly recipe: string };
  /** What could not be shown, and why: a damaged file. */
  readonly problems: readonly string[];
}

/** What every page holds. */
export interface PageFacts {
  /** When it was put together, ISO 8601. */
  readonly written: string;
  /** The version of `kd`. */
  readonly kd: string;
  /** Whether the page asks for news. */
  readonly live: boolean;
  /** The address of the list of runs, where there is one. */
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

/** How far a page has got. */
export interface Position {
  /** Changes where rows that were given no longer count. */
  readonly generation: string;
  /** Training rows that it has. */
  readonly rows: number;
  /** The sections that it has. */
  readonly sections: string;
}

/** The data that a page does not have yet. */
export interface News {
  readonly position: Position;
  readonly run: RunFacts;
  readonly validation: readonly ValidationPoint[];
  /** Rows to add: step, epoch, then the values of `CURVES`; null for what is no number. */
  readonly rows?: readonly (readonly (number | null)[])[];
  /** The whole curves, where rows alone would not do. */
  readonly training?: SeriesJson;
  readonly sections?: Sections;
}
