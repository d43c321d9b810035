/** @file The precisions of matrix products, and what may be asked for. */

/** The precision of matrix products; master weights, statistics, loss and optimiser are always float32. */
export const PRECISIONS = ['fp32', 'bf16'] as const;
export type Precision = (typeof PRECISIONS)[number];

/** `auto`: bfloat16 where the machine multiplies it faster and the models are large enough to gain. */
export const PRECISION_CHOICES = ['auto', ...PRECISIONS] as const;
export type PrecisionChoice = (typeof PRECISION_CHOICES)[number];
