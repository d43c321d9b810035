/** @file The two tokenizers that ids are made with; a module of its own, because worker threads load it too. */
import type { Encoders } from '../data/prepare/encode.js';
import { loadTokenizer } from '../text/tokenizer.js';

/** The folders of two tokenizers. */
export interface EncoderFolders {
  readonly teacher: string;
  readonly student: string;
}

/** This module, as worker threads import it. */
export const ENCODER_MODULE = import.meta.url;

/** Loads both tokenizers; one that is both is loaded once. */
export async function loadEncoders({ teacher, student }: EncoderFolders): Promise<Encoders> {
  const teacherEncoder = await loadTokenizer(teacher);
  return { teacher: teacherEncoder, student: student === teacher ? teacherEncoder : await loadTokenizer(student) };
}
