/** @file Loads the two tokenizers that encode pairs. A separate module because worker threads import it too. */
import type { RowTokenizers } from '../data/prepare/row-encoder.js';
import { loadTokenizer } from '../text/tokenizer.js';

/** The folders of the two tokenizers. */
export interface TokenizerFolders {
  readonly teacher: string;
  readonly student: string;
}

/** The URL of this module, for worker threads to import. */
export const TOKENIZER_MODULE = import.meta.url;

/** Loads both tokenizers, or just one if they are the same. */
export async function loadRowTokenizers({ teacher, student }: TokenizerFolders): Promise<RowTokenizers> {
  const teacherTokenizer = await loadTokenizer(teacher);
  return { teacher: teacherTokenizer, student: student === teacher ? teacherTokenizer : await loadTokenizer(student) };
}
