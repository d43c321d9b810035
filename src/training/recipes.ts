/**
 * @file Recipes: named settings of `kd train`. Four reproduce the original project's runs (K-Stable-Diffusion, on one
 * RTX 3060 12 GB), with the results in its logs; one is a faster version of the last of these; one is for continuous
 * integration.
 */
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { RecipeName } from './recipe-names.js';
import type { RecipeSettings } from './settings.js';

/** The result of a run in the original project's log: validation losses over its own sample of AI Hub's corpora. */
export interface PublishedResult {
  readonly source: string;
  /** The validation loss after the last epoch. */
  readonly loss: number;
  readonly lossEn: number;
  readonly lossKo: number;
  /** The validation loss after each epoch, if logged. */
  readonly lossByEpoch?: readonly number[];
  /** Hours, minutes and seconds of training and validation. */
  readonly duration: string;
}

/** A recipe: named settings. */
export interface Recipe {
  readonly description: string;
  readonly settings: RecipeSettings;
  /** Absent for runs that the original project did not make. */
  readonly published?: PublishedResult;
}

const SOURCE = 'K-Stable-Diffusion, log of the original run (one RTX 3060 12 GB)';

/**
 * What all the original runs share. Not listed, because `kd train` always does it: texts of 77 tokens, no attention
 * mask, the same order of batches in every epoch, no clipping. `adamw-legacy` stands for all of its optimiser: eps
 * 1e-6, no bias correction, no weight decay on biases and LayerNorm weights.
 */
const ORIGINAL = {
  teacher: 'openai/clip-vit-large-patch14',
  student: 'klue/roberta-small',
  samples: 250_000,
  validFraction: 0.2,
  shuffle: true,
  epochs: 5,
  batchSize: 32,
  accumulate: 1,
  learningRate: 5e-5,
  weightDecay: 1e-4,
  warmupRatio: 0.1,
  optimizer: 'adamw-legacy',
  loss: 'hidden',
  dropout: 'configured',
} as const;

/** The original's final run. */
const FINAL = { ...ORIGINAL, samples: 1_000_000, epochs: 10 } as const;

export const RECIPES = {
  'clip-250k': {
    description: "the original's experiment 1: the teacher itself learns on",
    settings: { ...ORIGINAL, student: ORIGINAL.teacher },
    published: { source: SOURCE, loss: 0.5647, lossEn: 0.0694, lossKo: 0.4954, duration: '5 h 26 m' },
  },
  'roberta-250k': {
    description: "the original's experiment 2: a small student learns hidden states",
    settings: ORIGINAL,
    published: { source: SOURCE, loss: 0.9631, lossEn: 0.4643, lossKo: 0.4988, duration: '3 h 06 m' },
  },
  'roberta-pooler-250k': {
    description: "the original's experiment 3: a small student learns pooled outputs",
    settings: { ...ORIGINAL, loss: 'pooler', learningRate: 5e-4 },
    published: { source: SOURCE, loss: 1.0813, lossEn: 0.5319, lossKo: 0.5494, duration: '3 h 04 m' },
  },
  'roberta-1m': {
    description: "the original's final run: four times the pairs, twice the epochs",
    settings: FINAL,
    published: {
      source: SOURCE,
      loss: 0.746,
      lossEn: 0.3277,
      lossKo: 0.4183,
      lossByEpoch: [1.0219, 0.8925, 0.8387, 0.8057, 0.7831, 0.768, 0.7568, 0.7499, 0.7466, 0.746],
      duration: '24 h 42 m 58 s',
    },
  },
  'roberta-1m-fast': {
    description:
      'roberta-1m without dropout, so that the padding of a text is computed once. In trials with tiny models no ' +
      'dropout lowered the validation loss by 5 to 10%',
    settings: { ...FINAL, dropout: 0 },
  },
  smoke: {
    description: 'for continuous integration: tiny models and a part of the sample, a few seconds',
    settings: {
      ...ORIGINAL,
      data: [bundled('data/sample')],
      teacher: bundled('data/tiny/teacher'),
      student: bundled('data/tiny/student'),
      samples: 240,
      epochs: 1,
      learningRate: 1e-3,
    },
  },
} as const satisfies Readonly<Record<RecipeName, Recipe>>;

/** The recipe with a name; undefined for an unknown name. */
export function recipeOf(name: unknown): Recipe | undefined {
  return typeof name === 'string' && Object.hasOwn(RECIPES, name) ? RECIPES[name as RecipeName] : undefined;
}

/** A path bundled with the package, relative to the current folder. */
function bundled(path: string): string {
  const place = join(fileURLToPath(new URL('../..', import.meta.url)), path);
  try {
    return relative(process.cwd(), place);
  } catch {
    return place; // the current folder was removed
  }
}
