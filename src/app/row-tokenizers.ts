/** @file The two tokenizers that encode pairs. A separate module because worker threads load it too. */
import type { Encoders } from '../data/prepare/encode.js';
import { loadTokenizer } from '../text/tokenizer.js';

/** The folders of two tokenizers. */
export interface EncoderFolders {
  readonly teacher: string;
  readonly student: string;
}

/** This module, as worker threads import it. */
export const ENCODER_MODULE = import.meta.url;

/** Loads both tokenizers, or the one that serves as both only once. */
export async function loadEncoders({ teacher, student }: EncoderFolders): Promise<Encoders> {
  const teacherEncoder = await loadTokenizer(teacher);
  return { teacher: teacherEncoder, student: student === teacher ? teacherEncoder : await loadTokenizer(student) };
}
