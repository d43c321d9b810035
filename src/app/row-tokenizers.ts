/** @file The two tokenizers that encode pairs. A separate module because worker threads load it too. */
import type { RowTokenizers } from '../data/prepare/encode.js';
import { loadTokenizer } from '../text/tokenizer.js';

/** The folders of two tokenizers. */
export interface TokenizerFolders {
  readonly teacher: string;
  readonly student: string;
}

/** This module, as worker threads import it. */
export const TOKENIZER_MODULE = import.meta.url;

/** Loads both tokenizers, or the one that serves as both only once. */
export async function loadRowTokenizers({ teacher, student }: TokenizerFolders): Promise<RowTokenizers> {
  const teacherTokenizer = await loadTokenizer(teacher);
  return { teacher: teacherTokenizer, student: student === teacher ? teacherTokenizer : await loadTokenizer(student) };
}
