/** @file A column of a Parquet file's row group, read page by page. */
import type { FileMetaData, SchemaTree } from 'hyparquet';
import { parquetHeader, readPage } from 'hyparquet/src/column.js';
import { convert, DEFAULT_PARSERS } from 'hyparquet/src/convert.js';
import { compressors } from 'hyparquet-compressors';
import { UnreadableFileError } from '../unreadable-file.js';
import { unpackPage, type PageHeader } from './parquet-page.js';
import type { RandomAccess } from './random-access.js';

type RowGroup = FileMetaData['row_groups'][number];
type ColumnMetaData = NonNullable<RowGroup['columns'][number]['meta_data']>;

/**
 * The largest page in bytes, compressed or not. Pages usually have 1 MiB, but some programs write a whole column of a
 * row group as one page.
 */
const MAX_PAGE_BYTES = 1 << 28;
const MAX_PAGE_VALUES = 1 << 24;

/** How many bytes to search for a page's header, from the usual size to the most. It may quote long texts. */
const HEADER_BYTES = [1 << 12, 1 << 16, 1 << 22];

/** A column in the schema: the elements from the root to it. */
export interface Leaf {
  readonly path: readonly string[];
  readonly schemaPath: SchemaTree[];
}

/** The pages of a column in a row group, one after another. */
export class ColumnPages {
  /** Values that were read but not yet taken. */
  values: unknown[] = [];
  private readonly metadata: ColumnMetaData;
  private at: number;
  private readonly end: number;
  private dictionary: ReturnType<typeof convert> | undefined;

  constructor(
    private readonly access: RandomAccess,
    group: RowGroup,
    private readonly leaf: Leaf,
  ) {
    const column = group.columns.find(({ meta_data }) => meta_data?.path_in_schema.join('.') === leaf.path.join('.'));
    if (column?.file_path !== undefined) throw summary(access.name);
    if (column?.meta_data === undefined) throw encrypted(access.name);
    this.metadata = column.meta_data;
    const { dictionary_page_offset: dictionary, data_page_offset: data } = this.metadata;
    this.at = Number(dictionary !== undefined && dictionary > 0n && dictionary < data ? dictionary : data);
    this.end = this.at + Number(this.metadata.total_compressed_size);
    if (!(this.at >= 0 && this.end <= access.size)) throw new Error(`a column up to byte ${this.end}`);
  }

  /** Takes values from the front. */
  take(count: number): unknown[] {
    const taken = this.values.slice(0, count);
    this.values = this.values.slice(count);
    return taken;
  }

  /** Reads until there are values. */
  readonly readPage = (): Promise<void> => {
    while (this.values.length === 0) this.readOne();
    return Promise.resolve();
  };

  private readOne(): void {
    if (this.at >= this.end) throw new Error('fewer values than rows');
    const { header, size } = this.headerAt(this.at);
    this.checkSize(header);
    const bytes = this.access.read(this.at + size, header.compressed_page_size);
    if (bytes.length < header.compressed_page_size) throw new Error('a page beyond its end');
    this.at += size + header.compressed_page_size;
    if (header.type === 'INDEX_PAGE') return;
    const packedDecoder = {
      ...this.metadata,
      pathInSchema: [...this.leaf.path],
      element: this.leaf.schemaPath.at(-1)!.element,
      schemaPath: this.leaf.schemaPath,
      compressors,
      utf8: true,
      parsers: DEFAULT_PARSERS,
    };
    const page = unpackPage(bytes, header, packedDecoder);
    const { decoder } = page;
    const reader = { view: new DataView(page.bytes.buffer, page.bytes.byteOffset, page.bytes.byteLength), offset: 0 };
    const { data } = readPage(reader, page.header, decoder, this.dictionary, undefined, 0);
    if (data === undefined) return;
    if (header.type === 'DICTIONARY_PAGE') this.dictionary = convert(data, decoder);
    else this.values = Array.from(data as ArrayLike<unknown>, unwrapped);
  }

  private headerAt(position: number): { header: PageHeader; size: number } {
    for (const length of HEADER_BYTES) {
      const bytes = this.access.read(position, length);
      const reader = { view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), offset: 0 };
      try {
        const header = parquetHeader(reader);
        return { header, size: reader.offset };
      } catch (error) {
        if (!(error instanceof RangeError) || bytes.length < length) throw error; // else it continues
      }
    }
    throw new Error('a page without an end of its header');
  }

  private checkSize(header: PageHeader): void {
    const { compressed_page_size: packed, uncompressed_page_size: size } = header;
    const values =
      (header.data_page_header ?? header.data_page_header_v2 ?? header.dictionary_page_header)?.num_values ?? 0;
    if (!(packed >= 0 && size >= 0 && values >= 0)) throw new Error('a page of a negative size');
    if (packed <= MAX_PAGE_BYTES && size <= MAX_PAGE_BYTES && values <= MAX_PAGE_VALUES) return;
    throw new UnreadableFileError(
      this.access.name,
      `expected pages of at most ${MAX_PAGE_BYTES} bytes and ${MAX_PAGE_VALUES} values, got ` +
        `${Math.max(packed, size)} bytes and ${values} values; write the file with smaller row groups`,
    );
  }
}

/**
 * Unwraps a value. One inside structures comes in lists of one element, or in empty lists if a structure is missing.
 * Missing values are null, so this throws for undefined, which means that the page or the dictionary lacks the value.
 */
function unwrapped(value: unknown): unknown {
  let inner = value;
  while (Array.isArray(inner)) {
    if (inner.length === 0) return undefined;
    inner = (inner as unknown[])[0];
  }
  if (inner === undefined) throw new Error('a value that is not in its dictionary');
  return inner ?? undefined;
}

/** The error for a file, or a column, that is encrypted. */
export function encrypted(name: string): UnreadableFileError {
  return new UnreadableFileError(
    name,
    `expected a Parquet file that can be read, got an encrypted one; write it without encryption`,
  );
}

/** The error for `_metadata`, a summary that Dask, Spark and pyarrow write beside the files of a table. */
function summary(name: string): UnreadableFileError {
  return new UnreadableFileError(
    name,
    'expected rows, got a summary of other Parquet files; name those, or their folder',
  );
}
