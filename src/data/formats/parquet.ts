/** @file Parquet files, alone or as the shards of a data set. */
import type { Format } from '../format.js';
import { isParquet } from '../readers/parquet-magic.js';
import { probeParquet, readParquet } from '../readers/parquet.js';
import { EXAMINED_ROWS, probeTypedTable } from './typed-table.js';

export const PARQUET: Format = {
  shapes: ['parquet'],
  endings: ['.parquet'],
  matches: ({ bytes }) => isParquet(bytes),
  probe: async (file, names) => {
    const table = await probeParquet(file, EXAMINED_ROWS);
    return probeTypedTable({ shape: 'parquet', ...table }, names, file.name, 'write a column for each language');
  },
  read: readParquet,
};
