/** @file PNG files with text chunks that record how the picture was made. */
import { crc32 } from 'node:zlib';
import type { Pixels } from './tensors.js';

/** The length of the signature and the IHDR chunk at the start of a PNG. */
const HEADER_LENGTH = 8 + 25;

/** A picture as a PNG file's bytes. */
export async function encodePng(
  { data, width, height }: Pixels,
  texts: Readonly<Record<string, string>>,
): Promise<Buffer> {
  const { default: sharp } = await import('sharp');
  return withTexts(
    await sharp(data, { raw: { width, height, channels: 3 } })
      .png()
      .toBuffer(),
    texts,
  );
}

/**
 * A PNG file with text chunks of type iTXt, which are in UTF-8 (https://www.w3.org/TR/png-3/#11iTXt).
 *
 * @param texts by keyword: 1 to 79 Latin-1 characters
 */
export function withTexts(png: Buffer, texts: Readonly<Record<string, string>>): Buffer {
  const chunks = Object.entries(texts).map(([keyword, text]) =>
    // keyword, 0, not compressed, method 0, no language, no translated keyword, text
    chunk('iTXt', Buffer.concat([Buffer.from(keyword, 'latin1'), Buffer.from([0, 0, 0, 0, 0]), Buffer.from(text)])),
  );
  return Buffer.concat([png.subarray(0, HEADER_LENGTH), ...chunks, png.subarray(HEADER_LENGTH)]);
}

/**
 * The texts of a PNG file's uncompressed iTXt chunks, by keyword. Given only the beginning of a file, returns the texts
 * in that.
 */
export function textsOf(png: Buffer): Record<string, string> {
  const texts: Record<string, string> = {};
  for (let at = 8; at + 12 <= png.length; at += 12 + png.readUInt32BE(at)) {
    const end = at + 8 + png.readUInt32BE(at);
    if (end > png.length) break;
    const data = png.subarray(at + 8, end);
    if (png.toString('latin1', at + 4, at + 8) !== 'iTXt') continue;
    const keywordEnd = data.indexOf(0);
    texts[data.toString('latin1', 0, keywordEnd)] = data.toString('utf8', keywordEnd + 5);
  }
  return texts;
}

/** Length, type, data, and a checksum of type and data. */
function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const [length, checksum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  checksum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, checksum]);
}
