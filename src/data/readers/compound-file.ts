/** @file Compound files ([MS-CFB]): workbooks of old versions of Excel, and encrypted ones of current versions. */
import { UnreadableFileError } from '../unreadable-file.js';
import type { RandomAccess } from './random-access.js';

/** The first bytes of a compound file. */
export const COMPOUND_FILE_MAGIC = Buffer.from('d0cf11e0a1b11ae1', 'hex');

/** Offsets in its header: of the sector size, as a power of two, and of the first sector of its directory. */
const HEADER = { bytes: 512, sectorShift: 30, firstDirectorySector: 48 };

/** The name, in the directory, of the stream of an encrypted workbook. */
const ENCRYPTED = Buffer.from('EncryptedPackage', 'utf16le');

/** Throws an `InputError` that says what a compound file is and what to do; accepts other files. */
export function refuseCompoundFile(access: RandomAccess): void {
  const header = access.read(0, HEADER.bytes);
  if (!header.subarray(0, COMPOUND_FILE_MAGIC.length).equals(COMPOUND_FILE_MAGIC)) return;
  throw new UnreadableFileError(
    access.name,
    isEncrypted(access, header)
      ? `expected an Excel workbook (.xlsx), got one that is encrypted; open it with its password and save it without`
      : `expected an Excel workbook (.xlsx), got one in the old binary form (.xls); save it as .xlsx`,
  );
}

function isEncrypted(access: RandomAccess, header: Buffer): boolean {
  if (header.length < HEADER.bytes) return false;
  const shift = header.readUInt16LE(HEADER.sectorShift);
  if (shift !== 9 && shift !== 12) return false;
  const position = (header.readUInt32LE(HEADER.firstDirectorySector) + 1) * 2 ** shift;
  return access.read(position, 2 ** shift).includes(ENCRYPTED);
}
