/** @file Checks that models fit each other, and the length of texts. */
import { InputError } from '../base/errors.js';
import type { TextEncoder } from './text-encoder.js';

/**
 * Checks that a student can be trained to match a teacher.
 *
 * @throws InputError for different widths, or fewer positions than tokens
 */
export function checkFit(teacher: TextEncoder, student: TextEncoder, length: number): void {
  if (teacher.width !== student.width) {
    throw new InputError(
      `--student: expected the teacher's width of ${teacher.width}, got ${student.width}; choose a student as ` +
        'wide as the teacher, or let it learn a projection with --project',
    );
  }
  checkPositions(teacher, '--teacher', length);
  checkPositions(student, '--student', length);
}

/**
 * Checks that a model has a position for every token of a text.
 *
 * @param flag the flag that named the model, for the message
 * @throws InputError for fewer positions than a text has tokens
 */
export function checkPositions({ config }: TextEncoder, flag: string, length: number): void {
  const taken = config.family === 'roberta' ? config.padTokenId + 1 : 0; // RoBERTa's positions start after the pad id
  if (config.maxPositionEmbeddings >= length + taken) return;
  throw new InputError(
    `${flag}: expected at least ${length + taken} positions for ${length} tokens, got max_position_embeddings ` +
      `${config.maxPositionEmbeddings}; choose a model for longer texts`,
  );
}
