/** The four bytes that Parquet files begin and end with (parquet.apache.org/docs/file-format). */
export const PARQUET_MAGIC = { plain: 'PAR1', encrypted: 'PARE' } as const;
