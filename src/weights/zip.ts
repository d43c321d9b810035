import { fromRandomAccessReaderPromise, RandomAccessReader } from 'yauzl';
import { InputError, messageOf } from '../base/errors.js';
import type { ByteSource } from './byte-source.js';
import { damagedFile, shown } from './wording.js';

/** A file stored in a zip without compression. */
export interface ZipEntry {
  readonly name: string;
  readonly size: number;
  /** Where its bytes begin in the zip, read from the entry's own header. */
  dataStart(): Promise<number>;
}

/** Far more than any checkpoint's number of tensors. */
const MAX_ENTRIES = 100_000;

/**
 * The entries of a zip by name. Reads its directory only.
 *
 * @throws InputError for a damaged zip, or one that is compressed, encrypted, too long, or has a name twice
 */
export async function readZipDirectory(file: ByteSource): Promise<ReadonlyMap<string, ZipEntry>> {
  const named = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      if (error instanceof InputError) throw error;
      throw damagedFile(file.location, `expected a sound zip file: ${shown(messageOf(error))}`);
    }
  };
  return named(async () => {
    const zip = await fromRandomAccessReaderPromise(new ByteSourceReader(file), file.size, { autoClose: false });
    const entries = new Map<string, ZipEntry>();
    for await (const entry of zip.eachEntry()) {
      const { fileName: name, uncompressedSize: size } = entry;
      const where = `${file.location}: entry ${shown(name)}`;
      if (entry.compressionMethod !== 0 || entry.isEncrypted()) {
        throw damagedFile(
          where,
          'expected to be stored as it is, as torch.save does, found it compressed or encrypted',
        );
      }
      if (entries.has(name)) throw damagedFile(where, 'expected once in the zip, found twice');
      if (entries.size === MAX_ENTRIES) {
        throw damagedFile(file.location, `expected at most ${MAX_ENTRIES} entries in the zip, found more`);
      }
      const dataStart = (): Promise<number> =>
        named(async () => (await zip.readLocalFileHeaderPromise(entry, { minimal: true })).fileDataStart);
      entries.set(name, { name, size, dataStart });
    }
    return entries;
  });
}

/**
 * Lets yauzl read a file at checked positions: a zip may contain any offset, and yauzl's own reader throws errors that
 * cannot be caught.
 */
class ByteSourceReader extends RandomAccessReader {
  constructor(private readonly file: ByteSource) {
    super();
  }

  override read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
    callback: (error: Error | null) => void,
  ): void {
    if (!Number.isSafeInteger(position) || position < 0) {
      callback(new Error(`an offset of ${position}`));
      return;
    }
    this.file.read(position, length).then(
      (bytes) => {
        buffer.set(new Uint8Array(bytes), offset);
        callback(null);
      },
      (error: unknown) => {
        callback(error as Error);
      },
    );
  }
}
