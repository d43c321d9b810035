/** @file Settings: the objective and the optimisation. */
import { choice, COUNT, NON_NEGATIVE, POSITIVE, RATIO, SEED, SHARE, SWITCH, wordOr } from '../../base/kinds.js';
import { OPTIMIZERS } from '../../distill/choices.js';
import { LOSSES } from '../../distill/choices.js';
import { DROPOUT_PADDING } from '../../models/dropout-padding.js';
import type { Setting } from './setting.js';

/** The settings under `Training:`. */
export const TRAINING_SETTINGS = {
  epochs: {
    group: 'Training:',
    flag: '--epochs <count>',
    help: 'passes over the training pairs',
    kind: COUNT,
    default: 10,
    recipe: true,
    resume: 'may change',
  },
  batchSize: {
    flag: '--batch-size <pairs>',
    help: 'pairs per micro-batch, or auto for as many as fit',
    kind: wordOr('auto', COUNT),
    stored: COUNT,
    default: 32,
    recipe: true,
  },
  accumulate: {
    flag: '--accumulate <micro-batches>',
    help: 'micro-batches per step, over all devices',
    kind: wordOr('auto', COUNT),
    stored: COUNT,
    default: 'auto',
    shownDefault: 'one a device',
    recipe: true,
  },
  learningRate: {
    flag: '--learning-rate <rate>',
    help: 'peak of the schedule',
    kind: POSITIVE,
    default: 5e-5,
    recipe: true,
  },
  weightDecay: {
    flag: '--weight-decay <rate>',
    help: 'decoupled weight decay',
    kind: NON_NEGATIVE,
    default: 1e-4,
    recipe: true,
  },
  warmupRatio: {
    flag: '--warmup-ratio <share>',
    help: 'share of all steps in which the learning rate rises',
    kind: RATIO,
    default: 0.1,
    recipe: true,
  },
  optimizer: {
    flag: '--optimizer <name>',
    help: "PyTorch's AdamW, or the original experiments'",
    kind: choice(OPTIMIZERS),
    default: 'adamw',
    recipe: true,
  },
  groupByLength: {
    flag: '--group-by-length',
    help: 'put pairs of similar length into a step; faster when padding is computed once',
    kind: SWITCH,
    default: false,
    legacyDefault: false,
    recipe: true,
  },
  loss: {
    flag: '--loss <name>',
    help: 'compare all hidden states, or pooled outputs',
    kind: choice(LOSSES),
    default: 'hidden',
    recipe: true,
  },
  dropout: {
    flag: '--dropout <share>',
    help:
      'dropout probability of the student, or configured for the values in its config.json; ' +
      'at 0, padding is computed once, which is faster',
    kind: wordOr('configured', SHARE),
    default: 0,
    legacyDefault: 'configured',
    recipe: true,
  },
  padding: {
    flag: '--padding <name>',
    help: 'dropout masks of padding: one for each position, or one shared within a text, which is faster (RoBERTa)',
    kind: choice(DROPOUT_PADDING),
    default: 'each',
    legacyDefault: 'each',
    recipe: true,
  },
  maxGradNorm: {
    flag: '--max-grad-norm <norm>',
    help: 'scale gradients down to this norm (default: never)',
    kind: POSITIVE,
    leavesRecipe: true,
  },
  maxSteps: {
    flag: '--max-steps <steps>',
    help: 'stop after this many steps; the schedule ends there too',
    kind: COUNT,
    leavesRecipe: true,
    resume: 'may change',
  },
  seed: {
    flag: '--seed <number>',
    help: 'random seed of the split, new parameters and dropout',
    kind: SEED,
    default: 42,
  },
} as const satisfies Readonly<Record<string, Setting>>;
