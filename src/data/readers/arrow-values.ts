/** @file Reads the values of a column of an Arrow record batch, and checks what the decoder takes for granted. */
import { DataType, type Data, type Vector } from 'apache-arrow';

/** Reads a value by its row; null if missing. Bytes are decoded as UTF-8. Throws an `Error` for damaged data. */
export function valueReader(column: Vector): (row: number) => unknown {
  const [data] = column.data as readonly (Data | undefined)[];
  if (data === undefined) return () => null;
  if (DataType.isDictionary(data.type)) return entryReader(data);
  const isText = DataType.isUtf8(data.type) || DataType.isLargeUtf8(data.type);
  const isBytes = DataType.isBinary(data.type) || DataType.isLargeBinary(data.type);
  return (row) => {
    if ((isText || isBytes) && data.getValid(row)) checkOffsets(data, row);
    return textOf(column.get(row), data.type);
  };
}

/** Reads the entries of a column's dictionary. The decoder cannot do so for 64-bit indices. */
function entryReader(data: Data): (row: number) => unknown {
  const dictionary = data.dictionary;
  const numbers = data.values as ArrayLike<number | bigint>;
  if (dictionary === undefined) throw new Error('no dictionary');
  const type = dictionary.type as DataType;
  return (row) => {
    if (!data.getValid(row)) return null;
    const number = Number(numbers[row]);
    if (!(number >= 0 && number < dictionary.length))
      throw new Error(`entry ${number} of a dictionary of ${dictionary.length}`);
    return textOf(dictionary.get(number), type);
  };
}

function checkOffsets({ values, valueOffsets }: Data, row: number): void {
  const offsets = valueOffsets as unknown as ArrayLike<number | bigint>;
  const [start, end] = [Number(offsets[row]), Number(offsets[row + 1])];
  const size = (values as Uint8Array).length;
  if (!(start >= 0 && start <= end && end <= size)) throw new Error(`a text up to byte ${end} of ${size}`);
}

function textOf(value: unknown, type: DataType): unknown {
  const isText = value instanceof Uint8Array && !DataType.isFixedSizeBinary(type);
  return isText ? Buffer.from(value.buffer, value.byteOffset, value.length).toString('utf8') : value;
}
