/**
 * @file The columns of a token store's files, as an Apache Arrow schema (arrow.apache.org/docs/format/Columnar.html).
 */
import { Dictionary, Field, Int8, List, Schema, Uint16, Utf8 } from 'apache-arrow';
import { ID_COLUMNS } from './id-columns.js';

/** Rows per record batch, the unit of reading: some 300 kB. The last one of a file may have fewer. */
export const BATCH_ROWS = 1024;

// Dictionaries get fixed ids instead of consecutive ones, so that equal rows make equal files.
const name = (id: number): Dictionary<Utf8, Int8> => new Dictionary(new Utf8(), new Int8(), id);
const ids = (): List<Uint16> => new List(new Field('item', new Uint16(), false));

export const CORPUS_TYPE = name(0);
export const SPLIT_TYPE = name(1);
export const IDS_TYPE = ids();

/** `ko`, `en`: texts; `corpus`, `split`: names; the ids without padding, truncated to 77. */
export const STORE_SCHEMA = new Schema([
  new Field('ko', new Utf8(), false),
  new Field('en', new Utf8(), false),
  new Field('corpus', CORPUS_TYPE, false),
  new Field('split', SPLIT_TYPE, false),
  ...ID_COLUMNS.map((column) => new Field(column, IDS_TYPE, false)),
]);
