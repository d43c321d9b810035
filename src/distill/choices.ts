/** @file What a distillation may be: its loss and its optimiser. */

/** What is compared: all last hidden states `[B, L, D]`, or the pooled outputs `[B, D]`. */
export const LOSSES = ['hidden', 'pooler'] as const;
export type LossName = (typeof LOSSES)[number];

/** The optimisers; `adamw.ts` says how they differ. */
export const OPTIMIZERS = ['adamw', 'adamw-legacy'] as const;
export type OptimizerName = (typeof OPTIMIZERS)[number];
