/** Where ops run: TensorFlow's kernels, or tfjs's own in JavaScript. */
export const BACKENDS = ['auto', 'tensorflow', 'cpu'] as const;
export type BackendChoice = (typeof BACKENDS)[number];
