/**
 * @file The columns of a token store's files, as an Apache Arrow schema (arrow.apache.org/docs/format/Columnar.html).
 */
import { Dictionary, Field, Int8, List, Schema, Uint16, Uint32, Utf8 } from 'apache-arrow';
import { ID_COLUMNS } from './id-columns.js';

/** Rows per record batch, the unit of reading: some 300 kB. The last one of a file may have fewer. */
export const BATCH_ROWS = 1024;

// Dictionaries get fixed ids instead of consecutive ones, so that equal rows make equal files.
const name = (id: number): Dictionary<Utf8, Int8> => new Dictionary(new Utf8(), new Int8(), id);
export const CORPUS_TYPE = name(0);
export const SPLIT_TYPE = name(1);

/** The type of ids: 16 bits where the vocabulary fits them, as most do, else 32. */
export type IdType = Uint16 | Uint32;

/** How many ids 16 bits hold. */
const IDS_OF_16_BITS = 1 << 16;

/** The type of the ids of a vocabulary. */
function idType(vocabSize: number): IdType {
  return vocabSize <= IDS_OF_16_BITS ? new Uint16() : new Uint32();
}

/** The types of `ID_COLUMNS`. */
export function idTypes(vocabularies: { readonly teacher: number; readonly student: number }): IdType[] {
  const [teacher, student] = [idType(vocabularies.teacher), idType(vocabularies.student)];
  return [teacher, student, student];
}

/** The type of a column of ids: a list for each row. */
export function listOfIds(type: IdType): List<IdType> {
  return new List(new Field<IdType>('item', type, false));
}

/** `ko`, `en`: texts; `corpus`, `split`: names; the ids without padding, truncated to 77. */
export function storeSchema(types: readonly IdType[]): Schema {
  return new Schema([
    new Field('ko', new Utf8(), false),
    new Field('en', new Utf8(), false),
    new Field('corpus', CORPUS_TYPE, false),
    new Field('split', SPLIT_TYPE, false),
    ...ID_COLUMNS.map((column, i) => new Field(column, listOfIds(types[i]!), false)),
  ]);
}
