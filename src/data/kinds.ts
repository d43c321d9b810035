/** @file Kinds of files without readable pairs, and what to do about them. */
import { LFS_KIND, LFS_POINTER, LFS_REMEDY } from '../base/lfs-pointer.js';
import type { Beginning } from './format.js';
import { COMPOUND_FILE_MAGIC } from './readers/compound-file.js';
import { fromFirstTag } from './readers/first-tag.js';

/** The first bytes of files of a kind. */
const SIGNATURES: readonly (readonly [start: Buffer, kind: string])[] = [
  [COMPOUND_FILE_MAGIC, 'an old or encrypted Office document; save it as .xlsx, without a password'],
  [Buffer.from('377abcaf271c', 'hex'), 'an archive that is not .zip; unpack it'],
  [Buffer.from('526172211a07', 'hex'), 'an archive that is not .zip; unpack it'],
  [Buffer.from('425a68', 'hex'), 'compressed by bzip2; unpack it'],
  [Buffer.from('fd377a585a00', 'hex'), 'compressed by xz; unpack it'],
  [Buffer.from('28b52ffd', 'hex'), 'compressed by zstd; unpack it'],
  [Buffer.from('04224d18', 'hex'), 'compressed by lz4; unpack it'],
  [Buffer.from('1f8b08', 'hex'), 'compressed by gzip twice; unpack it once'],
  [Buffer.from('FEA1'), 'a Feather file of version 1; write it again with to_feather of pandas 1.1 or later'],
  [Buffer.from('%PDF-'), 'a PDF document; save its table as .csv or .xlsx'],
  [Buffer.from('SQLite format 3\0'), 'an SQLite database; export its table as .csv'],
];

const TAR = { at: 257, signature: 'ustar' };

/** Unit and record separators, as written by `.mode ascii` of sqlite3. */
const [UNIT, RECORD] = ['\u001f', '\u001e'];

const HTML = /^<(?:!doctype\s+html|html|head|body|table|tr|meta)\b/i;

/** By file extension. */
const ADVICE: readonly (readonly [RegExp, string])[] = [
  [/\.xlsb?$/i, 'an Excel workbook of another kind; save it as .xlsx'],
  [/\.part\d+$/i, 'a part of a download; join the parts in their order'],
  [/\.z\d\d$/i, 'a part of an archive; join the parts, or unpack them together'],
  [/\.(zip|7z|rar|tar|gz|tgz)\.\d{3}$/i, 'a part of an archive; join the parts, or unpack them together'],
  [/\.(crdownload|part|partial|download)$/i, 'a download that has not finished; wait for it, or download it again'],
  [/\.zip$/i, 'not a zip archive, or only a part of one; download it again'],
  [/\.(tar|tgz|7z|rar|alz|egg)$/i, 'an archive that is not .zip; unpack it'],
  [/\.(z|lzma|zst|br|sz|snappy)$/i, 'a compressed file; unpack it'],
  [/\.(xlf|xliff|sdlxliff|po|pot)$/i, 'a file of a localisation program; export its texts as .tmx or .csv'],
];

/** Says what a file is that no format reads, and what to do; undefined for a text that may be a table. */
export function kindOf({ bytes, text }: Beginning): string | undefined {
  const signature = SIGNATURES.find(([start]) => bytes.subarray(0, start.length).equals(start));
  if (signature !== undefined) return signature[1];
  if (bytes.toString('latin1', TAR.at, TAR.at + TAR.signature.length) === TAR.signature) {
    return 'an archive that is not .zip; unpack it';
  }
  if (text.includes(UNIT) && text.includes(RECORD) && !text.includes('\0'))
    return 'fields and rows between the bytes 0x1F and 0x1E; write it as .csv';
  if (text.startsWith(LFS_POINTER)) return `${LFS_KIND}; ${LFS_REMEDY}`;
  if (HTML.test(fromFirstTag(text))) return 'an HTML page; download the file again, or save the table as .csv or .xlsx';
  return undefined;
}

/** Advice for a file whose content is not recognised. */
export function adviceByName(name: string): string | undefined {
  return ADVICE.find(([ending]) => ending.test(name))?.[1];
}
