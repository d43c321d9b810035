/** The four bytes that Parquet files begin and end with (parquet.apache.org/docs/file-format). */
export const PARQUET_MAGIC = { plain: 'PAR1', encrypted: 'PARE' } as const;

/** Whether bytes begin like Parquet, encrypted or not. */
export function isParquet(bytes: Buffer): boolean {
  return Object.values(PARQUET_MAGIC).some((magic) => bytes.toString('latin1', 0, magic.length) === magic);
}
