/** @file Recognises encodings that write Korean and other scripts in bytes of ASCII: ISO-2022 (RFC 1557) and UTF-7. */
import { USUAL } from './text-encodings.js';
import { countLineBreaks } from './utf8.js';

/** What begins an escape sequence for a character set of two bytes, and how it ends in each encoding. */
const ESCAPE = '\x1b$';
const DESIGNATIONS: readonly (readonly [end: string, encoding: string])[] = [
  [')C', 'ISO-2022-KR'],
  ...['@', 'B', '(@', '(B', '(D'].map((end) => [end, 'ISO-2022-JP'] as const),
  ...[')A', ')G'].map((end) => [end, 'ISO-2022-CN'] as const),
];

/** A run of base64 in UTF-7 (RFC 2152): a plus sign and the bits of UTF-16, without padding. */
const SHIFTED = /\+([A-Za-z0-9/+]{3,})/g;

const HANGUL = /[\uac00-\ud7a3]/g;
const LETTER = /[A-Za-z]/;

/** How many syllables of Hangul show that a text is in UTF-7; codes such as `+100` decode to one. */
const LEAST_SYLLABLES = 4;

/** The largest share of runs that are not UTF-16. */
const MOST_INVALID = 0.2;

/** How many bytes to search for UTF-7. */
const SAMPLE_BYTES = 1 << 16;

/** An encoding of other scripts in ASCII. */
interface SevenBitEncoding {
  /** As iconv calls it. */
  readonly name: string;
  /** Where its first sequence begins, in bytes. */
  readonly at: number;
}

/**
 * The encoding of a text in which all bytes are ASCII, if it has the sequences of one that writes other scripts.
 *
 * @param isStart whether this is the beginning of the text, in which UTF-7 is sought, too
 */
function sevenBitEncoding(ascii: Buffer, isStart: boolean): SevenBitEncoding | undefined {
  for (let at = ascii.indexOf(ESCAPE); at !== -1; at = ascii.indexOf(ESCAPE, at + 1)) {
    const rest = ascii.toString('latin1', at + ESCAPE.length, at + ESCAPE.length + 2);
    const name = DESIGNATIONS.find(([end]) => rest.startsWith(end))?.[1];
    if (name !== undefined) return { name, at };
  }
  return isStart ? utf7(ascii.toString('latin1', 0, SAMPLE_BYTES)) : undefined;
}

/** What a text in such an encoding is, for a message, with what to do about it, and the line where that shows. */
export function sevenBitFault(
  ascii: Buffer,
  isStart: boolean,
  firstLine: number,
): { readonly found: string; readonly line: number } | undefined {
  const encoding = sevenBitEncoding(ascii, isStart);
  if (encoding === undefined) return undefined;
  const { name, at } = encoding;
  const line = firstLine + countLineBreaks(ascii.subarray(0, at));
  return { found: `${name}; convert it: iconv -f ${name} -t UTF-8`, line };
}

function utf7(text: string): SevenBitEncoding | undefined {
  let [runs, valid, syllables, first] = [0, 0, 0, -1];
  for (const { 1: run, index } of text.matchAll(SHIFTED)) {
    runs++;
    const found = unshifted(run!);
    if (found === undefined) continue;
    valid++;
    syllables += found.match(HANGUL)?.length ?? 0;
    if (first === -1) first = index;
  }
  return syllables >= LEAST_SYLLABLES && runs - valid <= MOST_INVALID * runs ? { name: 'UTF-7', at: first } : undefined;
}

/** The text of a run, unless its bits are not those of usual characters. */
function unshifted(run: string): string | undefined {
  if ((run.length * 6) % 16 >= 6 || !LETTER.test(run)) return undefined;
  const bytes = Buffer.from(run, 'base64');
  const text = bytes
    .subarray(0, bytes.length - (bytes.length % 2))
    .swap16()
    .toString('utf16le');
  return text.match(USUAL)?.length === text.length ? text : undefined;
}
