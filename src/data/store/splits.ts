/** The splits of the pairs; each has its own files. */
export const SPLITS = ['training', 'validation'] as const;
export type Split = (typeof SPLITS)[number];
