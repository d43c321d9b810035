/** The corpora that are distinguished: the four translation corpora of AI Hub (aihub.or.kr), and any other. */
export const CORPORA = ['parallel', 'technology', 'social-science', 'broadcast', 'other'] as const;

export type CorpusName = (typeof CORPORA)[number];
