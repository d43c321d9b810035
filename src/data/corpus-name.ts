/** The corpora that are told apart: the four translation corpora of AI Hub (aihub.or.kr), and anything else. */
export const CORPORA = ['parallel', 'technology', 'social-science', 'broadcast', 'other'] as const;

export type CorpusName = (typeof CORPORA)[number];
