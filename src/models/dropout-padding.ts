/**
 * How dropout treats padding. `each`: a different mask at every position, as in PyTorch. `shared`: one mask for all
 * padding of a text, if the encoder gives all of it the same position, so that it can be computed once.
 */
export const DROPOUT_PADDING = ['each', 'shared'] as const;
export type DropoutPadding = (typeof DROPOUT_PADDING)[number];
