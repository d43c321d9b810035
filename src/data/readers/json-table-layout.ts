/**
 * How a table is laid out in its JSON value: `split` has lists of columns and of rows; `columns` has a list, or an
 * object by index, of every column; `index` has an object of every row; `values` is a list of rows that are lists, the
 * first of them the header, and `numbered` one without a header.
 */
export const JSON_TABLES = ['split', 'columns', 'index', 'values', 'numbered'] as const;

export type JsonTable = (typeof JSON_TABLES)[number];
