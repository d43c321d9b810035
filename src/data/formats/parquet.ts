/** @file Parquet files, alone or as the shards of a data set. */
import { unreadAmong, whyNotToldApart, whyUnrecognised } from '../column-faults.js';
import { recogniseHeader } from '../columns.js';
import { corpusOf } from '../corpora.js';
import type { Format } from '../format.js';
import { PARQUET_MAGIC } from '../readers/parquet-magic.js';
import { probeParquet, readParquet } from '../readers/parquet.js';
import { textsAmong } from '../readers/row-maker.js';

/** How many rows to examine. */
const LOOKED_AT = 20;

export const PARQUET: Format = {
  shapes: ['parquet'],
  endings: ['.parquet'],
  matches: ({ bytes }) =>
    Object.values(PARQUET_MAGIC).some((magic) => bytes.toString('latin1', 0, magic.length) === magic),
  probe: async (file, names) => {
    const { columns: header, lists, rows } = await probeParquet(file, LOOKED_AT);
    const texts = rows.map(textsAmong);
    const ambiguity = whyNotToldApart(header, names);
    if (ambiguity !== undefined) return { reason: ambiguity };
    const recognised = recogniseHeader(header, names, texts);
    if (recognised === undefined) {
      const unread = lists.map((name) => ({ name, kind: 'lists or maps' }));
      const found = unreadAmong(header, unread, names);
      if (found === undefined) return { reason: whyUnrecognised(header, names, texts) };
      return { reason: `expected columns with one text per row, got ${found}; write a column for each language` };
    }
    return [{ shape: 'parquet', columns: recognised.columns, corpus: corpusOf(recognised, texts, file.name) }];
  },
  read: readParquet,
};
