/** The ids of a pair: of the English text by teacher and student, of the Korean one by the student. */
export const ID_COLUMNS = ['teacher_en', 'student_en', 'student_ko'] as const;
export type IdColumn = (typeof ID_COLUMNS)[number];
