/** The ids of a pair: of the English text by teacher and student, of the Korean one by the student. */
export const ID_COLUMNS = ['teacher_en', 'student_en', 'student_ko'] as const;
export type IdColumn = (typeof ID_COLUMNS)[number];

/** One more than the highest id that such a column, of 16 bits, can hold. */
export const LARGEST_VOCABULARY = 1 << 16;
