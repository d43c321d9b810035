/** The length to which texts are truncated or padded: the number of positions of CLIP's text model. */
export const MAX_LENGTH = 77;
